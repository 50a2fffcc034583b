"""One request of each kind, in-process, before privileges are dropped.

What is imported later (an event loop's backend, a codec, a cipher) would not be found if the interpreter or the
checkout lies under a folder closed to custody's own user.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pyarrow as pa
from starlette.types import ASGIApp, Message, Receive

from anonymization.pseudonyms import PSEUDONYM_TYPE, Kind, canonicalize, to_base32
from anonymization.pseudonyms.coverage import Subjects
from anonymization.pseudonyms.wire import IDENTIFIER_SCHEMA, IpcWriter, StreamSource
from custody.domains import OpenDomain
from custody.errors import RefusedError
from custody.incoming import incoming
from custody.inputs import DistinctInputs
from custody.officers.trial import try_officers
from custody.transforming import Transformer
from policies.contract import CanonicalForm

_JSON = [(b"content-type", b"application/json"), (b"authorization", b"Bearer rehearsal")]
_CALLS: tuple[tuple[str, str, bytes, list[tuple[bytes, bytes]]], ...] = (
    ("GET", "/health", b"", []),
    ("GET", "/metrics", b"", []),
    ("GET", "/openapi.json", b"", []),
    ("GET", "/v1/rotations", b"", []),
    ("GET", "/v1/ledger/key", b"", []),
    ("POST", "/v1/statements", b"", []),
    ("POST", "/v1/runs", b"{}", _JSON),
    ("POST", "/v1/pseudonymize/consent", b"", []),
    ("POST", "/v1/pseudonymize/consent", json.dumps({"identifiers": ["a"], "form": "text"}).encode(), _JSON),
    ("POST", "/v1/rotations/consent/stream", b"", []),
)


def rehearse(app: ASGIApp, host: str, loop: Callable[[], asyncio.AbstractEventLoop] | None) -> None:
    """Do everything once; what it answers does not matter.

    Args:
        host: what is listened on.
        loop: makes an event loop of the kind that will serve.
    """
    _try_columns()
    try_officers()
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_try_listening(host))
        runner.run(_try_calls(app))


async def _try_listening(host: str) -> None:
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, 0)
    server.close()
    await server.wait_closed()


def _try_columns() -> None:
    column = pa.array(["a", None, "0612345678"])
    writer = IpcWriter(IDENTIFIER_SCHEMA)
    pieces = [*writer.write(pa.record_batch([column], schema=IDENTIFIER_SCHEMA)), *writer.end()]
    body = iter([b"".join(pieces)])
    for identifiers in incoming(StreamSource(lambda wanted: next(body, b"")), "identifier", (pa.string(),)):
        for form in CanonicalForm:
            canonicalize(form, identifiers)
        for kind in Kind:
            _try_kind(kind, identifiers)


def _try_kind(kind: Kind, identifiers: pa.Array) -> None:
    zeros = bytes(32)
    key = zeros if kind is Kind.ONE_WAY else bytes(kind.key_bytes)
    transformer = Transformer(OpenDomain("a", kind, 0, key, zeros, zeros, 32, "0123456789é", 1), "a")
    pseudonyms, tags = transformer(pa.array(["0612345678", None]))
    counted = DistinctInputs()
    counted.add(tags)
    counted.merge(DistinctInputs(counted.state()).state())
    Subjects(pa.array([], PSEUDONYM_TYPE)).keep(tags, pseudonyms)
    if kind is not Kind.FORMAT_PRESERVING:
        to_base32(pseudonyms)
    try:
        transformer(identifiers)
    except RefusedError as refusal:
        str(refusal)


async def _try_calls(app: ASGIApp) -> None:
    for method, path, body, headers in _CALLS:
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
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        await app(scope, _receive(body), _send)


def _receive(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _send(message: Message) -> None:
    await asyncio.sleep(0)
