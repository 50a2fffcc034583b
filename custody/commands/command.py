"""What every command has in common: custody's folder, and a function that takes the options and a clock."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

Now = Callable[[], datetime]


def command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    run: Callable[[argparse.Namespace, Now], None],
) -> argparse.ArgumentParser:
    """Add a command and return its parser."""
    parser = commands.add_parser(name, help=words)
    parser.add_argument("--home", type=Path, required=True, help="custody's own folder")
    parser.set_defaults(run=run)
    return parser
