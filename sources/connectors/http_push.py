"""What operators post by themselves. Nothing is fetched: the inbox service has landed it, and the journal lists it.

See the room `inbox`. A visit then takes in what is pending, like what any other connector brought.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from policies.contract import Contract
from sources.connectors.options import PushOptions
from sources.options import read_options
from sources.protocol import Cursor, Delivery


class HttpPush:
    """Brings nothing by itself."""

    def __init__(self, contract: Contract) -> None:
        read_options(contract, PushOptions)
        self.problems: list[str] = []

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield nothing. See :class:`sources.protocol.Connector`."""
        return iter(())
