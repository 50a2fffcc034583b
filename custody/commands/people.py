"""Who is enrolled at custody, and the keys that each person makes for themselves.

officer keys --out FILE [--recipient]                 a person makes their own keys, anywhere; prints their card
officer add NAME --role ROLE… --card CARD --home H    the administrator enrolls them
officer remove NAME --home H                          officer list --home H
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any

from custody.commands.command import Now
from custody.errors import SettingsError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    officers = commands.add_parser("officer", help="enrolled people").add_subparsers(required=True)
    keys = officers.add_parser("keys", help="make one's own keys; print the card to be enrolled")
    keys.add_argument("--out", type=Path, required=True, help="the file that will hold them, mode 600")
    keys.add_argument("--recipient", action="store_true", help="also a key to open answers with")
    add_passphrase(keys)
    keys.set_defaults(run=_keys)
    add = _at_home(officers.add_parser("add", help="enroll a person"), _add)
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=["officer", "requester", "recipient"])
    add.add_argument("--card", required=True, help="the line that « officer keys » printed")
    _at_home(officers.add_parser("remove", help="take a person off the list"), _remove).add_argument("name")
    _at_home(officers.add_parser("list", help="tell who is enrolled"), _list)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Let a passphrase come from a file."""
    parser.add_argument("--passphrase-file", type=Path, help="instead of being asked; an empty file: none")


def read_passphrase(options: argparse.Namespace) -> str | None:
    """The passphrase that a file holds, or that was typed before; None if it is to be asked."""
    if options.passphrase_file is None:
        return getattr(options, "passphrase", None)
    try:
        return str(options.passphrase_file.read_text(encoding="utf-8").rstrip("\n"))
    except OSError as error:
        raise SettingsError(f"{options.passphrase_file} is not readable ({type(error).__name__})") from None


def _at_home(parser: argparse.ArgumentParser, run: Any) -> argparse.ArgumentParser:
    parser.add_argument("--home", type=Path, required=True, help="custody's own folder")
    parser.set_defaults(run=run)
    return parser


def _keys(options: argparse.Namespace, now: Now) -> None:
    from custody.officers.keyfiles import new_keys, write_keys

    passphrase = read_passphrase(options)
    if passphrase is None:
        passphrase = getpass.getpass("Phrase de passe (vide : aucune) : ")
        if passphrase != getpass.getpass("Encore une fois : "):
            raise SettingsError("les deux saisies diffèrent : rien n'a été fait")
    keys = new_keys(receives=options.recipient)
    write_keys(options.out, keys, passphrase)
    print(keys.card.to_text())


def _add(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.officers.keyfiles import Card
    from custody.officers.people import PersonRole, enroll

    with opened(options.home, now) as vault:
        person = enroll(vault, options.name, map(PersonRole, options.role), Card.from_text(options.card))
    print(f"{person.name} : inscrit(e), {', '.join(sorted(person.roles))}")


def _remove(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.officers.people import dismiss

    with opened(options.home, now) as vault:
        dismiss(vault, options.name)
    print(f"{options.name} : retiré(e) de la liste")


def _list(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.officers.people import all_people
    from custody.officers.screen import people_text

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        found = all_people(vault, connection)
    print(people_text((one.name, ", ".join(sorted(one.roles)), one.enrolled_at) for one in found))
