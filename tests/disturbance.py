"""Disturb a hub at its n-th write, wherever that is: in the object store, the journal or the catalogue."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.hub import Hub

WRITES = {
    "put",
    "delete",
    "record_delivery",
    "record_reading",
    "mark_processed",
    "mark_partition",
    "mark_released",
    "start_stage",
    "finish_stage",
    "record_verdict",
    "record_decision",
    "record_release",
    "carry_partition",
    "finish_rotation",
    "declare",
    "spend",
    "publish",
    "request_withdrawal",
    "finish_withdrawal",
    "withdraw",
}


@dataclass(slots=True)
class Countdown:
    """Acts once, just before the write number `left` (counted from 0)."""

    left: int
    act: Callable[[], None]
    done: bool = False

    def tick(self) -> None:
        if self.left == 0 and not self.done:
            self.done = True
            self.act()
        self.left -= 1


class Disturbed:
    """Stands before a collaborator and counts its writes."""

    def __init__(self, inner: Any, countdown: Countdown) -> None:
        self._inner, self._countdown = inner, countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in WRITES:
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            self._countdown.tick()
            return found(*args, **kwargs)

        return counted


def disturb(hub: Hub, countdown: Countdown) -> Hub:
    """The same hub, disturbed."""
    catalogue, rotation = hub.catalogue, hub.rotation_custody
    return dataclasses.replace(
        hub,
        private=Disturbed(hub.private, countdown),
        open=Disturbed(hub.open, countdown),
        audit=Disturbed(hub.audit, countdown),
        journal=Disturbed(hub.journal, countdown),
        budgets=Disturbed(hub.budgets, countdown),
        lineage=dataclasses.replace(hub.lineage, store=Disturbed(hub.lineage.store, countdown)),
        catalogue=lambda: Disturbed(catalogue(), countdown),
        rotation_custody=lambda: Disturbed(rotation(), countdown),
    )
