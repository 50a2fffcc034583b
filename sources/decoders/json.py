"""JSON documents (RFC 8259): an array of records, at the root or behind keys, or one record alone, to typed batches.

Physical names are paths of keys in a record, with dots.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Contract, Territory
from sources.decoders.documents import documents
from sources.decoders.records import Segment, decode_records, names_read
from sources.decoders.shaped import Naming, Shaped
from sources.options import JsonOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules


class JsonDecoder:
    """Decodes each part as one document."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, JsonOptions)
        self._contract = contract
        self._rules = reading_rules(contract, options, territory)
        self._place = tuple(options.records.split(".")) if options.records else ()
        naming = Naming({name: name for name in names_read(contract)})
        self._records = Shaped(contract, naming, self._place, "an array of records")

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            for document in documents(part, self._contract, [self._place]):
                alone = not self._place and document.content.lstrip()[:1] == b"{"
                yield from self._records.segments(document.in_array() if alone else document, part.name)
