"""Custody's service with two calls more, to compare it with: a stream merely echoed, and a call of one durable insert.

Started by ``benchmarks.custody``; the same server, configured as custody's own is.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, insert

from custody.body_limit import BodyLimit
from custody.duplex import BodyPuller, DuplexResponse
from custody.errors import RefusedError
from custody.request_log import RequestLog
from custody.server import configuration
from custody.service import make_application
from custody.settings import load_settings
from custody.vault import Vault, open_vault

ECHO, INSERT = "/v1/pseudonymize/echo/stream", "/benchmark/insert"


class Echo:
    """An answer that is its own question, as it comes."""

    def __init__(self, pull: BodyPuller) -> None:
        self._pull = pull

    def __iter__(self) -> Generator[bytes]:
        """Yield what the body brings."""
        while data := self._pull():
            yield data

    def error(self, refusal: RefusedError) -> bytes:
        """Nothing ends it early."""
        return b""


def add_comparisons(app: FastAPI, vault: Vault) -> None:
    """Add both calls."""
    limiter = anyio.CapacityLimiter(4)
    table = Table("benchmark", MetaData(), Column("id", Integer, Identity(), primary_key=True), Column("text", Text))
    table.create(vault.engine, checkfirst=True)

    @app.post(ECHO)
    async def echo(request: Request) -> Response:
        answer = Echo(BodyPuller(request.receive, 60))
        pieces = iter(answer)
        first = await run_sync(next, pieces, limiter=limiter)

        async def finished(refusal: RefusedError | None) -> None:
            await anyio.sleep(0)

        return DuplexResponse(answer, first, pieces, limiter, finished)

    @app.post(INSERT)
    def one_insert(body: dict[str, list[str]]) -> dict[str, list[str]]:
        with vault.engine.begin() as connection:
            connection.execute(insert(table).values(text="a row"))
        return body


def main() -> None:
    """Serve a home on a port."""
    home, port = Path(sys.argv[1]), int(sys.argv[2])
    settings = load_settings(home)
    vault = open_vault(settings, lambda: datetime.now(UTC))
    app = make_application(vault, settings)
    add_comparisons(app, vault)
    uvicorn.Server(configuration(RequestLog(BodyLimit(app)), settings, port)).run()


if __name__ == "__main__":
    main()
