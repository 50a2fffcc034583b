"""Open311 GeoReport v2 service requests (JSON), https://wiki.open311.org/GeoReport_v2/ to typed batches.

A page is an array of flat objects. Some servers wrap it in ``{"service_requests": […]}`` as the XML form does.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Contract, Territory
from sources.batches import refused
from sources.decoders.records import Segment, decode_records, flat, names_read, read_json
from sources.options import Open311Options, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules


class Open311Decoder:
    """Decodes pages of service requests."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        self._contract = contract
        self._rules = reading_rules(contract, read_options(contract, Open311Options), territory)
        self._names = names_read(contract)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, (self._page(part) for part in parts))

    def _page(self, part: PayloadPart) -> Segment:
        page = read_json(part, self._contract)
        if isinstance(page, dict):
            page = page.get("service_requests")
        if not isinstance(page, list):
            raise refused(self._contract, part.name, "this is not an array of service requests")
        return flat(page, self._names)
