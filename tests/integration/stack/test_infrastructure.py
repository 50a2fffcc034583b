"""The servers that everything stands on, running for real."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import httpx
import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from stack.services.objects import RIGHTS
from tests.stack_fixtures import ObjectStoreServer, PostgresServer

PRIVATE_ZONES = ("landing", "trusted", "quarantine", "known", "candidate")


def client(store: ObjectStoreServer, role: str) -> Minio:
    identity = store.credential(role)
    host = store.s3.endpoint.removeprefix("http://")
    secret = identity.secret_key.get_secret_value()
    return Minio(host, identity.access_key, secret, region=store.s3.region, secure=False)


@pytest.mark.parametrize("role", RIGHTS)
def test_a_role_reaches_its_zones_only(object_store: ObjectStoreServer, role: str) -> None:
    ours, admin = client(object_store, role), client(object_store, "admin")
    bucket = object_store.s3.private_bucket
    for zone in PRIVATE_ZONES:
        admin.put_object(bucket, f"{zone}/seen", io.BytesIO(b"x"), 1)
        granted = RIGHTS[role].get(zone, ())
        if "Read" in granted:
            assert ours.get_object(bucket, f"{zone}/seen").read() == b"x"
        else:
            with pytest.raises(S3Error, match="AccessDenied"):
                ours.get_object(bucket, f"{zone}/seen")
        if "List" in granted:
            assert any(entry.object_name == f"{zone}/seen" for entry in ours.list_objects(bucket, f"{zone}/"))
        else:
            with pytest.raises(S3Error, match="AccessDenied"):
                list(ours.list_objects(bucket, f"{zone}/"))
        if "Write" in granted:
            ours.put_object(bucket, f"{zone}/{role}", io.BytesIO(b"y"), 1)
        else:
            with pytest.raises(S3Error, match="AccessDenied"):
                ours.put_object(bucket, f"{zone}/{role}", io.BytesIO(b"y"), 1)
        with pytest.raises(S3Error, match="AccessDenied"):
            ours.put_object(bucket, f"{zone}-beside/{role}", io.BytesIO(b"y"), 1)


def test_anyone_reads_the_open_bucket_from_a_browser_and_nothing_else(object_store: ObjectStoreServer) -> None:
    s3 = object_store.s3
    admin = client(object_store, "admin")
    admin.put_object(s3.open_bucket, "parking/a.csv", io.BytesIO(b"hello"), 5)
    admin.put_object(s3.private_bucket, "trusted/a", io.BytesIO(b"hello"), 5)
    headers = {"Origin": "https://carte.example", "Range": "bytes=1-2"}
    answer = httpx.get(f"{s3.endpoint}/{s3.open_bucket}/parking/a.csv", headers=headers)
    assert (answer.status_code, answer.content) == (206, b"el")
    assert answer.headers["access-control-allow-origin"] in ("*", "https://carte.example")
    assert "content-range" in answer.headers["access-control-expose-headers"].lower()
    assert httpx.get(f"{s3.endpoint}/{s3.private_bucket}/trusted/a").status_code == 403
    assert httpx.get(f"{s3.endpoint}/{s3.open_bucket}/").status_code == 403
    assert httpx.put(f"{s3.endpoint}/{s3.open_bucket}/b", content=b"x").status_code == 403


def test_a_database_role_reaches_its_own_database_only(postgres: PostgresServer) -> None:
    context = postgres.context
    password = context.secrets.get("postgres-ckan").get_secret_value()
    place = {"host": "127.0.0.1", "port": context.ports["postgres-hub"], "user": "ckan", "password": password}
    with psycopg.connect(**place, dbname="ckan") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="CONNECT"):
        psycopg.connect(**place, dbname="ardoise")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**{**place, "password": "wrong"}, dbname="ckan")


def test_the_clusters_do_not_share_passwords(postgres: PostgresServer) -> None:
    context = postgres.context
    password = context.secrets.get("postgres-admin").get_secret_value()
    place = {"host": "127.0.0.1", "port": context.ports["postgres-custody"], "user": "postgres", "dbname": "postgres"}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**place, password=password)


def test_a_server_log_holds_no_row_value(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_dsn(), autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE seen (word text PRIMARY KEY)")
        connection.execute("INSERT INTO seen VALUES ('canary-in-a-row')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO seen VALUES ('canary-in-a-row')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO seen VALUES (%s)", ("canary-in-a-row",))
    assert "canary" not in postgres.context.log_file("postgres-hub").read_text()


def test_everything_listens_on_the_loopback_interface_only(
    postgres: PostgresServer, object_store: ObjectStoreServer
) -> None:
    ports = {f"{number:04X}" for number in postgres.context.ports.values()}
    rows = [row.split() for table in ("tcp", "tcp6") for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = {tuple(row[1].split(":")) for row in rows if row[3] == "0A"}
    ours = {address for address, port in listening if port in ports}
    assert ours == {"0100007F"}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", object_store.context.ports["weed-filer-grpc"])) == 0
