"""The log and the alerts.

log verify --home H     log accept --home H --reason TEXT     log show (see officers.py)     alerts --home H
"""

from __future__ import annotations

import argparse

from custody.commands.command import Now, command
from custody.commands.officers import add_look


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    log = commands.add_parser("log", help="the log of requests").add_subparsers(required=True)
    command(log, "verify", "read the whole log; fail if a row was altered or is missing", _verify)
    accept = command(log, "accept", "go on from a log that was cut off (a database restored from a backup)", _accept)
    accept.add_argument("--reason", required=True, help="why; it becomes a row of the log")
    add_look(log.add_parser("show", help="show its last rows"), "log")
    command(commands, "alerts", "tell the domains that saw more identifiers than expected", _alerts)


def _verify(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened, verify_log

    with opened(options.home, now, trust_log=True) as vault:
        print(f"the log is whole: {verify_log(vault)} rows")


def _accept(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import accept_log, opened

    with opened(options.home, now, trust_log=True) as vault:
        print(f"accepted: the log goes on from row {accept_log(vault, options.reason)}")


def _alerts(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.listings import alert_lines

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        for line in alert_lines(connection):
            print(line)
