"""Declare domains, and who may ask.

domain add NAME --home H [--kind K --recipient R --purpose P …]     domain list --home H
client add NAME --home H --role R --token-file F [--domain D --quota N --days D]     client list --home H
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from custody.commands.command import Now, command


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    domains = commands.add_parser("domain", help="pseudonymisation domains").add_subparsers(required=True)
    domain = command(domains, "add", "declare a domain, or say more of one", _add_domain)
    domain.add_argument("name")
    domain.add_argument("--kind", default="one-way", help="one-way, reversible or format-preserving")
    domain.add_argument("--recipient", help="who works with its pseudonyms")
    domain.add_argument("--purpose", help="what for")
    domain.add_argument("--epoch-days", type=int, help="how long an epoch may last")
    domain.add_argument("--padded-length", type=int, help="bytes identifiers are padded to (reversible)")
    domain.add_argument("--alphabet", help="the characters of its identifiers (format-preserving)")
    domain.add_argument("--expected-inputs", type=int, help="how many distinct identifiers it will ever see")
    command(domains, "list", "tell the domains", _list_domains)

    clients = commands.add_parser("client", help="who may ask").add_subparsers(required=True)
    client = command(clients, "add", "declare a client, or replace its token, role and quota", _add_client)
    client.add_argument("name")
    client.add_argument("--role", required=True, help="ingest, orchestrator, consent or operator")
    client.add_argument("--token-file", type=Path, required=True, help="where its token is, or will be, kept")
    client.add_argument("--domain", action="append", default=[], help="an operator's domain (repeatable)")
    client.add_argument("--quota", type=int, default=0, help="identifiers that an operator may send")
    client.add_argument("--days", type=float, help="until when, from now, the token is good")
    command(clients, "list", "tell the clients", _list_clients)


def _add_domain(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import declaration, declare, opened

    fields = ("kind", "recipient", "purpose", "epoch_days", "padded_length", "alphabet", "expected_inputs")
    said = {name: getattr(options, name) for name in fields if getattr(options, name) is not None}
    wanted = declaration(options.name, said)
    with opened(options.home, now) as vault:
        made = declare(vault, wanted)
    print(f"domain {options.name}: {'declared' if made else 'was there'}")


def _list_domains(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.listings import domain_lines

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        for line in domain_lines(connection, vault.now()):
            print(line)


def _add_client(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import ensure_client, opened

    lasts = timedelta(days=options.days) if options.days is not None else None
    with opened(options.home, now) as vault:
        made = ensure_client(
            vault, options.name, options.role, options.token_file, options.domain, options.quota, lasts
        )
    print(f"client {options.name}: {'new token in ' + str(options.token_file) if made else 'token kept'}")


def _list_clients(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.listings import client_lines

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        for line in client_lines(connection):
            print(line)
