"""The master key: which one is in use, replacing it, and what destroyed keys still wait for.

master show --home H        master replace --home H        destroyed --home H
"""

from __future__ import annotations

import argparse

from custody.commands.command import Now, command


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    masters = commands.add_parser("master", help="the master key").add_subparsers(required=True)
    command(masters, "show", "name the master keys there were, and where they are kept", _show)
    command(masters, "replace", "wrap every key under a new master key, then destroy the old one", _replace)
    command(commands, "destroyed", "tell which keys were destroyed, and since when for good", _destroyed)


def _show(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.listings import master_lines

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        for line in master_lines(connection):
            print(line)


def _replace(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.replacement import replace_master

    with opened(options.home, now) as vault:
        print(replace_master(vault))


def _destroyed(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.destruction import destroyed_lines

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        for line in destroyed_lines(connection, vault.settings, vault.now()):
            print(line)
