"""TALQ log reports of street-lighting gateways (Smart City Protocol 2.7, TALQ Consortium) to typed batches.

A report is `{"address": …, "entries": [{"cmsRefId": …, "data": {…}}]}`; a delivery has one or many. Physical names
are paths of keys in an entry (`cmsRefId`, `data.srcAddress`, `data.timestamp`, `data.attributeName`,
`data.attributeValue`, `data.eventType`, `data.startEndFlag`, `data.info`…), or `address`, that of the gateway, which
its report says once.

Readings and events come mixed: a contract is about one of the two, or some attributes, and passes over the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from policies.contract import Contract, Territory
from sources.decoders.documents import documents
from sources.decoders.records import Segment, decode_records, names_read
from sources.decoders.shaped import Naming, Shaped
from sources.decoders.shapes import Shape
from sources.options import TalqOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

_ENTRIES = ("entries",)
_AROUND = ("address",)


class TalqDecoder:
    """Decodes parts that are log reports."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, TalqOptions)
        self._contract = contract
        self._rules = reading_rules(contract, options, territory)
        self._type, self._attributes = options.log_type, frozenset(options.attributes)
        names = names_read(contract)
        naming = Naming(
            {name: name for name in names if name not in _AROUND},
            {name: name for name in names if name in _AROUND},
            ("data.type", "data.attributeName"),
        )
        judge = self._concerned if self._type or self._attributes else None
        self._entries = Shaped(contract, naming, _ENTRIES, "a TALQ log report", judge)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            for document in documents(part, self._contract, [_ENTRIES, ()], _AROUND):
                yield from self._entries.segments(document, part.name)

    def _concerned(self, shape: Shape, records: Sequence[Any]) -> Mapping[int, None]:
        passed: dict[int, None] = {}
        if self._type is not None:
            passed |= _others(shape.along("data.type", records), {self._type})
        if self._attributes:
            passed |= _others(shape.along("data.attributeName", records), self._attributes)
        return passed


def _others(values: Sequence[Any], wanted: Set[str]) -> dict[int, None]:
    """Rows whose value is none of `wanted`."""
    try:
        strange = set(values) - wanted
        return {row: None for row, value in enumerate(values) if value in strange} if strange else {}
    except TypeError:  # an array or an object somewhere
        return {row: None for row, value in enumerate(values) if not (isinstance(value, str) and value in wanted)}
