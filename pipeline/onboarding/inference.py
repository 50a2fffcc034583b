"""Types, formats and keys of a sample's columns. A type is proposed only if every value of the sample reads as it.

Digits that are no quantity stay texts: a leading zero would be lost, and a code is not to be added up.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Column
from sources.columns import TextRules, convert

_FORMATS = {  # ODCS letters -> strptime, for dates and times that are not ISO 8601
    "dd/MM/yyyy": "%d/%m/%Y",
    "dd-MM-yyyy": "%d-%m-%Y",
    "yyyyMMdd": "%Y%m%d",
}
_CLOCKS = {
    "dd/MM/yyyy HH:mm": "%d/%m/%Y %H:%M",
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-MM-dd HH:mm": "%Y-%m-%d %H:%M",
}
_CODE = re.compile(
    r"(^|_)(id|code|insee|cp|postal|siren|siret|num|numero|number|ref|reference|contrat|compteur|badge|carte|tel|"
    r"telephone|phone|prm|pce|pdl|nir)($|_)"
)
_WHOLE = 10  # rows from which on « never empty » means something


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a column looks like."""

    name: str  # ours
    physical_name: str
    logical_type: str
    format: str | None  # ODCS letters
    required: bool
    unique: bool
    empty: bool


def infer(table: pa.Table, zone: str, decimal: str = ".") -> tuple[Inferred, ...]:
    """Look at every column of a sample (texts, by the operator's names)."""
    taken: set[str] = set()
    found = []
    for physical in table.column_names:
        texts = table[physical].combine_chunks()
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        name = own_name(physical, taken)
        taken.add(name)
        kind, pattern = _type(texts, name, TextRules(zone, decimal))
        full = texts.null_count == 0
        unique = full and len(texts) > 1 and pc.count_distinct(texts).as_py() == len(texts)
        required = full and len(texts) >= _WHOLE
        found.append(Inferred(name, physical, kind, pattern, required, unique, texts.null_count == len(texts)))
    return tuple(found)


def own_name(physical: str, taken: set[str]) -> str:
    """A column's name in our writing: the operator's, in lower case, without accents, of its last piece."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", physical.split(".")[-1])
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50] or "colonne"
    base = base if base[0].isalpha() else f"c_{base}"
    if base not in taken:
        return base
    return next(name for number in range(2, 10_000) if (name := f"{base}_{number}") not in taken)


def key_of(columns: tuple[Inferred, ...], table: pa.Table, event_time: str | None) -> tuple[str, ...]:
    """Operator's names of columns that tell rows apart: a number or code, or one column and the date; empty if none do.

    A date alone is no key, however distinct its values are in a sample.
    """
    full = [one for one in columns if one.required and one.logical_type in ("string", "integer")]
    coded = [one for one in full if _CODE.search(one.name)]
    dated = [one.physical_name for one in columns if one.required and one.physical_name == event_time]
    alone = [(one.physical_name,) for one in coded if one.unique]
    with_date = [(one.physical_name, date) for date in dated for one in (*coded, *full)]
    pairs = combinations((one.physical_name for one in coded), 2)
    return next((names for names in (*alone, *with_date, *pairs) if _tells_apart(table, names)), ())


def _tells_apart(table: pa.Table, names: tuple[str, ...]) -> bool:
    """Nearly: operators deliver a few rows twice."""
    distinct = table.group_by(list(names)).aggregate([]).num_rows
    return bool(distinct >= 0.98 * table.num_rows)


def _type(texts: pa.Array, name: str, rules: TextRules) -> tuple[str, str | None]:
    if texts.null_count == len(texts):
        return "string", None
    words = pc.utf8_lower(texts)
    if pc.all(pc.is_in(words, value_set=pa.array(["true", "false", "oui", "non"]))).as_py():
        return "boolean", None
    for letters, pattern in (*_FORMATS.items(), (None, None)):
        if letters == "yyyyMMdd" and "date" not in name:
            continue
        if _reads(texts, "date", pattern, rules):
            return "date", letters
    for letters, pattern in (*_CLOCKS.items(), (None, None)):
        if _reads(texts, "timestamp", pattern, rules):
            return "timestamp", letters
    coded = _CODE.search(name) or pc.any(pc.match_substring_regex(texts, r"^0[0-9]")).as_py()
    if not coded and _reads(texts, "integer", None, rules):
        return "integer", None
    if not coded and _reads(texts, "number", None, rules):
        return "number", None
    return "string", None


def _reads(texts: pa.Array, kind: str, pattern: str | None, rules: TextRules) -> bool:
    column = Column("x", "x", kind, format=pattern)  # type: ignore[arg-type]
    converted = convert(texts, column, rules)
    return not pc.any(converted.bad).as_py() and converted.values.null_count == texts.null_count
