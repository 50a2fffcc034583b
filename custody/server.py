"""Serving. As root the order matters: everything is read, imported and tried once, then the process becomes its user.

What is imported later (an event loop's backend, a codec) would not be found if the interpreter or the checkout lies
under a folder closed to that user: so one request of each kind is served in-process before dropping privileges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import uvicorn
from starlette.types import ASGIApp, Message

from anonymization.pseudonyms import PSEUDONYM_TYPE, cmac
from anonymization.pseudonyms.coverage import Subjects
from anonymization.pseudonyms.wire import IDENTIFIER_SCHEMA, IpcWriter, StreamSource
from custody.logs import event, logging_config
from custody.messages import PlainReader
from custody.officers.trial import try_officers
from custody.privileges import drop_to, forbid_core_dumps, give
from custody.service import make_service
from custody.settings import load_settings
from custody.vault import open_vault

OFFICERS = (("POST", "/v1/statements"), ("GET", "/v1/rotations"), ("POST", "/v1/rotations/consent/stream"))


def serve(home: Path, port: int, user: str | None, now: Callable[[], datetime]) -> None:
    """Serve on 127.0.0.1 until told to stop.

    Raises:
        CustodyServiceError: the settings, the master key, the database's state or the user are not right.
    """
    forbid_core_dumps()
    settings = load_settings(home)
    vault = open_vault(settings, now)
    app = make_service(vault, settings)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=logging_config(),
        timeout_graceful_shutdown=5,
    )
    config.load()
    config.get_loop_factory()
    _try_columns()
    try_officers()
    asyncio.run(_try_requests(app.app))
    vault.engine.dispose()
    if user is not None:
        give(home, user)
        drop_to(user)
    event("start", port=port)
    uvicorn.Server(config).run()


def _try_columns() -> None:
    column = pa.array(["a", None, "b"])
    writer = IpcWriter(IDENTIFIER_SCHEMA)
    pieces = iter([writer.write(pa.record_batch([column], schema=IDENTIFIER_SCHEMA)), writer.end()])
    reader = PlainReader(StreamSource(lambda: next(pieces, b"")))
    while (batch := reader.next_batch()) is not None:
        tags = cmac(bytes(16), batch.column(0))
        Subjects(pa.array([], PSEUDONYM_TYPE)).keep(tags, tags)


async def _try_requests(app: ASGIApp) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)

    for method, path in (("GET", "/health"), ("POST", "/v1/runs"), ("POST", "/v1/pseudonymize/consent"), *OFFICERS):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        await app(scope, receive, send)
