"""Prepare a home, bring its database forward, serve.

init --home H [--database URL] [--domain D]… [--domains FILE] [--client ROLE=TOKEN_FILE]… [--user U]
migrate --home H
serve --home H --port P [--user U]
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from custody.commands.command import Now, command
from custody.errors import SettingsError
from custody.settings import FILE


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this file."""
    init = command(commands, "init", "prepare a home: folders, master key, database, consent domain", _init)
    init.add_argument("--database", help="SQLAlchemy URL; its password: <home>/secrets/postgres-custody")
    init.add_argument("--domain", action="append", default=[], help="declare a one-way domain (repeatable)")
    init.add_argument("--domains", type=Path, help="declare the domains of a TOML file: [name] kind=… recipient=…")
    init.add_argument(
        "--client", action="append", default=[], metavar="ROLE=FILE", help="declare a client (repeatable)"
    )
    init.add_argument("--user", help="operating-system user that will own the home")

    command(commands, "migrate", "bring the database to this version's state", _migrate)

    serve = command(commands, "serve", "serve on the settings' address, 127.0.0.1 by default", _serve)
    serve.add_argument("--port", type=int, required=True)
    serve.add_argument("--user", help="operating-system user to become, when started as root")


def _init(options: argparse.Namespace, now: Now) -> None:
    from custody.administration import declare, ensure_client, read_domains
    from custody.domains import Declaration
    from custody.privileges import give
    from custody.settings import load_settings
    from custody.vault import prepare

    home: Path = options.home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "secrets").mkdir(mode=0o700, exist_ok=True)
    if options.database:
        _write_database(home / FILE, options.database)
    declarations = read_domains(options.domains) if options.domains else []
    vault = prepare(load_settings(home), now)
    for declaration in [*declarations, *map(Declaration, options.domain)]:
        declare(vault, declaration)
    for pair in options.client:
        role, _, file = pair.partition("=")
        ensure_client(vault, role, role, Path(file))
    vault.engine.dispose()
    if options.user:
        give(home, options.user)


def _write_database(file: Path, database: str) -> None:
    """Write the database's address, before any table; what else the file says stays."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else ["# Settings of Ardoise's custody."]
    if re.search(r'["\\\n]', database):
        raise SettingsError("a database's address has neither quotes nor backslashes")
    kept = [line for line in lines if not re.match(r"\s*database\s*=", line)]
    first = 1 if kept and kept[0].startswith("#") else 0
    partial = file.with_suffix(".partial")
    text = "\n".join([*kept[:first], f'database = "{database}"', *kept[first:], ""])
    partial.write_text(text, encoding="utf-8")
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
