"""What an outage looks like from a task: a clear error soon, and nothing half done."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from settings import S3Settings
from storage import Journal, S3ObjectStore, StoreUnavailableError, database_engine, s3, upgrade
from tests.stack_fixtures import ObjectStoreServer
from tests.unit.storage.behavior import LARGE, sha


@contextmanager
def listener(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on a free port that does `serve` with each connection; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def store_at(object_store: ObjectStoreServer, endpoint: str) -> S3ObjectStore:
    settings = S3Settings(endpoint=endpoint, private_bucket=object_store.s3.private_bucket)
    return S3ObjectStore(settings, settings.private_bucket, object_store.credential("admin"))


def every_call_fails(store: S3ObjectStore) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.put("trusted/a", b"x"),
        lambda: store.put("trusted/a", [LARGE]),
        lambda: store.get("trusted/a"),
        lambda: store.open("trusted/a"),
        lambda: store.head("trusted/a"),
        lambda: list(store.list("trusted/")),
        lambda: store.delete("trusted/a"),
    ]
    for call in calls:
        begin = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="ardoise status"):
            call()
        assert time.monotonic() - begin < 8


def test_a_store_that_is_down(object_store: ObjectStoreServer) -> None:
    every_call_fails(store_at(object_store, free_address()))


def test_a_store_that_hangs_up(object_store: ObjectStoreServer) -> None:
    with listener(lambda connection: connection.close()) as address:
        every_call_fails(store_at(object_store, address))


def test_a_store_that_answers_something_else(object_store: ObjectStoreServer) -> None:
    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n")

    with listener(serve) as address, pytest.raises(StoreUnavailableError):
        store_at(object_store, address).get("trusted/a")


def test_a_store_that_never_answers(object_store: ObjectStoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_READ_TIMEOUT", 0.3)
    silent = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            silent.wait(20)

    with listener(serve) as address:
        every_call_fails(store_at(object_store, address))
        silent.set()


def test_a_download_that_breaks_off_is_no_short_object(store: S3ObjectStore, object_store: ObjectStoreServer) -> None:
    store.put("trusted/large", LARGE)
    target = urlsplit(object_store.s3.endpoint)

    def cut(connection: socket.socket) -> None:
        """Pass the request on, and only the first 5 MB of the answer back."""
        with connection, socket.create_connection((target.hostname or "", target.port or 0)) as upstream:
            upstream.sendall(connection.recv(1 << 16))
            left = 5_000_000
            while left > 0 and (data := upstream.recv(min(left, 1 << 16))):
                connection.sendall(data)
                left -= len(data)

    with listener(cut) as address:
        for digest in (None, sha(LARGE)):
            with pytest.raises(StoreUnavailableError):
                store_at(object_store, address).get("trusted/large", digest)


def test_a_database_that_is_down() -> None:
    url = "postgresql+psycopg://ardoise:topsecret@" + urlsplit(free_address()).netloc + "/ardoise"
    for call in (lambda: upgrade(url), lambda: Journal(database_engine(url)).cursor("parking")):
        with pytest.raises(StoreUnavailableError, match="ardoise status") as caught:
            call()
        assert "topsecret" not in str(caught.value)
