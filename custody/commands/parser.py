"""``python -m custody COMMAND --home H``: one file for each group of commands.

    init, migrate, serve                    homes.py
    domain add|list, client add|list        declarations.py
    master show|replace, destroyed          masters.py
    log verify|accept|show, alerts          records.py
    officer keys|add|remove|list            people.py
    request …, approve, refuse, collect, requests, domains, epochs    officers.py

Everything may be run again: what exists is kept. Tokens go to files of mode 600; custody keeps only their hash.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from custody.commands import declarations, homes, masters, officers, people, records
from custody.errors import CustodyServiceError, RefusedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = command_parser().parse_args(arguments)
    try:
        options.run(options, lambda: datetime.now(UTC))
    except (CustodyServiceError, RefusedError) as error:
        print(f"custody: {error}", file=sys.stderr)
        return 1
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it parses has a function ``run``."""
    parser = argparse.ArgumentParser(prog="python -m custody", description="The trusted third party's service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (homes, declarations, masters, people, officers, records):
        group.register(commands)
    return parser
