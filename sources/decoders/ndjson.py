"""JSON lines (one record a line, NDJSON) to typed batches. A line that is not JSON spoils itself alone.

Physical names are paths of keys in a record, with dots.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from policies.contract import Contract, Territory
from sources.decoders.lines import blocks, split_lines
from sources.decoders.records import Segment, decode_records, names_read
from sources.decoders.shaped import Judge, Naming, Shaped
from sources.options import NdjsonOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

_BOM = b"\xef\xbb\xbf"


class NdjsonDecoder:
    """Decodes every part of a delivery as one run of lines; blank ones are passed over."""

    def __init__(
        self,
        contract: Contract,
        territory: Territory,
        judge: Judge | None = None,
        asked: tuple[str, ...] = (),
        units: dict[str, str] | None = None,
    ) -> None:
        """`judge`, `asked` and `units`: what a format on lines adds."""
        self._contract = contract
        self._rules = reading_rules(contract, read_options(contract, NdjsonOptions), territory, units=units)
        naming = Naming({name: name for name in names_read(contract)}, asked=asked)
        self._records = Shaped(contract, naming, (), "JSON lines", judge)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            start = _BOM
            for block in blocks(part.stream, self._contract, part.name):
                block = block.removeprefix(start)
                start = b""
                yield self._records.lines(block, lru_cache(1)(partial(split_lines, block)))
