"""``python -m inbox serve`` listens to operators; ``token`` and ``revoke`` say who may post."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import uvicorn
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from anonymization.pseudonyms import CustodyClient
from inbox import logs
from inbox.application import Feed, Services, create_application
from inbox.listening import PatientOnce
from inbox.reception import Reception
from inbox.tokens import Tokens
from policies import ContractError, PolicyError, load_territory
from settings import Settings, SettingsError, load_settings
from settings.version import __version__
from sources import SourceError
from sources.connectors.options import PushOptions
from sources.options import read_options
from storage import Journal, S3ObjectStore, StorageError, database_engine

log = logging.getLogger("inbox")
CONNECTIONS = 512
GRACE_SECONDS = 10
LOCAL = ("127.0.0.1", "::1", "localhost")


def build_services(settings: Settings, engine: Engine) -> Services:
    """Put the collaborators together. Its only credentials are those of *ingest*: landing, and keys to seal with."""
    territory = load_territory(settings.territory, refused=_left_out)
    feeds = {
        str(contract.id): Feed(contract, read_options(contract, PushOptions))
        for contract in territory.contracts.values()
        if contract.feed.connector == "http_push" and contract.status != "retired"
    }
    store = S3ObjectStore(settings.s3, settings.s3.private_bucket, settings.credential("ingest"))
    custodian = CustodyClient(
        settings.custody_url, settings.secret("custody-client-ingest"), tls=settings.custody_tls()
    )
    return Services(
        feeds=feeds,
        tokens=Tokens(settings.inbox_tokens),
        reception=Reception(store, custodian, Journal(engine), lambda: datetime.now(UTC)),
        today=lambda: datetime.now(UTC).date(),
        ready=lambda: _database_answers(engine),
        version=__version__,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given = _parser().parse_args(arguments)
    logs.configure()
    try:
        settings = load_settings(given.home)
        match given.command:
            case "serve":
                _serve(settings, given.host, given.port)
            case "token":
                _hand_over(Tokens(settings.inbox_tokens).issue(given.operator, given.until), given.into)
            case "revoke":
                print(f"{Tokens(settings.inbox_tokens).revoke(given.operator)} jeton(s) retiré(s)")
    except (SettingsError, PolicyError, StorageError, SourceError) as error:
        log.error("%s", error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inbox", description="Le dépôt des opérateurs.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="écouter les opérateurs")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8704)
    token = commands.add_parser("token", help="donner un jeton à un opérateur : il n'est montré qu'une fois")
    token.add_argument("operator")
    token.add_argument("--until", type=date.fromisoformat, help="dernier jour (AAAA-MM-JJ)")
    token.add_argument("--into", type=Path, help="l'écrire dans ce fichier (mode 600) au lieu de le montrer")
    revoke = commands.add_parser("revoke", help="retirer tous les jetons d'un opérateur")
    revoke.add_argument("operator")
    for command in (serve, token, revoke):
        command.add_argument("--home", type=Path, help="dossier d'état (par défaut : ARDOISE_HOME)")
    return parser


def _serve(settings: Settings, host: str, port: int) -> None:
    certificate, key = settings.inbox_certificate, settings.inbox_key
    if certificate is None and host not in LOCAL:
        raise SettingsError(f"tokens do not travel in clear: to serve on {host}, set inbox_certificate and inbox_key")
    engine = database_engine(settings.hub_database_url())
    try:
        services = build_services(settings, engine)
        log.info("start", extra={"fields": {"feeds": sorted(services.feeds), "tls": certificate is not None}})
        uvicorn.run(
            create_application(services),
            host=host,
            port=port,
            http=PatientOnce,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        engine.dispose()


def _hand_over(token: str, into: Path | None) -> None:
    if into is None:
        print(token)
        return
    descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(token)


def _left_out(file: Path, error: ContractError) -> None:
    """One broken contract must not close the inbox to the other operators."""
    log.warning("%s is not valid and is left out: « ardoise contracts check » says why", file.name)


def _database_answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
