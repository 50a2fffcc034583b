"""The SFTP connector against a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from sources import Delivery, FeedError, SourceUnavailableError
from sources.connectors.sftp import Sftp, SftpLimits
from sources.credentials import OperatorCredential
from tests.integration.sources.servers import LOGIN, PASSWORD, SftpServer, sftp_server
from tests.unit.sources.support import fed_by

NOW = datetime.now(UTC)
OPERATOR = "eau-angers-loire-metropole"


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as found:
        yield found


@pytest.fixture
def server(_server: SftpServer) -> Iterator[SftpServer]:
    (_server.folder / "depot").mkdir(exist_ok=True)
    yield _server
    for path in (_server.folder / "depot").iterdir():
        path.unlink()
    _server.on_read = lambda name: None


def account(server: SftpServer, limits: SftpLimits = SftpLimits(), **options: Any) -> Sftp:
    known = {"login": LOGIN, "password": PASSWORD, **options.pop("known", {})}
    contract = fed_by(
        "water-meters",
        "sftp",
        **{"credential": OPERATOR, "pattern": "depot/releves_*.csv", "host": "127.0.0.1", "port": server.port}
        | {"hostKeys": [server.host_key]}
        | options,
    )
    return Sftp(contract, OperatorCredential(**known), limits)


def landing(deliveries: Iterator[Delivery]) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    """Read each delivery before the next one is asked for, as *ingest* does."""
    found, cursor = [], {}
    for delivery in deliveries:
        found += [(part.name, part.stream.read()) for part in delivery.parts]
        cursor = delivery.next_cursor
    return found, cursor


def test_files_come_oldest_first_once_and_stay(server: SftpServer) -> None:
    server.put("depot/releves_b.csv", "un", 90)
    server.put("depot/releves_a.csv", "deux" * 1_000_000, 60)
    for other in ("depot/releves_c.csv.part", "depot/.releves_d.csv", "depot/autre.csv"):
        server.put(other, "x")
    (server.folder / "depot" / "releves_e.csv").symlink_to("/etc/hostname")
    found, cursor = landing(account(server).fetch(None, NOW))
    assert found == [("releves_b.csv", b"un"), ("releves_a.csv", b"deux" * 1_000_000)]
    assert landing(account(server).fetch(cursor, NOW)) == ([], {})
    server.put("depot/releves_b.csv", "corrigé", 30)
    assert landing(account(server).fetch(cursor, NOW))[0] == [("releves_b.csv", "corrigé".encode())]
    assert (server.folder / "depot" / "releves_a.csv").exists()


def test_an_unknown_host_key_is_told_nothing(server: SftpServer) -> None:
    server.logins.clear()
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(SourceUnavailableError, match=rf"opérateur {OPERATOR}.*sa clé n'est pas celle"):
        landing(account(server, hostKeys=[other]).fetch(None, NOW))
    assert server.logins == []


def test_without_a_host_key_or_an_address_nothing_is_tried(server: SftpServer) -> None:
    with pytest.raises(FeedError, match="hostKeys"):
        account(server, hostKeys=[])
    with pytest.raises(FeedError, match="host"):
        account(server, host=None)


def test_refused_credentials_are_told_without_them(server: SftpServer) -> None:
    with pytest.raises(SourceUnavailableError, match="il refuse nos identifiants") as caught:
        landing(account(server, known={"password": "s3cret"}).fetch(None, NOW))
    assert "s3cret" not in str(caught.value)


def test_files_go_only_if_the_contract_says_so_and_with_their_companion(server: SftpServer) -> None:
    path = server.put("depot/releves_a.csv", "x")
    source = account(server, complete="done", afterwards="delete")
    assert landing(source.fetch(None, NOW)) == ([], {})
    companion = server.put("depot/releves_a.csv.done", "")
    assert landing(source.fetch(None, NOW))[0] == [("releves_a.csv", b"x")]
    assert not path.exists()
    assert not companion.exists()


def test_a_file_that_grows_waits(server: SftpServer) -> None:
    server.put("depot/releves_a.csv", "x")
    growing = server.put("depot/releves_b.csv", "x")
    timer = threading.Timer(1, lambda: growing.write_text("xx", encoding="utf-8"))
    timer.start()
    found, _ = landing(account(server, complete="stable", rest="PT3S").fetch(None, NOW))
    assert found == [("releves_a.csv", b"x")]


def test_a_file_that_changes_while_it_is_read_is_not_taken(server: SftpServer) -> None:
    path = server.put("depot/releves_a.csv", "x" * 3_000_000)

    def change(name: str) -> None:
        path.write_text("autre chose", encoding="utf-8")

    server.on_read = change
    walk = account(server).fetch(None, NOW)
    delivery = next(walk)
    with pytest.raises(SourceUnavailableError):
        [part.stream.read() for part in delivery.parts]
    assert delivery.next_cursor == {}


def test_a_file_over_the_limit_holds_up_no_other(server: SftpServer) -> None:
    server.put("depot/releves_a.csv", "x" * 100, 90)
    server.put("depot/releves_b.csv", "y")
    source = account(server, maximumBytes=50)
    assert landing(source.fetch(None, NOW))[0] == [("releves_b.csv", b"y")]
    assert "1e fichier du motif" in source.problems[0]


def test_a_server_that_stops_answering_is_left(server: SftpServer) -> None:
    server.put("depot/releves_a.csv", "x" * 5_000_000)
    server.on_read = lambda name: time.sleep(2)
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="il ne répond pas à temps"):
        landing(account(server, SftpLimits(answer=0.3)).fetch(None, NOW))
    assert time.monotonic() - started < 2.0


def test_nobody_there(server: SftpServer) -> None:
    with pytest.raises(SourceUnavailableError, match="personne n'y écoute"):
        landing(account(server, port=9).fetch(None, NOW))


def test_a_missing_folder_is_told(server: SftpServer) -> None:
    with pytest.raises(SourceUnavailableError, match="le dossier du motif n'existe pas"):
        landing(account(server, pattern="ailleurs/*.csv").fetch(None, NOW))


def test_a_key_of_ours_serves_as_well_as_a_password(server: SftpServer, tmp_path: Path) -> None:
    text = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    with pytest.raises(SourceUnavailableError, match="refuse nos identifiants"):  # asked for, and not enrolled
        landing(account(server, known={"password": "", "extra": {"private_key": text}}).fetch(None, NOW))
    with pytest.raises(FeedError, match="une clé SSH"):
        landing(account(server, known={"extra": {"private_key": "pas une clé"}}).fetch(None, NOW))
