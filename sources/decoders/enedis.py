"""Enedis meter readings (Data Connect, metering data: load curves and daily energies) to typed batches.

A document is `{"meter_reading": {"usage_point_id", "start", "end", "quality", "reading_type": {…},
"interval_reading": [{"value", "date", …}]}}`, or several of them in an array. A row is an interval reading. Physical
names are paths of keys in `meter_reading`: `usage_point_id`, `reading_type.unit`, `interval_reading.value`,
`interval_reading.date`…

Values are texts. Their unit is said once a document; the contract's is what is kept, and a document in another
dimension goes to quarantine. Dates are clock times of the territory without an offset, in the order of time: on the
day of 25 hours the hour that comes twice is told by its order, for each delivery point (option `repeatedHour`, here
``order`` by default).
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Contract, Territory
from sources.decoders.documents import documents
from sources.decoders.records import Segment, decode_records, names_read, unit_of
from sources.decoders.shaped import Naming, Shaped
from sources.options import EnedisOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

_PLACE = ("meter_reading", "interval_reading")
_ROW = "interval_reading."
_VALUE = "interval_reading.value"
_UNIT = "reading_type.unit"


class EnedisDecoder:
    """Decodes parts of one or many meter readings."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, EnedisOptions)
        self._contract = contract
        self._rules = reading_rules(contract, options, territory)
        names = names_read(contract)
        rows = {name: name.removeprefix(_ROW) for name in names if name.startswith(_ROW)}
        around = {name: name for name in names if name not in rows} | {unit_of(_VALUE): _UNIT}
        self._readings = Shaped(contract, Naming(rows, around), _PLACE, "a meter reading")
        self._needed = {path.partition(".")[0] for path in around.values()}

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            for document in documents(part, self._contract, [_PLACE, ()], self._needed):
                yield from self._readings.segments(document, part.name)
