"""Open311 GeoReport v2 service requests (JSON), https://wiki.open311.org/GeoReport_v2/ to typed batches.

A page is an array of flat objects. Some servers wrap it in ``{"service_requests": […]}`` as the XML form does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from policies.contract import Contract
from sources.columns import TextRules
from sources.decoders.records import decode_records, read_json
from sources.errors import PayloadError
from sources.options import Open311Options, read_options
from sources.protocol import Decoded, PayloadPart


class Open311Decoder:
    """Decodes pages of service requests."""

    def __init__(self, contract: Contract, zone: str) -> None:
        read_options(contract, Open311Options)
        self._contract = contract
        self._rules = TextRules(zone)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, (self._page(part) for part in parts))

    def _page(self, part: PayloadPart) -> Sequence[Any]:
        page = read_json(part, self._contract.id)
        if isinstance(page, dict):
            page = page.get("service_requests")
        if not isinstance(page, list):
            raise PayloadError(f"{self._contract.id}: {part.name} is not an array of service requests")
        return page
