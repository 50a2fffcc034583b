"""Check digits, each with its source. Every function takes digits and letters without separators.

Sources: ISO/IEC 7812-1 annex B (Luhn); Insee for SIREN and SIRET, with La Poste's establishments; decree 82-103 and
Insee for the NIR; ISO 13616 and ISO/IEC 7064 (IBAN); CGI annexe II, article 242 bis A and council directive 2006/112
(VAT, in the French key's usual form); ICAO Doc 9303-3 (7-3-1 weights).
"""

from __future__ import annotations

LA_POSTE = "356000000"
_IBAN_LENGTHS = {
    "FR": 27, "MC": 27, "BE": 16, "CH": 21, "DE": 22, "ES": 24, "GB": 22, "IE": 22, "IT": 27, "LU": 20, "NL": 18,
    "PT": 25, "AT": 20, "BG": 22, "CY": 28, "CZ": 24, "DK": 18, "EE": 20, "FI": 18, "GR": 27, "HR": 21, "HU": 28,
    "LT": 20, "LV": 21, "MT": 31, "NO": 15, "PL": 28, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24,
    "TR": 26, "AD": 24, "IS": 26, "LI": 21, "UA": 29, "MR": 27, "LB": 28, "JO": 30, "SA": 24, "AE": 23,
}  # fmt: skip


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn key of the others."""
    total = 0
    for rank, sign in enumerate(reversed(digits)):
        value = int(sign) << (rank & 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def siren(digits: str) -> bool:
    """Nine digits with a Luhn key."""
    return len(digits) == 9 and digits != "000000000" and luhn(digits)


def siret(digits: str) -> bool:
    """Fourteen digits: a SIREN and an establishment, Luhn as a whole; La Poste's add up to a multiple of five."""
    if len(digits) != 14 or not siren(digits[:9]):
        return False
    if digits.startswith(LA_POSTE):
        return luhn(digits) or sum(map(int, digits)) % 5 == 0
    return luhn(digits)


def nir(body: str, key: str) -> bool:
    """Thirteen signs (2A or 2B for Corsica) and their key: 97 less the number modulo 97."""
    number = body.upper().replace("2A", "19").replace("2B", "18") if not body.isdigit() else body
    return number.isdigit() and 97 - int(number) % 97 == int(key)


def iban(compact: str) -> bool:
    """ISO 7064 mod 97-10, and the country's length where it is known."""
    account = compact.upper()
    if len(account) != _IBAN_LENGTHS.get(account[:2], len(account)) or not 15 <= len(account) <= 34:
        return False
    if not account.isalnum() or not account.isascii():
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


def vat(key: str, siren_digits: str) -> bool:
    """The French key of a SIREN: (12 + 3 x (SIREN mod 97)) mod 97; keys with a letter have no public formula."""
    return siren(siren_digits) and (not key.isdigit() or int(key) == (12 + 3 * (int(siren_digits) % 97)) % 97)


def spi(digits: str) -> bool:
    """Thirteen digits, the first from 0 to 3; the last three are the first ten modulo 511."""
    return len(digits) == 13 and digits[0] in "0123" and int(digits[:10]) % 511 == int(digits[10:])


def machine_readable(signs: str, key: str) -> bool:
    """ICAO weights 7, 3, 1 over digits and letters (A is 10)."""
    weights = (7, 3, 1)
    return sum(int(sign, 36) * weights[rank % 3] for rank, sign in enumerate(signs)) % 10 == int(key)


def old_identity_card(digits: str) -> bool:
    """Twelve digits of a card made before August 2021: year, month, department, office, order."""
    return len(digits) == 12 and 1 <= int(digits[2:4]) <= 12
