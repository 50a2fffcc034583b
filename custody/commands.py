"""``python -m custody``: prepare, bring forward, serve, and declare who may ask for what.

    init --home H [--database URL] [--domain D]… [--client ROLE=TOKEN_FILE]… [--user U]
    migrate --home H
    serve --home H --port P [--user U]
    domain add NAME --home H            domain list --home H
    client add NAME --home H --role R --token-file F

Everything may be run again: what exists is kept. Tokens go to files of mode 600; custody keeps only their hash.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from custody.errors import CustodyServiceError, RefusedError, SettingsError
from custody.settings import FILE

Now = Callable[[], datetime]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options, lambda: datetime.now(UTC))
    except (CustodyServiceError, RefusedError) as error:
        print(f"custody: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m custody", description="The trusted third party's service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = _command(commands, "init", "prepare a home: folders, master key, database, consent domain", _init)
    init.add_argument("--database", help="SQLAlchemy URL; its password: <home>/secrets/postgres-custody")
    init.add_argument("--domain", action="append", default=[], help="declare a domain (repeatable)")
    init.add_argument(
        "--client", action="append", default=[], metavar="ROLE=FILE", help="declare a client (repeatable)"
    )
    init.add_argument("--user", help="operating-system user that will own the home")

    _command(commands, "migrate", "bring the database to this version's state", _migrate)

    serve = _command(commands, "serve", "serve on 127.0.0.1", _serve)
    serve.add_argument("--port", type=int, required=True)
    serve.add_argument("--user", help="operating-system user to become, when started as root")

    domains = commands.add_parser("domain", help="pseudonymisation domains").add_subparsers(required=True)
    _command(domains, "add", "declare a domain", _add_domain).add_argument("name")
    _command(domains, "list", "name the domains", _list_domains)

    clients = commands.add_parser("client", help="parts of the hub that may ask").add_subparsers(required=True)
    client = _command(clients, "add", "declare a client, or replace its token and role", _add_client)
    client.add_argument("name")
    client.add_argument("--role", required=True, help="ingest, orchestrator or consent")
    client.add_argument("--token-file", type=Path, required=True, help="where its token is, or will be, kept")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    run: Callable[[argparse.Namespace, Now], None],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=words)
    command.add_argument("--home", type=Path, required=True, help="custody's own folder")
    command.set_defaults(run=run)
    return command


def _init(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import ensure_client, ensure_domain
    from custody.privileges import give
    from custody.settings import load_settings
    from custody.vault import prepare

    home: Path = options.home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "secrets").mkdir(mode=0o700, exist_ok=True)
    if options.database:
        _write_database(home / FILE, options.database)
    vault = prepare(load_settings(home), now)
    for name in options.domain:
        ensure_domain(vault, name)
    for pair in options.client:
        role, _, file = pair.partition("=")
        ensure_client(vault, role, role, Path(file))
    vault.engine.dispose()
    if options.user:
        give(home, options.user)


def _write_database(file: Path, database: str) -> None:
    """Write the database's address; what else the file says stays."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else ["# Settings of Ardoise's custody."]
    if re.search(r'["\\\n]', database):
        raise SettingsError("a database's address has neither quotes nor backslashes")
    kept = [line for line in lines if not re.match(r"\s*database\s*=", line)]
    partial = file.with_suffix(".partial")
    partial.write_text("\n".join([*kept, f'database = "{database}"', ""]), encoding="utf-8")
    partial.chmod(0o600)
    os.replace(partial, file)


def _migrate(options: argparse.Namespace, now: Now) -> None:
    from custody.database import open_engine, upgrade
    from custody.settings import load_settings

    engine = open_engine(load_settings(options.home).database_url())
    try:
        print(f"state {upgrade(engine)}")
    finally:
        engine.dispose()


def _serve(options: argparse.Namespace, now: Now) -> None:
    from custody.server import serve

    serve(options.home, options.port, options.user, now)


def _add_domain(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import ensure_domain, opened

    with opened(options.home, now) as vault:
        made = ensure_domain(vault, options.name)
    print(f"domain {options.name}: {'declared' if made else 'was there'}")


def _list_domains(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import opened
    from custody.domains import domain_names

    with opened(options.home, now) as vault, vault.engine.connect() as connection:
        print("\n".join(domain_names(connection)))


def _add_client(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import ensure_client, opened

    with opened(options.home, now) as vault:
        made = ensure_client(vault, options.name, options.role, options.token_file)
    print(f"client {options.name}: {'new token in ' + str(options.token_file) if made else 'token kept'}")
