"""What enrolled people do (:mod:`custody.commands.people` enrolls them). They read French.

    request reidentify|rotate …                           ask
    approve ID, refuse ID                                 read a request, then put one's name to it, or end it
    collect ID                                            the recipient reads the answer, once
    requests, domains, epochs, log show                   see what stands

A person acts with ``--as NAME --key FILE``, at custody's service (``--url``) or on its own machine (``--home``).
"""

from __future__ import annotations

import argparse
import getpass
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custody.commands.command import Now
from custody.commands.people import add_passphrase, read_passphrase
from custody.errors import RefusedError, SettingsError

if TYPE_CHECKING:
    from custody.officers.place import Folder, Place

_Commands = argparse._SubParsersAction  # what argparse gives to add commands to


def register(commands: _Commands[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    requests = commands.add_parser("request", help="ask what two officers approve").add_subparsers(required=True)
    rotate = _person(requests.add_parser("rotate", help="lead a one-way domain to its next epoch"), _rotate)
    reidentify = _person(requests.add_parser("reidentify", help="turn pseudonyms back, for one recipient"), _reidentify)
    for parser in (rotate, reidentify):
        parser.add_argument("--domain", required=True)
        parser.add_argument("--epoch", type=int, required=True, help="of the pseudonyms; the one to leave")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--days", type=float, default=7.0, help="until the request expires")
    reidentify.add_argument("--column", required=True)
    reidentify.add_argument("--pseudonym", action="append", required=True, help="hexadecimal (repeatable)")
    reidentify.add_argument("--legal-basis", required=True)
    reidentify.add_argument("--recipient", required=True)
    reidentify.add_argument(
        "--recipient-card", required=True, help="the recipient's card: the answer opens for it alone"
    )

    for name, words, run in (
        ("approve", "put one's name to a request", _approve),
        ("refuse", "end a request without effect", _refuse),
        ("collect", "read the answer to a request, once", _collect),
    ):
        parser = _person(commands.add_parser(name, help=words), run)
        parser.add_argument("id", help="the request's digest, or its beginning")
        if name == "approve":
            parser.add_argument("--yes", action="store_true", help="do not ask")
    for what in ("requests", "domains", "epochs"):
        add_look(commands.add_parser(what, help=f"show the {what}"), what)


def add_look(parser: argparse.ArgumentParser, what: str) -> None:
    """Make ``parser`` the command that shows ``what``."""
    _person(parser, _look, needed=False).set_defaults(what=what)


def _person(parser: argparse.ArgumentParser, run: Any, *, needed: bool = True) -> argparse.ArgumentParser:
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--url", help="the address of custody's service")
    place.add_argument("--home", type=Path, help="custody's own folder, on its own machine")
    parser.add_argument("--as", dest="person", required=needed, help="one's enrolled name")
    parser.add_argument("--key", type=Path, required=needed, help="the file of one's keys")
    add_passphrase(parser)
    parser.set_defaults(run=_in_french(run))
    return parser


def _in_french(run: Any) -> Any:
    """Tell refusals as officers read them."""

    def told(options: argparse.Namespace, now: Now) -> None:
        from custody.officers.screen import refusal_text

        try:
            run(options, now)
        except RefusedError as refusal:
            raise SettingsError(refusal_text(refusal)) from None

    return told


def _rotate(options: argparse.Namespace, now: Now) -> None:
    _ask(options, now, {"kind": "rotate", "from_epoch": options.epoch})


def _reidentify(options: argparse.Namespace, now: Now) -> None:
    import hashlib

    from custody.officers.keyfiles import Card

    key = Card.from_text(options.recipient_card).encryption_key
    if key is None:
        raise SettingsError("cette carte n'a pas de clé pour ouvrir une réponse : « officer keys --recipient »")
    fields = {
        "kind": "reidentify",
        "column": options.column,
        "epoch": options.epoch,
        "pseudonyms": [value.lower() for value in options.pseudonym],
        "legal_basis": options.legal_basis,
        "recipient": options.recipient,
        "recipient_key": hashlib.sha256(key).hexdigest(),
    }
    _ask(options, now, fields)


def _ask(options: argparse.Namespace, now: Now, fields: dict[str, Any]) -> None:
    common = {
        "act": "request",
        "domain": options.domain,
        "reason": options.reason,
        "expires_at": (now() + timedelta(days=options.days)).isoformat(),
        "nonce": os.urandom(16).hex(),
    }
    answer = _say(options, now, common | fields)
    print(f"demande {answer['request']}\ndeux personnes habilitées doivent maintenant l'approuver")


def _approve(options: argparse.Namespace, now: Now) -> None:
    """Show the request as its digest covers it, then sign that digest: custody can not show another one."""
    from custody.officers.acts import Reidentification, Rotation, read_act
    from custody.officers.screen import STATES, consequence_text, request_text
    from custody.officers.statements import Signed

    digest = _find(options, now)
    shown = _say(options, now, {"act": "look", "what": "request", "request": digest})
    signed = Signed.from_json({"statement": shown["statement"], "signature": shown["signature"]})
    asked = read_act(signed)
    if signed.digest() != digest or not isinstance(asked, Reidentification | Rotation):
        raise RefusedError("record_altered", "custody shows another request than the one of this digest")
    print(request_text(digest, asked, shown["approvers"], shown["state"]))
    print(consequence_text(asked))
    if not options.yes and input("Approuver ? Tapez « oui » : ").strip().lower() != "oui":
        raise SettingsError("rien n'a été approuvé")
    answer = _say(options, now, {"act": "approve", "request": digest})
    print(f"approuvée : {answer['approvals']} approbation(s), {STATES.get(answer['state'], answer['state'])}")


def _refuse(options: argparse.Namespace, now: Now) -> None:
    digest = _find(options, now)
    _say(options, now, {"act": "refuse", "request": digest})
    print(f"demande {digest} refusée")


def _collect(options: argparse.Namespace, now: Now) -> None:
    import base64

    from custody.officers.answers import open_answer

    keys, digest = _read(options), _find(options, now)
    if keys.encryption_key is None:
        raise SettingsError("ces clés n'ouvrent pas de réponse ; rien n'a été relevé")
    answer = _say(options, now, {"act": "collect", "request": digest}, keys)
    for identifier in open_answer(keys.encryption_key, digest, base64.b64decode(answer["answer"])):
        print(identifier)


def _look(options: argparse.Namespace, now: Now) -> None:
    from custody.officers import screen

    if options.person is not None:
        found = _say(options, now, {"act": "look", "what": options.what})
    elif options.home is not None:
        found = _folder(options, now).look(options.what)
    else:
        raise SettingsError("par le réseau, dites qui regarde : --as NOM --key FICHIER")
    texts = {
        "requests": screen.requests_text,
        "domains": screen.domains_text,
        "epochs": screen.epochs_text,
        "log": screen.log_text,
    }
    print(texts[options.what](found[options.what]))


def _find(options: argparse.Namespace, now: Now) -> str:
    """The digest that begins with what was typed."""
    typed = options.id.lower()
    if len(typed) == 64:
        return str(typed)
    found = _say(options, now, {"act": "look", "what": "requests"})["requests"]
    matching = [line["request"] for line in found if line["request"].startswith(typed)]
    if len(typed) < 8 or len(matching) != 1:
        raise RefusedError("request_unknown", "no request, or several, begin like this")
    return str(matching[0])


def _say(options: argparse.Namespace, now: Now, fields: dict[str, Any], keys: Any = None) -> dict[str, Any]:
    """Sign a statement and bring it to custody."""
    from custody.officers.statements import sign

    keys = keys or _read(options)
    statement = fields | {"by": options.person, "at": now().isoformat()}
    return _place(options, now).hear(sign(keys.signing_key, statement))


def _place(options: argparse.Namespace, now: Now) -> Place:
    from custody.officers.place import Service

    return Service(options.url) if options.url else _folder(options, now)


def _folder(options: argparse.Namespace, now: Now) -> Folder:
    from custody.officers.place import Folder

    return Folder(options.home, now)


def _read(options: argparse.Namespace) -> Any:
    from custody.officers.keyfiles import is_protected, read_keys

    passphrase = read_passphrase(options)
    if passphrase is None and is_protected(options.key):
        options.passphrase = passphrase = getpass.getpass("Phrase de passe : ")
    return read_keys(options.key, passphrase)
