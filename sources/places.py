"""INSEE codes of communes as the official geographic code writes them: five characters, Corsica as 2A and 2B.

Spreadsheets drop a leading zero, exports add ``.0``, people add spaces; those are mended. Anything else is not a
code.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_CODE = re.compile(r"(0[1-9]|[1-8][0-9]|9[0-8]|2[AB])[0-9]{3}", re.ASCII)
_SPACES = str.maketrans("", "", " \t\u00a0\u202f")


def insee_codes(texts: pa.Array) -> pa.Array:
    """Each text (or dictionary of texts) as an INSEE code; null where it is none. Distinct texts are read once."""
    encoded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
    codes = pa.array([_code(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return codes.take(encoded.indices)


def _code(text: str) -> str | None:
    code = text.translate(_SPACES).upper().removesuffix(".0")
    if len(code) == 4:
        code = "0" + code
    return code if _CODE.fullmatch(code) else None
