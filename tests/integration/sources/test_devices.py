"""The simulated operators' SFTP server, MQTT broker and gateways as the real process, and our connectors before it."""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from sources import Delivery, SourceUnavailableError, connector
from stack.context import build_context
from stack.operators.arguments import add_world_arguments, world_of
from stack.operators.feeds import parking_sessions
from stack.service import OperatorOptions, StackContext
from stack.services import devices
from tests.unit.operators.support import read
from tests.unit.sources.support import contract
from tests.unit.sources.web import Asked, Reply, serving

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
bodies: list[bytes] = []


def inbox(asked: Asked) -> Reply:
    """Takes nothing at first, as one that starts; then everything."""
    bodies.append(asked.body)
    return Reply(status=503) if len(bodies) < 2 else Reply(b"{}")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackContext]:
    home = tmp_path_factory.mktemp("operators")
    options = OperatorOptions(rows=2_000, every=True, scale=0.01, today=TODAY)
    made = build_context(home, preferred_ports=False, operators=options)
    devices.prepare(made)
    made.secrets.put("inbox-eclairage-public", "jeton")
    (service,) = devices.services(made)
    with serving() as web:
        web.routes["/v1/street-lighting/log-reports"] = inbox
        command = [web.url if one == made.settings.inbox_url else one for one in service.command]
        process = subprocess.Popen(command, env=dict(service.env), cwd=home)
        try:
            _wait(made.ports["mqtt"], process)
            yield made
        finally:
            process.terminate()
            assert process.wait(20) == 0


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError("the devices did not start")


def keyed(digest: str) -> str:
    return sha256(b"custody" + digest.encode()).hexdigest()


def test_the_credentials_that_were_written_open_the_account_and_no_other(context: StackContext) -> None:
    (service,) = devices.services(context)
    arguments = list(service.command[service.command.index("--drop") :])
    parser = argparse.ArgumentParser()
    add_world_arguments(parser)
    parking_sessions.files(world_of(parser.parse_args(arguments)))
    source = connector(contract("parking-sessions"), context.settings)
    found = []
    cursor = None
    for delivery in source.fetch(None, NOW):
        found.append((delivery.source, [part.stream.read() for part in delivery.parts]))
        cursor = delivery.next_cursor
    assert len(found) == 3
    assert all(len(read("parking-sessions", *texts)[1]) < 30 for _, texts in found)
    assert list(source.fetch(cursor, NOW)) == []
    name = "operator-stationnement-angers"
    given = json.loads(context.secrets.get(name).get_secret_value())
    context.secrets.put(name, json.dumps(given | {"login": "autre-operateur"}))
    try:
        with pytest.raises(SourceUnavailableError, match="refuse nos identifiants"):
            list(connector(contract("parking-sessions"), context.settings).fetch(None, NOW))
    finally:
        context.secrets.put(name, json.dumps(given))


def taken(delivery: Delivery) -> list[bytes]:
    (text,) = [part.stream.read() for part in delivery.parts]
    return text.splitlines()


@pytest.mark.parametrize(("dataset", "things"), [("air-quality", 6), ("irrigation", 12)])
def test_a_first_visit_finds_two_days_and_a_visit_that_died_loses_nothing(
    context: StackContext, dataset: str, things: int
) -> None:
    source = connector(contract(dataset), context.settings, fingerprint=keyed)
    died = source.fetch(None, NOW)
    first = taken(next(died))
    died.close()  # nothing was acknowledged
    found = [line for delivery in source.fetch(None, NOW) for line in taken(delivery)]
    deadline = time.monotonic() + 60
    while len(found) < 48 and time.monotonic() < deadline:  # the sensors may not have said all yet
        found += [line for delivery in source.fetch(None, NOW) for line in taken(delivery)]
    assert found[: len(first)] == first
    assert len(found) == 48
    table, rejects, _ = read(dataset, b"\n".join(found) + b"\n", name="messages.ndjson")
    assert table.num_rows + len(rejects) == 48 * things


def test_gateways_repeat_a_report_until_it_is_taken(context: StackContext) -> None:
    deadline = time.monotonic() + 60
    while len(bodies) < 61 and time.monotonic() < deadline:  # from midnight two days ago to noon, and one refusal
        time.sleep(0.2)
    assert bodies[0] == bodies[1]
    assert len(set(bodies)) == 60 == len(bodies) - 1
    assert read("street-lighting", bodies[5])[0].num_rows > 2_600


def test_a_credential_that_somebody_else_wrote_stays(context: StackContext, tmp_path: Path) -> None:
    own = json.dumps({"login": "chez-nous", "host": "sftp.example"})
    context.secrets.put("operator-espaces-verts", own)
    before = context.secrets.get("operator-capteurs-environnement").get_secret_value()
    devices.prepare(context)
    assert context.secrets.get("operator-espaces-verts").get_secret_value() == own
    assert context.secrets.get("operator-capteurs-environnement").get_secret_value() == before
