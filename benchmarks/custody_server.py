"""Custody's service with calls to compare it with: a stream merely echoed, and a call of one durable insert.

Started by ``benchmarks.custody``; the same server, configured as custody's own is.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pyarrow as pa
import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, insert

from anonymization.pseudonyms.wire import Piece, StreamSource
from custody.body_limit import BodyLimit
from custody.duplex import Finished, respond
from custody.errors import RefusedError
from custody.incoming import incoming
from custody.outgoing import Outgoing
from custody.request_log import RequestLog
from custody.server import FREED_BYTES, configuration
from custody.service import make_application
from custody.settings import load_settings
from custody.vault import Vault, open_vault
from settings.memory import keep_freed_memory

ECHO, INSERT = "/v1/pseudonymize/echo/arrow", "/benchmark/insert"


class Echo:
    """An answer that is its own question: the identifiers, read, checked and written as the service does."""

    def __init__(self, source: StreamSource) -> None:
        self._source = source

    def __iter__(self) -> Generator[Piece]:
        """Yield the batches that the body brings."""
        outgoing = Outgoing({}, pa.string())
        for identifiers in incoming(self._source, "identifier", (pa.string(),)):
            yield outgoing.batch(identifiers)
        yield outgoing.end()

    def error(self, refusal: RefusedError) -> Piece:
        """Nothing ends it early."""
        return []


def add_comparisons(app: FastAPI, vault: Vault) -> None:
    """Add both calls."""
    limiter = anyio.CapacityLimiter(4)
    table = Table("benchmark", MetaData(), Column("id", Integer, Identity(), primary_key=True), Column("text", Text))
    table.create(vault.engine, checkfirst=True)

    async def finished(refusal: RefusedError | None) -> None:
        await anyio.sleep(0)

    def made(answer: object) -> Finished:
        return finished

    @app.post(ECHO)
    async def echo(request: Request) -> Response:
        return await respond(request, 60, limiter, Echo, made)

    @app.post(INSERT)
    def one_insert(body: dict[str, list[str]]) -> dict[str, list[str]]:
        with vault.engine.begin() as connection:
            connection.execute(insert(table).values(text="a row"))
        return body


def main() -> None:
    """Serve a home on a port."""
    home, port = Path(sys.argv[1]), int(sys.argv[2])
    keep_freed_memory(FREED_BYTES)  # as custody's own entry does
    settings = load_settings(home)
    vault = open_vault(settings, lambda: datetime.now(UTC))
    app = make_application(vault, settings)
    add_comparisons(app, vault)
    uvicorn.Server(configuration(RequestLog(BodyLimit(app)), settings, port)).run()


if __name__ == "__main__":
    main()
