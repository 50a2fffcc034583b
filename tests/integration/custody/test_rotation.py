"""Rotation of epochs, through the service: two officers start it, the hub's job carries it, nothing else can."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Callable

import pyarrow as pa
import pytest
from pydantic import SecretStr

from anonymization.pseudonyms import (
    PSEUDONYM_TYPE,
    CustodyRefusedError,
    Origin,
    RotationClient,
    RotationCounts,
    RotationState,
)
from anonymization.pseudonyms.wire import IDENTIFIER_SCHEMA, IpcWriter
from custody.errors import RefusedError
from custody.officers.place import Service
from custody.settings import load_settings
from custody.vault import open_vault
from tests.integration.custody.conftest import CustodyHome
from tests.integration.custody.officers import ROLES, People

METERS = pa.array(["a", "b", None, "a", "c"])
ALGORITHM = "aes-cmac+aes-256"


@pytest.fixture(scope="module")
def people(custody: CustodyHome) -> People:
    """Everybody, enrolled by the administrator, speaking to the service."""
    people = People(Service(custody.url))
    vault = open_vault(load_settings(custody.home), people.now)
    custody.query("DELETE FROM person")
    for name in ROLES:
        people.enroll(vault, name)
    vault.engine.dispose()
    return people


@pytest.fixture
def domain(custody: CustodyHome) -> str:
    """A fresh one-way domain."""
    name = f"meters-{secrets.token_hex(4)}"
    assert custody.command("domain", "add", name).returncode == 0
    return name


@pytest.fixture
def rotation(custody: CustodyHome) -> RotationClient:
    return RotationClient(custody.url, SecretStr(custody.token_file("rotation").read_text().strip()))


def mint(custody: CustodyHome, domain: str, values: pa.Array = METERS) -> tuple[pa.Array, Origin]:
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=[domain], quota=len(values)))
    answer = run.pseudonymize(domain, [values])
    (made,) = answer
    return made, answer.origin


def start(people: People, domain: str, from_epoch: int = 0) -> None:
    request = people.ask_rotation(domain, from_epoch=from_epoch)
    assert people.approve(request, "anne")["state"] == "waiting"
    assert people.approve(request, "bruno") == {
        "request": request,
        "approvals": 2,
        "state": "rotating",
        "epoch": from_epoch + 1,
    }


def carry(rotation: RotationClient, domain: str, *arrays: pa.Array, quota: int = 100) -> list[pa.Array]:
    token = rotation.create_rotation_run("rotation-1", domain, quota=quota)
    return list(rotation.with_token(token).rotate(domain, arrays))


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises((CustodyRefusedError, RefusedError)) as caught:
        call()
    assert caught.value.code == code


def test_what_is_carried_over_equals_what_is_minted_after(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    before, origin = mint(custody, domain)
    assert origin == Origin(domain, ALGORITHM, 0)
    start(people, domain)
    assert RotationState(domain, 1, "rotating") in rotation.rotations()
    during, origin = mint(custody, domain)
    assert during.equals(before)
    assert origin.epoch == 0

    token = rotation.create_rotation_run("rotation-1", domain, quota=20)
    answer = rotation.with_token(token).rotate(domain, [before, before.slice(1), before.slice(0, 0)])
    whole, sliced, empty = answer
    assert answer.origin == Origin(domain, ALGORITHM, 1)
    assert (sliced.equals(whole.slice(1)), len(empty), whole.null_count) == (True, 0, 1)
    assert not set(whole.drop_null().to_pylist()) & set(before.drop_null().to_pylist())

    rotation.finish_rotation(domain, 1, RotationCounts(columns=2, rows=7, distinct=7))
    after, origin = mint(custody, domain)
    assert after.equals(whole)
    assert origin.epoch == 1
    kept = custody.query(f"SELECT epoch, wrapped IS NULL FROM domain_key WHERE domain = '{domain}' ORDER BY epoch")
    assert kept == [(0, True), (1, False)]


def test_epochs_follow_each_other(custody: CustodyHome, people: People, domain: str, rotation: RotationClient) -> None:
    at = [mint(custody, domain)[0]]
    for epoch in (1, 2):
        start(people, domain, from_epoch=epoch - 1)
        (carried,) = carry(rotation, domain, at[-1])
        rotation.finish_rotation(domain, epoch, RotationCounts(1, 4, 3))
        rotation.finish_rotation(domain, epoch, RotationCounts(1, 4, 3))  # asked again after a lost answer
        at.append(carried)
    assert mint(custody, domain)[0].equals(at[2])
    assert RotationState(domain, 2, "finished") in rotation.rotations()
    refused("rotation_finished", lambda: rotation.create_rotation_run("r", domain, quota=1))


def test_each_step_is_logged_with_counts(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    start(people, domain)
    carry(rotation, domain, mint(custody, domain)[0], quota=9)
    rotation.finish_rotation(domain, 1, RotationCounts(1, 4, 3))
    rows = custody.query(
        f"SELECT client, action, epoch, identifiers FROM request WHERE domain = '{domain}' "
        "AND (action LIKE 'rotation:%' OR action LIKE 'request:%') ORDER BY id"
    )
    assert rows == [
        ("person:diane", "request:rotate", None, 0),
        ("person:anne", "request:approve", None, 0),
        ("person:bruno", "request:approve", None, 0),
        ("person:bruno", "rotation:start", 1, 0),
        ("person:bruno", "request:done", None, 0),
        ("rotation", "rotation:run", 1, 9),
        ("rotation", "rotation:carry", 1, 4),
        ("rotation", "rotation:finish", 1, 3),
    ]


# -- anything less


def test_one_officer_starts_nothing(people: People, domain: str, rotation: RotationClient) -> None:
    request = people.ask_rotation(domain, name="anne")
    refused("own_request", lambda: people.approve(request, "anne"))
    people.approve(request, "bruno")
    refused("approved_before", lambda: people.approve(request, "bruno"))
    refused("rotation_unknown", lambda: rotation.create_rotation_run("r", domain, quota=1))
    assert domain not in [one.domain for one in rotation.rotations()]


def test_a_request_starts_one_rotation(people: People, domain: str) -> None:
    start(people, domain)
    refused("rotation_under_way", lambda: people.ask_rotation(domain))
    refused("epoch_unknown", lambda: people.ask_rotation(domain, from_epoch=1))


def test_two_requests_for_one_rotation_start_one(people: People, domain: str) -> None:
    one, two = people.ask_rotation(domain), people.ask_rotation(domain)
    people.approve(one, "anne")
    people.approve(two, "anne")
    people.approve(one, "bruno")
    refused("rotation_under_way", lambda: people.approve(two, "bruno"))
    assert people.say("anne", "look", what="request", request=two)["approvers"] == ["anne"]


def test_what_does_not_rotate_says_so(custody: CustodyHome, people: People) -> None:
    with pytest.raises(RefusedError, match="consent ledger is chained"):
        people.ask_rotation("consent")
    if "leak-kept" not in custody.command("domain", "list").stdout:
        words = ("domain", "add", "leak-kept", "--kind", "reversible", "--padded-length", "32")
        assert custody.command(*words).returncode == 0
    refused("domain_not_rotatable", lambda: people.ask_rotation("leak-kept"))
    refused("domain_unknown", lambda: people.ask_rotation("nowhere"))


def test_a_token_does_what_it_is_for_and_nothing_else(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    start(people, domain)
    old = mint(custody, domain)[0]
    orchestrator = custody.client("orchestrator")
    for role in ("ingest", "orchestrator", "consent"):
        other = RotationClient(custody.url, SecretStr(custody.token_file(role).read_text().strip()))
        refused("action_not_in_scope", other.rotations)
        refused("action_not_in_scope", lambda other=other: other.create_rotation_run("r", domain, quota=1))
        refused("action_not_in_scope", lambda other=other: other.finish_rotation(domain, 1, RotationCounts()))
        refused("token_unknown", lambda other=other: list(other.rotate(domain, [old])))
    refused("action_not_in_scope", lambda: rotation.create_run("r", "d", domains=[domain], quota=1))
    token = rotation.create_rotation_run("r", domain, quota=10)
    refused("token_unknown", lambda: list(rotation.with_token(token).pseudonymize(domain, [METERS])))
    refused("token_unknown", lambda: rotation.with_token(token).finish_rotation(domain, 1, RotationCounts()))
    refused("domain_not_in_scope", lambda: list(rotation.with_token(token).rotate("water-meter", [old])))
    run = orchestrator.create_run("r", "d", domains=[domain], quota=10)
    refused("token_unknown", lambda: list(rotation.with_token(run).rotate(domain, [old])))
    refused("token_unknown", lambda: list(rotation.with_token(SecretStr("guess")).rotate(domain, [old])))


def test_a_quota_is_spent_before_the_answer(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    start(people, domain)
    old = mint(custody, domain)[0]
    token = rotation.create_rotation_run("r", domain, quota=5)
    answers = rotation.with_token(token).rotate(domain, [old, old])
    assert len(next(answers)) == 5
    refused("quota_spent", lambda: next(answers))


def test_an_expired_token_carries_nothing(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    start(people, domain)
    token = rotation.create_rotation_run("r", domain, quota=5)
    custody.query(f"UPDATE rotation_run SET expires_at = now() WHERE domain = '{domain}'")
    refused("token_expired", lambda: list(rotation.with_token(token).rotate(domain, [mint(custody, domain)[0]])))


def test_more_than_was_carried_over_can_not_be_complete(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient
) -> None:
    start(people, domain)
    carry(rotation, domain, mint(custody, domain)[0])
    for counts in (RotationCounts(1, 5, 5), RotationCounts(1, 2, 3)):
        refused("rotation_incomplete", lambda counts=counts: rotation.finish_rotation(domain, 1, counts))
    refused("rotation_unknown", lambda: rotation.finish_rotation(domain, 2, RotationCounts()))
    refused("rotation_unknown", lambda: rotation.finish_rotation("water-meter", 1, RotationCounts()))
    assert mint(custody, domain)[1].epoch == 0


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("not_arrow", b"\x10\x00\x00\x00" + bytes(range(200, 216))),
        ("stream_truncated", b""),
        ("wrong_column", b"".join(IpcWriter(IDENTIFIER_SCHEMA).end())),
        ("wrong_column", b"".join(IpcWriter(pa.schema([pa.field("pseudonym", pa.binary(15))])).end())),
        ("stream_truncated", b"".join(IpcWriter(pa.schema([pa.field("pseudonym", PSEUDONYM_TYPE)])).end())[:-8]),
    ],
)
def test_a_stream_that_is_not_one_is_refused_and_the_service_stays_up(
    custody: CustodyHome, people: People, domain: str, rotation: RotationClient, code: str, body: bytes
) -> None:
    start(people, domain)
    token = rotation.create_rotation_run("r", domain, quota=5).get_secret_value()
    connection = http.client.HTTPConnection("127.0.0.1", custody.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.apache.arrow.stream"}
    connection.request("POST", f"/v1/rotations/{domain}/stream", body, headers)
    answer = connection.getresponse().read()
    connection.close()
    assert code.encode() in answer
    assert custody.healthy()


def test_nothing_is_imported_late(custody: CustodyHome, people: People, domain: str, rotation: RotationClient) -> None:
    """The user that custody becomes may not be able to enter the interpreter's folder."""
    start(people, domain)
    carry(rotation, domain, mint(custody, domain)[0])
    assert custody.imported_late() == []
