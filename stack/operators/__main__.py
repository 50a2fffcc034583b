"""``python -m stack.operators``: start the simulated operators, after dropping the files they have delivered by now."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import uvicorn

from settings.model import SHIPPED_TERRITORY
from stack.operators.canaries import Canaries
from stack.operators.defects import Defects
from stack.operators.registry import offering
from stack.operators.server import build_app
from stack.operators.world import PARIS, Size, World


def main() -> None:
    """Read the command line, drop the files, serve."""
    asked = _arguments()
    defects = Defects()
    if asked.defects:
        defects = defects.changed(
            {name: _value(value) for name, _, value in (one.partition("=") for one in asked.defects)}
        )
    world = World(
        seed=asked.seed,
        size=Size.of(asked.rows, asked.households, asked.reports, asked.scale),
        drop=asked.drop,
        territory=asked.territory,
        clock=_clock(asked.today),
        canaries=Canaries.read(asked.canaries) if asked.canaries else None,
        defects=defects,
        account=asked.account,
    )
    for dataset, files in offering("files").items():
        if asked.feeds is None or dataset in asked.feeds:
            files(world)
    uvicorn.run(build_app(world), host=asked.host, port=asked.port, log_level="warning", access_log=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stack.operators", description="Opérateurs simulés")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8703)
    parser.add_argument("--drop", type=Path, required=True, help="folder where files are dropped")
    parser.add_argument("--seed", type=int, default=49007)
    parser.add_argument("--rows", type=int, help="water readings of a month, roughly; the rest in proportion")
    parser.add_argument("--households", type=int)
    parser.add_argument("--reports", type=int, help="reports a month")
    parser.add_argument("--scale", type=float, help="of every other feed, to its natural size")
    parser.add_argument("--feeds", nargs="*", metavar="DATASET", help="whose files are dropped; by default all")
    parser.add_argument("--account", type=Path, help="folder that the SFTP account sees")
    parser.add_argument("--today", type=date.fromisoformat, help="the day it is; by default the real clock")
    parser.add_argument("--canaries", type=Path, help="file made by stack.operators.canaries")
    parser.add_argument("--defects", nargs="*", metavar="NAME=VALUE", help="see stack.operators.defects")
    parser.add_argument("--territory", type=Path, default=SHIPPED_TERRITORY)
    return parser.parse_args()


def _value(text: str) -> bool | float:
    return text == "true" if text in ("true", "false") else float(text)


def _clock(today: date | None) -> Callable[[], datetime]:
    """The real clock, or noon of one day for ever."""
    if today is None:
        return lambda: datetime.now(UTC)
    noon = datetime.combine(today, time(12), PARIS)
    return lambda: noon


if __name__ == "__main__":
    main()
