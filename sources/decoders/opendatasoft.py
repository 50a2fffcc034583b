"""Opendatasoft Explore v2.1 pages (``{"total_count", "results": […]}``), with an optional join, to typed batches.

Physical names are ``<collection>.<field>``. The collection ``live`` makes the rows; ``reference`` may describe each
and is joined to it. The advertised key of such pairs is not always true, so the join may go through a file of the
territory's folder that pairs both names. A row without a counterpart keeps nulls.

Parts of the joined collection come before the rows: it is small and kept in memory; rows are not kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from policies.contract import Contract, Territory
from sources.batches import refused
from sources.decoders.records import Segment, decode_records, flat, names_read, read_json
from sources.errors import FeedError
from sources.options import JoinOptions, OpendatasoftOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

REFERENCE_LIMIT = 100_000  # records of a joined collection


class OpendatasoftDecoder:
    """Decodes parts ``reference/NNNN.json`` then ``live/NNNN.json``."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, OpendatasoftOptions)
        self._contract = contract
        self._join = options.join
        self._rules = reading_rules(contract, options, territory)
        self._names = names_read(contract)
        self._pairs = _pairs(contract, options.join, territory.folder)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._pages(parts))

    def _pages(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        described: dict[str, dict[str, Any]] = {}
        rows_seen = False
        for part in parts:
            records = self._records(part)
            if part.name.startswith("live/"):
                if self._join is not None and not described:
                    raise refused(self._contract, part.name, "the page comes before any description of its rows")
                rows_seen = True
                yield flat([self._row(record, described) for record in records], self._names)
            elif rows_seen:
                raise refused(self._contract, part.name, "the page comes after the rows that it describes")
            else:
                self._describe(records, described)

    def _records(self, part: PayloadPart) -> Sequence[Any]:
        page = read_json(part, self._contract)
        results = page.get("results") if isinstance(page, dict) else None
        if not isinstance(results, list):
            raise refused(self._contract, part.name, "this is not an Explore v2.1 page: no list of « results »")
        return results

    def _describe(self, records: Sequence[Any], described: dict[str, dict[str, Any]]) -> None:
        key = self._join.reference if self._join else ""
        for record in records:
            if isinstance(record, dict) and isinstance(record.get(key), str):
                described[record[key]] = {f"reference.{name}": value for name, value in record.items()}
        if len(described) > REFERENCE_LIMIT:
            raise refused(self._contract, "reference", f"the joined collection has more than {REFERENCE_LIMIT} records")

    def _row(self, record: Any, described: dict[str, dict[str, Any]]) -> Any:
        if not isinstance(record, dict):
            return record
        row = {f"live.{name}": value for name, value in record.items()}
        if self._join is None:
            return row
        value = record.get(self._join.live)
        key = self._pairs.get(value) if self._pairs is not None and isinstance(value, str) else value
        return row | described.get(key, {}) if isinstance(key, str) else row


def _pairs(contract: Contract, join: JoinOptions | None, folder: Path) -> dict[str, str] | None:
    """The territory's own pairing of both names, if the contract names one."""
    if join is None or join.through is None:
        return None
    try:
        with (folder / join.through).open(encoding="utf-8", newline="") as file:
            return {
                row[join.through_live or join.live]: row[join.through_reference or join.reference]
                for row in csv.DictReader(file)
            }
    except (OSError, KeyError, UnicodeError):
        raise FeedError(
            f"{contract.source}: feed.options.join : {join.through} manque au territoire, ou une de ses colonnes"
        ) from None
