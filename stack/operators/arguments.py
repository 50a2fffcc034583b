"""The command line that the operators' processes share: from it, the world they answer from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

from settings.model import SHIPPED_TERRITORY
from stack.operators.canaries import Canaries
from stack.operators.defects import Defects
from stack.operators.world import PARIS, Size, World


def add_world_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what :func:`world_of` reads."""
    parser.add_argument("--drop", type=Path, required=True, help="folder where files are dropped")
    parser.add_argument("--account", type=Path, help="folder of the SFTP accounts, one folder a login")
    parser.add_argument("--seed", type=int, default=49007)
    parser.add_argument("--rows", type=int, help="water readings of a month, roughly; the rest in proportion")
    parser.add_argument("--households", type=int)
    parser.add_argument("--reports", type=int, help="reports a month")
    parser.add_argument("--scale", type=float, help="of every other feed, to its natural size")
    parser.add_argument("--today", type=date.fromisoformat, help="the day it is; by default the real clock")
    parser.add_argument("--canaries", type=Path, help="file made by stack.operators.canaries")
    parser.add_argument("--defects", nargs="*", metavar="NAME=VALUE", help="see stack.operators.defects")
    parser.add_argument("--territory", type=Path, default=SHIPPED_TERRITORY)


def world_of(asked: argparse.Namespace) -> World:
    """The world that these arguments describe."""
    defects = Defects()
    if asked.defects:
        defects = defects.changed(
            {name: _value(value) for name, _, value in (one.partition("=") for one in asked.defects)}
        )
    return World(
        seed=asked.seed,
        size=Size.of(asked.rows, asked.households, asked.reports, asked.scale),
        drop=asked.drop,
        territory=asked.territory,
        clock=_clock(asked.today),
        canaries=Canaries.read(asked.canaries) if asked.canaries else None,
        defects=defects,
        account=asked.account,
    )


def _value(text: str) -> bool | float:
    return text == "true" if text in ("true", "false") else float(text)


def _clock(today: date | None) -> Callable[[], datetime]:
    """The real clock, or noon of one day for ever."""
    if today is None:
        return lambda: datetime.now(UTC)
    noon = datetime.combine(today, time(12), PARIS)
    return lambda: noon
