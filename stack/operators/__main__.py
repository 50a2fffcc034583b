"""``python -m stack.operators``: the operators' HTTP services, after dropping the files they have delivered by now.

Files are looked after once an hour: what an operator delivers later appears later.
"""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable

import uvicorn

from stack.operators.arguments import add_world_arguments, world_of
from stack.operators.registry import offering
from stack.operators.server import build_app
from stack.operators.world import World

log = logging.getLogger("stack.operators")
PAUSE = 3600.0  # seconds between two looks at what is to be dropped


def main() -> None:
    """Read the command line, drop the files, serve."""
    parser = argparse.ArgumentParser(prog="python -m stack.operators", description="Opérateurs simulés")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8703)
    parser.add_argument("--feeds", nargs="*", metavar="DATASET", help="whose files are dropped; by default all")
    add_world_arguments(parser)
    asked = parser.parse_args()
    world = world_of(asked)
    droppers = [files for name, files in offering("files").items() if asked.feeds is None or name in asked.feeds]
    for files in droppers:
        files(world)
    threading.Thread(target=_go_on, args=(world, droppers), daemon=True).start()
    uvicorn.run(build_app(world), host=asked.host, port=asked.port, log_level="warning", access_log=False)


def _go_on(world: World, droppers: list[Callable[[World], None]]) -> None:
    while not threading.Event().wait(PAUSE):
        for files in droppers:
            try:
                files(world)
            except OSError as error:
                log.warning("files could not be dropped: %s", type(error).__name__)


if __name__ == "__main__":
    main()
