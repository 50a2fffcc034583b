"""The Arrow type of each source column, and texts turned into values without one bad text spoiling the rest.

Every conversion is column-wise and total: it returns the values, null where the text could not be read, and the mask
of those failures. The grammars are strict on purpose (no hexadecimal, no infinity, no 31 February), because a value
that is guessed is worse than a row in quarantine.

What an operator declares about its writing (decimal sign, units, INSEE codes, zone) is undone here too, so every
decoder gives the same values for the same contract. Numbers that a format already brings as numbers skip the texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Column, Contract
from sources.clock import RepeatedHour, local
from sources.places import insee_codes
from sources.units import Conversion, conversion

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
BAD_CODES = {
    "integer": "badInteger",
    "number": "badNumber",
    "boolean": "badBoolean",
    "date": "badDate",
    "timestamp": "badTimestamp",
}

_INTEGER = r"^[ \t]*-?[0-9]+[ \t]*$"
_TIMESTAMP = (
    r"^(?P<clock>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_CLOCK = "%Y-%m-%dT%H:%M:%S"
_FIELDS = {"%Y": "[0-9]{4}", "%m": "[0-9]{2}", "%d": "[0-9]{2}", "%H": "[0-9]{2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}"}
_WORDS = {"true": True, "1": True, "oui": True, "false": False, "0": False, "non": False}


@dataclass(frozen=True, slots=True)
class Converted:
    """A column's values, and where its text was there but could not be read."""

    values: pa.Array
    bad: pa.BooleanArray  # no nulls
    code: str | pa.StringArray | None = None  # why, for all rows or each; by default what the column's type tells
    repeated: pa.BooleanArray | None = None  # clock times that come twice in October, taken as the first pass; no nulls


@dataclass(frozen=True, slots=True)
class TextRules:
    """How an operator writes its values."""

    zone: str  # of clock times without an offset: the territory's
    decimal: str = "."
    mislabelled: Collection[str] = ()  # offsets that the operator writes on what is really local time
    thousands: str = ""  # characters that may stand between digits of a number
    conversions: Mapping[str, Conversion] = field(default_factory=dict)  # by physical name
    insee: Collection[str] = ()  # physical names of columns that hold INSEE codes
    repeated_hour: RepeatedHour = "first"


def source_schema(contract: Contract) -> pa.Schema:
    """The schema of decoded batches: every source column, by name, in the contract's order. All nullable."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.logical_type]) for column in contract.columns])


def convert(texts: pa.StringArray, column: Column, rules: TextRules) -> Converted:
    """Read `texts` (or a dictionary of texts) as the contract's type for `column`."""
    match column.logical_type:
        case "string":
            return normalized(Converted(texts, _none(len(texts))), column, rules)
        case "integer":
            return _distinct(texts, lambda found: _integers(_joined_digits(found, rules.thousands)))
        case "number":
            return normalized(_number(texts, rules), column, rules)
        case "boolean":
            return _boolean(texts)
        case "date":
            pattern = column.format or "%Y-%m-%d"
            return _distinct(texts, lambda found: pc.cast(_parsed(found, pattern), pa.date32()))
        case "timestamp":
            return _timestamps(texts, column.format, rules)


def normalized(read: Converted, column: Column, rules: TextRules) -> Converted:
    """A column that was read, in the contract's unit, or with INSEE codes as they are written officially."""
    if column.physical_name in rules.insee and column.logical_type == "string":
        codes = insee_codes(read.values)
        return Converted(codes, failures(read.values, codes), "badInsee")
    conversion = rules.conversions.get(column.physical_name)
    if conversion is None or column.logical_type != "number":
        return read
    values = pc.add(pc.multiply(read.values, conversion.factor), conversion.offset)
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
    return Converted(values, pc.or_(read.bad, failures(read.values, values)), read.code)


def in_unit(read: Converted, units: pa.StringArray, unit: str) -> Converted:
    """Numbers of which each row says its unit (null: it does not, and `unit` is meant), in `unit`."""
    encoded = pc.dictionary_encode(units)
    known = [conversion(given, unit) for given in encoded.dictionary.to_pylist()]
    factors = pa.array([one.factor if one else None for one in known], pa.float64()).take(encoded.indices)
    offsets = pa.array([one.offset if one else None for one in known], pa.float64()).take(encoded.indices)
    silent = encoded.is_null()
    converted = pc.add(pc.multiply(read.values, factors), offsets)
    values = pc.if_else(
        silent, read.values, pc.if_else(pc.is_finite(converted), converted, pa.scalar(None, pa.float64()))
    )
    strange = pc.and_(pc.invert(silent), factors.is_null())
    bad = pc.or_(read.bad, pc.or_(strange, failures(read.values, values)))
    return Converted(values, bad, pc.if_else(strange, "badUnit", BAD_CODES["number"]))


def failures(texts: pa.Array, values: pa.Array) -> pa.BooleanArray:
    """Where there was a text and there is no value."""
    return pc.and_(texts.is_valid(), values.is_null())


def _none(length: int) -> pa.BooleanArray:
    return pa.repeat(pa.scalar(False), length)


def _matching(texts: pa.StringArray, pattern: str) -> pa.StringArray:
    """`texts` with null in place of what does not match."""
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, pa.scalar(None, pa.string()))


def _distinct(texts: pa.Array, read: Callable[[pa.StringArray], pa.Array]) -> Converted:
    """Read each distinct text once. `texts` may come as a dictionary already."""
    encoded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
    values = read(encoded.dictionary).take(encoded.indices)
    return Converted(values, failures(encoded, values))


def _integers(texts: pa.StringArray) -> pa.Array:
    series: Any = pl.from_arrow(pc.ascii_trim(_matching(texts, _INTEGER), " \t"))
    return series.cast(pl.Int64, strict=False).to_arrow()


def _number(texts: pa.StringArray, rules: TextRules) -> Converted:
    """Polars reads `[+-]digits[.digits][e[+-]digits]`, infinities and « nan »; only finite numbers are kept."""
    found = _joined_digits(texts, rules.thousands)
    if rules.decimal != ".":
        if pc.any(pc.match_substring(found, ".")).as_py():
            found = pc.if_else(pc.match_substring(found, "."), pa.scalar("?"), found)
        found = pc.replace_substring(found, rules.decimal, ".")
    series: Any = pl.from_arrow(pc.ascii_trim(found, " \t"))
    values = series.cast(pl.Float64, strict=False).to_arrow()
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return Converted(values, failures(texts, values))


def _joined_digits(texts: pa.StringArray, thousands: str) -> pa.StringArray:
    """Numbers written in groups of three digits without what stands between the groups."""
    if not thousands:
        return texts
    between = "[" + re.escape(thousands) + "]"
    grouped = pc.match_substring_regex(texts, rf"^[ \t]*[+-]?[0-9]{{1,3}}(?:{between}[0-9]{{3}})+(?:[^0-9].*)?$")
    return pc.if_else(grouped, pc.replace_substring_regex(texts, rf"{between}([0-9]{{3}})", r"\1"), texts)


def _boolean(texts: pa.StringArray) -> Converted:
    words = pa.array(list(_WORDS))
    values = pa.array(list(_WORDS.values())).take(pc.index_in(pc.utf8_lower(texts), value_set=words))
    return Converted(values, failures(texts, values))


def _parsed(texts: pa.StringArray, pattern: str) -> pa.Array:
    """Clock times without a zone; null where `texts` are not exactly of `pattern` or name a day that does not exist."""
    grammar = "^" + re.sub(r"%[A-Za-z]|.", lambda part: _FIELDS.get(part[0], re.escape(part[0])), pattern) + "$"
    values = pc.strptime(_matching(texts, grammar), format=pattern, unit="s", error_is_null=True)
    written = pc.strftime(values, format=pattern)  # strptime turns 31 February into 3 March; writing it back tells
    return pc.if_else(pc.equal(written, texts), values, pa.scalar(None, values.type))


def _timestamps(texts: pa.Array, pattern: str | None, rules: TextRules) -> Converted:
    """Times repeat from object to object: each distinct text is read once."""
    encoded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
    instants, twice = _instants(encoded.dictionary, pattern, rules)
    values = instants.take(encoded.indices)
    repeated = pc.fill_null(twice.take(encoded.indices), False) if pc.any(twice).as_py() else None
    return Converted(values, failures(encoded, values), repeated=repeated)


def _instants(texts: pa.StringArray, pattern: str | None, rules: TextRules) -> tuple[pa.Array, pa.BooleanArray]:
    """Instants, and which are of an hour that comes twice without telling of which pass."""
    micro = pa.timestamp("us")
    if pattern is not None:
        return local(pc.cast(_parsed(texts, pattern), micro), rules.zone)
    pieces = pc.extract_regex(texts, _TIMESTAMP)
    clock = pc.replace_substring(pc.struct_field(pieces, "clock"), " ", "T")
    seconds = pc.cast(_parsed(clock, _CLOCK), micro)
    exact = pc.add(seconds, _fraction(pc.struct_field(pieces, "fraction")))
    offset = pc.struct_field(pieces, "offset")
    unmarked = pc.or_kleene(
        pc.equal(offset, ""), pc.is_in(offset, value_set=pa.array([*rules.mislabelled], pa.string()))
    )
    shifted = pc.assume_timezone(pc.subtract(exact, _offset(offset)), "UTC")
    instants, twice = local(exact, rules.zone)
    values = pc.if_else(unmarked, instants, pc.cast(shifted, ARROW_TYPES["timestamp"]))
    return values, pc.fill_null(pc.and_(unmarked, twice), False)


def _fraction(texts: pa.StringArray) -> pa.Array:
    digits = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.utf8_slice_codeunits(texts, 1), 6, "0"), 0, 6)
    return pc.cast(pc.cast(digits, pa.int64()), pa.duration("us"))


def _offset(texts: pa.StringArray) -> pa.Array:
    digits = pc.replace_substring(pc.if_else(pc.match_substring_regex(texts, "^[+-]"), texts, "+0000"), ":", "")
    hours = pc.cast(pc.utf8_slice_codeunits(digits, 1, 3), pa.int64())
    minutes = pc.add(pc.multiply(hours, 60), pc.cast(pc.utf8_slice_codeunits(digits, 3, 5), pa.int64()))
    signed = pc.if_else(pc.starts_with(digits, "-"), pc.negate(minutes), minutes)
    return pc.cast(pc.multiply(signed, 60_000_000), pa.duration("us"))
