"""A sample of a feed that has no contract yet: fetched by its connector, read by its decoder, every column as text.

1. The connector fetches as it will for real; a few parts are kept, in memory only, and nothing is recorded.
2. Candidate names are taken from the first records, written in each of the ways decoders name columns.
3. The decoder itself tells which of them it knows: those that come out with values are the feed's columns.

A sample may hold people's data: it lives in this process, and what leaves it are names, types and counts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import BadInputError
from policies.contract import Column, Contract, Territory
from settings import Settings
from sources import connector, decoder
from sources.names import header_names
from storage import PayloadPart

PARTS = 30  # of a delivery: a polite number of pages
PART_BYTES = 4 * 1024 * 1024  # of a text file; pages are read whole
LONGEST_PAGE = 64 * 1024 * 1024
ROWS = 5_000
RECORDS = 300  # whose names are looked at
_LINES = ("csv", "ndjson", "grdf")
_DELIMITERS = (";", ",", "\t", "|")

Provisional = Callable[[dict[str, Any], tuple[Column, ...]], Contract]  # of options and columns


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a feed, as texts by the operator's names, and the options that read them."""

    table: pa.Table
    options: dict[str, Any]


def draw(provisional: Provisional, settings: Settings, territory: Territory, now: datetime) -> Sample:
    """Fetch and read a sample.

    Raises:
        BadInputError: the operator has nothing to deliver now, or nothing that the decoder reads.
        SourceError: operator, options or payload refuse.
    """
    nothing = (Column("rien", "rien", "string"),)
    contract = provisional({}, nothing)
    parts = _fetched(contract, settings, now)
    options = _dialect(contract, parts[0][1])
    names = list(dict.fromkeys(_candidates(contract, options, parts)))
    if not names:
        raise BadInputError("aucune colonne n'est reconnue dans l'échantillon : vérifiez le décodeur et ses options")
    columns = tuple(Column(f"c{number}", name, "string") for number, name in enumerate(names))
    described = provisional(options, columns)
    pieces = (PayloadPart(name, io.BytesIO(content)) for name, content in parts)
    batches = [item.batch for item in islice(decoder(described, territory).decode(pieces), 8)]
    table = pa.Table.from_batches(batches).slice(0, ROWS).rename_columns(names) if batches else pa.table({})
    table = _distinct(table)
    if not table.num_rows or not table.num_columns:
        raise BadInputError("aucune ligne ne se lit dans l'échantillon : vérifiez le décodeur et ses options")
    return Sample(table, options)


def _fetched(contract: Contract, settings: Settings, now: datetime) -> list[tuple[str, bytes]]:
    delivery = next(iter(connector(contract, settings).fetch(None, now)), None)
    if delivery is None:
        raise BadInputError("l'opérateur n'a rien à livrer pour l'instant : il faut une livraison pour l'échantillon")
    text = contract.feed.decoder in _LINES
    found = [(part.name, _content(part, text)) for part in islice(delivery.parts, PARTS)]
    if not found:
        raise BadInputError("la livraison de l'opérateur est vide")
    return found


def _content(part: PayloadPart, text: bool) -> bytes:
    content = part.stream.read((PART_BYTES if text else LONGEST_PAGE) + 1)
    if text and len(content) > PART_BYTES:
        return content[: content.rfind(b"\n") + 1]
    return content


def _dialect(contract: Contract, content: bytes) -> dict[str, Any]:
    """The feed's options, with the dialect of delimited text where it was not given."""
    options = dict(contract.feed.options)
    if contract.feed.decoder != "csv":
        return options
    encoding = options.setdefault("encoding", _encoding(content))
    head = content.partition(b"\n")[0]
    best = max(_DELIMITERS, key=lambda sign: len(header_names(head, sign, encoding)))
    delimiter = options.setdefault("delimiter", best)
    if "decimal" not in options and delimiter != ",":
        cells = content[:PART_BYTES].decode(encoding, "replace").replace("\r", "").replace("\n", delimiter)
        numbers = [cell for cell in cells.split(delimiter) if cell.replace(",", "", 1).isdigit() and "," in cell]
        options["decimal"] = "," if numbers else "."
    return options


def _encoding(content: bytes) -> str:
    try:
        content[:PART_BYTES].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.end >= len(content) - 1 else "cp1252"
    return "utf-8"


def _candidates(contract: Contract, options: dict[str, Any], parts: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    """Names that the feed's columns may have, for the decoder to choose from."""
    kind = contract.feed.decoder
    for name, content in parts:
        if kind == "csv":
            yield from header_names(content, str(options["delimiter"]), str(options["encoding"]))
            continue
        if content[:4] == b"PAR1":
            import pyarrow.parquet as pq

            yield from pq.read_schema(io.BytesIO(content)).names
            continue
        prefix = f"{name.partition('/')[0]}." if kind == "opendatasoft" else ""
        for record in islice(_records(_parsed(content)), RECORDS):
            yield from (prefix + path for path in _paths(record))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    found = []
    for line in content.splitlines()[:RECORDS]:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return found


def _records(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Objects that may be records: those of arrays, else the whole."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
    elif isinstance(value, dict):
        yield value
        if depth < 4:
            for one in value.values():
                if isinstance(one, (list, dict)):
                    yield from _records(one, depth + 1)


def _paths(record: dict[str, Any], above: str = "", depth: int = 0) -> Iterator[str]:
    for key, value in record.items():
        path = f"{above}{key}"
        yield path
        if isinstance(value, dict) and depth < 3:
            yield from _paths(value, f"{path}.", depth + 1)


def _distinct(table: pa.Table) -> pa.Table:
    """The columns that have values, each once: of two ways to name one, the shorter."""
    kept: list[str] = []
    for name in sorted(table.column_names, key=len):
        column = table[name]
        same = any(column.equals(table[other]) and other.split(".")[-1] in name.split(".") for other in kept)
        if column.null_count < table.num_rows and not same and not _nested(column):
            kept.append(name)
    return table.select([name for name in table.column_names if name in kept])


def _nested(column: pa.ChunkedArray) -> bool:
    """Whether all values are objects or arrays of JSON: their pieces are columns, they are not."""
    return bool(pc.all(pc.match_substring_regex(column, r"^[\[{]")).as_py())
