"""Canonical forms: two spellings of one identifier must give one pseudonym.

What can not be brought to its form (blank text, a telephone number with letters, an address without a domain) becomes
null: a pseudonym shared by everyone whose number is « inconnu » would make one person of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms.errors import IdentifierTypeError

if TYPE_CHECKING:  # contracts are not needed inside custody, nor quick to import
    from policies.contract import CanonicalForm

_SEPARATORS = r"[\s\p{Z}\p{Pd}\x{2011}]+"
_PHONE_PUNCTUATION = r"[\s\p{Z}\p{Pd}./()\[\]_]+"
_EMAIL = r"^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$"
_E164 = r"^\+[1-9]\d{6,14}$"  # ITU-T E.164: at most 15 digits


def canonicalize(form: CanonicalForm, values: pa.Array) -> pa.Array:
    """Return the values in ``form``, null where they are null or can not be brought to it.

    Args:
        form: ``TEXT`` (Unicode NFC, trimmed), ``UPPER`` (and upper case, without spaces and dashes), ``EMAIL`` (and
            lower case, both parts: no provider in use tells them apart), ``PHONE`` (E.164; a national number is taken
            as French).
        values: strings, plain or dictionary-encoded; a dictionary stays one, each distinct value treated once.
    """
    if isinstance(values, pa.DictionaryArray):
        dictionary = canonicalize(form, values.dictionary)
        return pa.DictionaryArray.from_arrays(values.indices, dictionary)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_null(values.type)):
        raise IdentifierTypeError(f"only text has a canonical form, not {values.type}")
    text = pc.utf8_trim_whitespace(_nfc(values.cast(pa.string())))
    match form:
        case "text":
            return _only_present(text)
        case "upper":
            return _only_present(_nfc(pc.utf8_upper(pc.replace_substring_regex(text, _SEPARATORS, ""))))
        case "email":
            text = _nfc(pc.utf8_lower(text))
            return _only(text, pc.match_substring_regex(text, _EMAIL))
        case "phone":
            text = _international(text)
            return _only(text, pc.match_substring_regex(text, _E164))
    raise IdentifierTypeError(f"there is no canonical form « {form} »")


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


def _only_present(text: pa.Array) -> pa.Array:
    return _only(text, pc.greater(pc.binary_length(text), 0))


def _only(text: pa.Array, valid: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(valid, False), text, pa.scalar(None, text.type))
