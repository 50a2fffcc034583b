"""Canonical forms: two spellings of one identifier must give one pseudonym.

What can not be brought to its form (blank text, a telephone number with letters, a NIR whose key is wrong) becomes
null: a pseudonym shared by everyone whose number is « inconnu » would make one person of them, and one made of a
mistyped number would be somebody else's. Each distinct value of a dictionary is treated once.

Sources: ITU-T E.164 (telephone numbers); decree of 9 February 2009 (number plates, SIV, and FNI before it); decree
82-103 (NIR) and, for its key, 97 minus the number modulo 97, where Corsica's 2A and 2B count as 19 and 18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms.errors import IdentifierTypeError

if TYPE_CHECKING:  # contracts are not needed inside custody, nor quick to import
    from policies.contract import CanonicalForm

_SEPARATORS = r"[\s\p{Z}\p{Pd}\x{2011}]+"
_PUNCTUATION = r"[\s\p{Z}\p{P}]+"
_PHONE_PUNCTUATION = r"[\s\p{Z}\p{Pd}./()\[\]_]+"
_EMAIL = r"^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$"
_SIV = r"^([A-HJ-NP-TV-Z]{2})([0-9]{3})([A-HJ-NP-TV-Z]{2})$"
_FNI = r"^0*([1-9][0-9]{0,3})([A-HJ-NP-Z]{1,3})(2[AB]|97[1-6]|98[5-8]|[1-8][0-9]|0[1-9]|9[0-5])$"
_PLATE = r"^[A-Z]{2}-[0-9]{3}-[A-Z]{2}$|^[0-9]{1,4} [A-Z]{1,3} [0-9][0-9AB][0-9]?$"
_NIR = r"^[1-478][0-9]{2}(?:0[1-9]|1[0-2]|[2-9][0-9])(?:2[AB]|[0-9]{2})[0-9]{6}(?:[0-9]{2})?$"
_PRM = r"^[0-9]{14}$"
_PCE = r"^(?:[0-9]{14}|GI[0-9]{6})$"
_E164 = r"^\+[1-9]\d{6,14}$"  # ITU-T E.164: at most 15 digits


def canonicalize(form: CanonicalForm, values: pa.Array) -> pa.Array:
    """Return the values in ``form``, null where they are null or can not be brought to it.

    Args:
        form: how identifiers are written:

            * ``TEXT``: Unicode NFC, trimmed;
            * ``UPPER``: and upper case, without spaces and dashes;
            * ``EMAIL``: and lower case, both parts, for no provider in use tells them apart;
            * ``PHONE``: E.164; a national number is taken as French;
            * ``PLATE``: « AB-123-CD » or « 123 ABC 49 », without leading zeros;
            * ``NIR``: 13 characters; a key, where there is one, must be right, and is left out;
            * ``PRM``, ``PCE``: 14 digits; for gas also « GI123456 ».
        values: strings, plain or dictionary-encoded; a dictionary stays one.

    Raises:
        IdentifierTypeError: the values are no text, or no form has that name.
    """
    if isinstance(values, pa.DictionaryArray):
        dictionary = canonicalize(form, values.dictionary)
        return pa.DictionaryArray.from_arrays(values.indices, dictionary)
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        raise IdentifierTypeError(f"only text has a canonical form, not {values.type}")
    make = _FORMS.get(str(form))
    if make is None:
        raise IdentifierTypeError(f"there is no canonical form « {form} »")
    return make(pc.utf8_trim_whitespace(_nfc(values)))


def _upper(text: pa.Array) -> pa.Array:
    return _only_present(_nfc(pc.utf8_upper(pc.replace_substring_regex(text, _SEPARATORS, ""))))


def _email(text: pa.Array) -> pa.Array:
    return _matching(_nfc(pc.utf8_lower(text)), _EMAIL)


def _phone(text: pa.Array) -> pa.Array:
    return _matching(_international(text), _E164)


def _plate(text: pa.Array) -> pa.Array:
    text = pc.replace_substring_regex(_compact(text), _SIV, r"\1-\2-\3")
    return _matching(pc.replace_substring_regex(text, _FNI, r"\1 \2 \3"), _PLATE)


def _nir(text: pa.Array) -> pa.Array:
    text = _matching(_compact(text), _NIR)
    number, key = pc.utf8_slice_codeunits(text, 0, 13), pc.utf8_slice_codeunits(text, 13)
    digits = number
    for letters, stands_for in (("2A", "19"), ("2B", "18")):
        digits = pc.replace_substring_regex(digits, rf"^(.{{5}}){letters}", rf"\1{stands_for}")
    count = digits.cast(pa.int64())
    expected = pc.subtract(97, pc.subtract(count, pc.multiply(pc.divide(count, 97), 97)))
    given = pc.if_else(pc.equal(key, ""), pa.scalar("0"), key).cast(pa.int64())
    return _only(number, pc.or_(pc.equal(key, ""), pc.equal(given, expected)))


def _prm(text: pa.Array) -> pa.Array:
    return _matching(_compact(text), _PRM)


def _pce(text: pa.Array) -> pa.Array:
    return _matching(_compact(text), _PCE)


def _compact(text: pa.Array) -> pa.Array:
    """Upper case, without spaces and punctuation."""
    return pc.utf8_upper(pc.replace_substring_regex(text, _PUNCTUATION, ""))


def _nfc(text: pa.Array) -> pa.Array:
    return pc.utf8_normalize(text, form="NFC")


def _international(text: pa.Array) -> pa.Array:
    """Bring « 06 12 34 56 78 », « 0033 (0)6… » and « +33 6… » to ``+33612345678``."""
    text = pc.replace_substring_regex(text, r"\(0\)", "")
    text = pc.replace_substring_regex(text, _PHONE_PUNCTUATION, "")
    text = pc.replace_substring_regex(text, r"^00", "+")
    text = pc.replace_substring_regex(text, r"^\+330", "+33")
    text = pc.replace_substring_regex(text, r"^33([1-9]\d{8})$", r"+33\1")
    return pc.replace_substring_regex(text, r"^0([1-9]\d{8})$", r"+33\1")


def _matching(text: pa.Array, pattern: str) -> pa.Array:
    return _only(text, pc.match_substring_regex(text, pattern))


def _only_present(text: pa.Array) -> pa.Array:
    return _only(text, pc.greater(pc.binary_length(text), 0))


def _only(text: pa.Array, valid: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(valid, False), text, pa.scalar(None, text.type))


_FORMS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "text": _only_present,
    "upper": _upper,
    "email": _email,
    "phone": _phone,
    "plate": _plate,
    "nir": _nir,
    "prm": _prm,
    "pce": _pce,
}
