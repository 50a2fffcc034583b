"""A killed connector of each protocol resumes with nothing lost and nothing doubled, against the real servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from minio import Minio

from policies.contract import ConnectorName
from settings import Settings
from stack.embedded import Stack
from storage import S3ObjectStore
from tests.integration.sources.killing import DATASET, OPERATOR, Victims, Visit, territory_fed_by
from tests.integration.sources.servers import mosquitto, sftp_server
from tests.stack_fixtures import ObjectStoreServer, PostgresServer
from tests.unit.sources.web import Asked, Reply, serving

MakeVictims = Callable[..., Victims]


@pytest.fixture(scope="module")
def services(postgres: PostgresServer, object_store: ObjectStoreServer) -> Settings:
    Stack(postgres.context, only=("postgres", "objects", "custody")).up(die_with_parent=True)
    return postgres.context.settings


@pytest.fixture
def victims(services: Settings, migrated_database: Callable[[], str], tmp_path: Path) -> Iterator[MakeVictims]:
    """A hub with a database of its own, whose readings come by the connector that the test names."""
    database = f"{services.database.rpartition('/')[0]}/{migrated_database().rpartition('/')[2]}"
    secret = services.home / "secrets" / f"operator-{OPERATOR}"

    def make(connector: ConnectorName, known: dict[str, Any] | None = None, **options: Any) -> Victims:
        territory = territory_fed_by(tmp_path, connector, **options)
        secret.write_text(json.dumps(known or {}), encoding="utf-8")
        changes = {"territory": territory, "database": database, "drop_folder": tmp_path / "drop"}
        return Victims(services.model_copy(update=changes))

    yield make
    secret.unlink(missing_ok=True)
    store = S3ObjectStore(services.s3, services.s3.private_bucket, services.credential("admin"))
    for found in list(store.list("landing/")):
        store.delete(found.key)


def text(deliveries: list[list[bytes]]) -> list[bytes]:
    return [b"".join(parts) for parts in deliveries]


def contents(number: int) -> list[bytes]:
    return [b"contenu %d" % one for one in range(number)]


class TwoFiles:
    """Brings two more files each time."""

    def __init__(self, put: Callable[[str, str], object]) -> None:
        self._put, self._numbers = put, count()

    def __call__(self) -> None:
        for number in (next(self._numbers), next(self._numbers)):
            self._put(f"depot/releves_{number}.csv", f"contenu {number}")


def test_sftp(victims: MakeVictims, tmp_path: Path) -> None:
    with sftp_server(tmp_path) as server:
        hub = victims("sftp", server.credential, credential=OPERATOR, pattern="depot/*.csv", afterwards="delete")
        bring, reads = TwoFiles(server.put), count()
        bring()
        server.on_read = lambda name: hub.kill() if next(reads) in (0, 3) else None
        assert not hub.run(Visit(hub.settings))  # in the middle of the first file
        assert not hub.run(Visit(hub.settings))  # in the middle of the second
        hub.survive(bring)
        assert sorted(text(hub.landed())) == contents(6)
        assert hub.kills >= 7
        assert list((tmp_path / "depot").iterdir()) == []


def test_a_folder(victims: MakeVictims, tmp_path: Path) -> None:
    drop = tmp_path / "drop"

    def put(name: str, content: str) -> None:
        path = drop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    hub = victims("file_drop", pattern="depot/*.csv", afterwards="delete")
    hub.survive(TwoFiles(put))
    assert sorted(text(hub.landed())) == contents(4)
    assert hub.kills >= 5
    assert list((drop / "depot").iterdir()) == []
    # What died between landing and the journal was found again: nothing lies there that nobody knows.
    store = S3ObjectStore(hub.settings.s3, hub.settings.s3.private_bucket, hub.settings.credential("admin"))
    manifests = [found.key for found in store.list(f"landing/{DATASET}/") if found.key.endswith(".manifest")]
    assert len(manifests) == 4


def test_s3(victims: MakeVictims, services: Settings) -> None:
    admin, endpoint = services.credential("admin"), services.s3.endpoint
    secret = admin.secret_key.get_secret_value()
    client = Minio(endpoint.removeprefix("http://"), admin.access_key, secret, secure=False)
    client.make_bucket("operateur")
    bucket = S3ObjectStore(services.s3, "operateur", admin)
    try:
        bucket.put("depot/autre.txt", b"x")
        known = {"login": admin.access_key, "password": secret, "extra": {"endpoint": endpoint}}
        options = {"credential": OPERATOR, "pattern": "depot/releves_*.csv", "bucket": "operateur"}
        hub = victims("s3_drop", known, **options, afterwards="delete")
        hub.survive(TwoFiles(lambda name, content: bucket.put(name, content.encode())))
        assert sorted(text(hub.landed())) == contents(4)
        assert hub.kills >= 5
        assert [found.key for found in bucket.list("")] == ["depot/autre.txt"]
    finally:
        for found in list(bucket.list("")):
            bucket.delete(found.key)
        client.remove_bucket("operateur")


def test_mqtt(victims: MakeVictims, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        options = {"topics": ["capteurs/+"], "host": "127.0.0.1", "port": broker.port, "tls": False}
        hub = victims("mqtt", None, **options, quiet="PT0.2S", batchMessages=3)
        assert hub.run(Visit(hub.settings))  # subscribes
        numbers = count()

        def bring() -> None:
            broker.publish([("capteurs/a", b'{"n": %d}' % next(numbers)) for _ in range(5)])

        hub.survive(bring)
        lines = b"".join(text(hub.landed())).splitlines()
        assert sorted(json.loads(line)["n"] for line in lines) == list(range(10))
        assert hub.kills >= 5


def test_http(victims: MakeVictims) -> None:
    rows: list[dict[str, Any]] = []
    asked_pages = count()

    def bring() -> None:
        rows.extend(
            {"id": number, "at": f"2026-11-22T12:00:{number:02d}"} for number in range(len(rows), len(rows) + 5)
        )

    def page(asked: Asked) -> Reply:
        if next(asked_pages) in (1, 6):
            hub.kill()  # in the middle of a walk
        found = [row for row in rows if row["at"] >= asked.query.get("updated_after", "")]
        start = (int(asked.query["page"]) - 1) * 2
        return Reply(json.dumps(found[start : start + 2]).encode())

    with serving() as web:
        web.routes["/rows"] = page
        collection = {"path": "/rows", "paging": "page", "since": "at", "size": 2}
        hub = victims("http_pull", None, base=web.url, collections={"rows": collection})
        hub.survive(bring)
        deliveries = [[row["id"] for part in parts for row in json.loads(part)] for parts in hub.landed()]
        # Each visit starts again at the last row it knew (rows have a key): nothing else comes twice.
        for before, after in pairwise(deliveries):
            assert after[0] == before[-1]
        fresh = [*deliveries[0], *(row for ids in deliveries[1:] for row in ids[1:])]
        assert fresh == list(range(10))
        assert hub.kills >= 4
