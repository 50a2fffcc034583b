"""How many requests of one operator may be under way: one that floods, or dawdles, waits for itself alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from inbox.errors import BusyError

AT_ONCE = 4  # bodies of one operator in memory
QUEUE = 32  # requests of one operator that wait, unread
PATIENCE = 10.0  # seconds in that queue


@dataclass(slots=True)
class Turnstile:
    """One lane an operator."""

    at_once: int = AT_ONCE
    queue: int = QUEUE
    patience: float = PATIENCE
    _lanes: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _waiting: dict[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def passing(self, operator: str) -> AsyncIterator[None]:
        """Let one request through, when it is its turn.

        Raises:
            BusyError: too many wait already, or it waited too long.
        """
        lane = self._lanes.setdefault(operator, asyncio.Semaphore(self.at_once))
        if lane.locked() and self._waiting.get(operator, 0) >= self.queue:
            raise BusyError("trop de requêtes de cet opérateur à la fois : renvoyez un peu plus tard")
        self._waiting[operator] = self._waiting.get(operator, 0) + 1
        try:
            await asyncio.wait_for(lane.acquire(), self.patience)
        except TimeoutError:
            raise BusyError("les requêtes précédentes de cet opérateur ne sont pas finies : renvoyez") from None
        finally:
            self._waiting[operator] -= 1
        try:
            yield
        finally:
            lane.release()
