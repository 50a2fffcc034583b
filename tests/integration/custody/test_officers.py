"""What nobody does alone: requests, approvals, and every way around them that somebody might try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pyarrow as pa
import pytest

from anonymization.pseudonyms import Kind, binding, pad, siv_encrypt
from custody.domains import Declaration, declare_domain
from custody.errors import RefusedError
from custody.officers.desk import hear
from custody.officers.keyfiles import new_keys
from custody.officers.people import PersonRole, dismiss, enroll
from custody.officers.sealing import seal
from custody.officers.statements import Signed, canonical_json, sign
from custody.settings import load_settings
from custody.vault import Vault, open_vault
from tests.integration.custody.conftest import CustodyHome, MakeHome
from tests.integration.custody.officers import ROLES, People

IDENTIFIERS = ["ALM-000001", "ALM-000002", "é"]


@dataclass(slots=True)
class Clock:
    """Custody's clock, and everybody's."""

    at: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass(slots=True)
class Here:
    """Custody reached without a network."""

    vault: Vault

    def hear(self, signed: Signed) -> dict[str, object]:
        return hear(self.vault, signed)


@pytest.fixture(scope="module")
def home(make_custody: MakeHome) -> CustodyHome:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    return custody


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(home: CustodyHome, clock: Clock) -> Iterator[Vault]:
    vault = open_vault(load_settings(home.home), clock)
    with vault.transaction() as connection:
        declaration = Declaration("leaks", Kind.REVERSIBLE, "the water service", "to warn of leaks", padded_length=32)
        declare_domain(connection, vault.wrapping(connection), declaration, clock())
    yield vault
    vault.engine.dispose()


@pytest.fixture
def people(home: CustodyHome, vault: Vault, clock: Clock) -> People:
    """Everybody, enrolled with fresh keys."""
    home.query("DELETE FROM person")
    people = People(Here(vault), now=clock)
    for name in ROLES:
        people.enroll(vault, name)
    return people


@pytest.fixture
def pseudonyms(vault: Vault) -> list[bytes]:
    """Reversible pseudonyms of a column, as the hub holds them."""
    with vault.engine.connect() as connection:
        key = vault.open_domain(connection, "leaks").key
    made = siv_encrypt(key, pad(pa.array(IDENTIFIERS), [32]), binding("leaks", "contrat", 0))
    return [bytes(value) for value in made.to_pylist()]


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(RefusedError) as caught:
        call()
    assert caught.value.code == code
    assert not any(identifier in str(caught.value) for identifier in IDENTIFIERS)


# -- the way it goes


def test_two_officers_let_the_recipient_read_once(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms)
    assert people.approve(request, "anne")["state"] == "waiting"
    refused("not_approved", lambda: people.collect(request))
    assert people.approve(request, "bruno")["state"] == "approved"
    assert people.collect(request) == IDENTIFIERS
    refused("request_ended", lambda: people.collect(request))


def test_of_several_readings_at_once_one_is_answered(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")

    def read(_: int) -> str:
        try:
            return " ".join(people.collect(request))
        except RefusedError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(read, range(6)))
    assert answers == sorted([" ".join(IDENTIFIERS), *["request_ended"] * 5])


def test_each_step_is_in_the_log_without_a_value(people: People, pseudonyms: list[bytes], home: CustodyHome) -> None:
    last = home.query("SELECT coalesce(max(id), 0) FROM request")[0][0]
    request = people.ask_identity(pseudonyms)
    people.say("anne", "look", what="request", request=request)
    people.approve(request, "anne", "bruno")
    refused("role_missing", lambda: people.say("anne", "collect", request=request))
    people.collect(request)
    rows = home.query(
        f"SELECT client, action, reference, identifiers, outcome FROM request WHERE id > {last} ORDER BY id"
    )
    assert rows == [
        ("person:diane", "request:reidentify", request, 0, None),
        ("person:anne", "request:look", request, 0, None),
        ("person:anne", "request:approve", request, 0, None),
        ("person:bruno", "request:approve", request, 0, None),
        ("person:anne", "request:collect", request, 0, "role_missing"),
        ("person:emile", "request:done", request, 3, None),
    ]
    assert home.command("log", "verify").returncode == 0


def test_an_officer_sees_what_they_approve_and_others_what_names_them(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms, name="anne")
    shown = people.say("bruno", "look", what="request", request=request)
    assert Signed.from_json(shown).digest() == request
    mine = people.say("diane", "look", what="requests")["requests"]
    assert request not in [line["request"] for line in mine]
    refused("request_unknown", lambda: people.say("diane", "look", what="request", request=request))
    refused("role_missing", lambda: people.say("diane", "look", what="log"))
    assert request in [line["request"] for line in people.say("emile", "look", what="requests")["requests"]]


# -- anything less


def test_one_officer_is_not_two(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne")
    refused("approved_before", lambda: people.approve(request, "anne"))
    refused("not_approved", lambda: people.collect(request))


def test_one_person_is_not_two_officers(vault: Vault, people: People) -> None:
    refused("person_enrolled", lambda: enroll(vault, "anna", [PersonRole.OFFICER], people.keys["anne"].card))
    other = new_keys(receives=False).card
    refused("person_enrolled", lambda: enroll(vault, "anne", [PersonRole.OFFICER], other))


def test_who_asks_does_not_approve(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms, name="anne")
    refused("own_request", lambda: people.approve(request, "anne"))
    assert people.approve(request, "bruno")["approvals"] == 1


def test_who_will_be_told_does_not_approve(people: People, pseudonyms: list[bytes]) -> None:
    refused("own_request", lambda: people.approve(people.ask_identity(pseudonyms), "emile"))


def test_only_officers_approve_and_only_enrolled_people_ask(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms)
    refused("role_missing", lambda: people.approve(request, "diane"))
    stranger = sign(new_keys(receives=False).signing_key, people.statement("anne", "approve", request=request).fields())
    refused("signature_wrong", lambda: people.place.hear(stranger))
    unknown = people.statement("anne", "approve", request=request).fields() | {"by": "zoe"}
    refused("person_unknown", lambda: people.place.hear(sign(people.keys["anne"].signing_key, unknown)))


def test_an_expired_request_is_neither_approved_nor_read(people: People, pseudonyms: list[bytes], clock: Clock) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")
    waiting = people.ask_identity(pseudonyms)
    clock.at += timedelta(days=1)
    refused("request_expired", lambda: people.collect(request))
    refused("request_expired", lambda: people.approve(waiting, "anne"))
    far = (clock() + timedelta(days=31)).isoformat()
    refused("bad_request", lambda: people.ask_identity(pseudonyms, expires_at=far))


def test_an_old_statement_does_not_serve_again(people: People, pseudonyms: list[bytes], clock: Clock) -> None:
    request = people.ask_identity(pseudonyms)
    kept = people.statement("anne", "approve", request=request)
    clock.at += timedelta(minutes=11)
    refused("statement_stale", lambda: people.place.hear(kept))


def test_a_changed_request_has_no_approval(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms[:1])
    people.approve(request, "anne", "bruno")
    changed = people.ask_identity(pseudonyms)
    assert changed != request
    refused("not_approved", lambda: people.collect(changed))


def test_who_may_not_refuse_ends_nothing(people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms, name="anne")
    refused("role_missing", lambda: people.say("diane", "refuse", request=request))
    people.approve(request, "bruno", "chloe")
    assert people.collect(request) == IDENTIFIERS
    withdrawn = people.ask_identity(pseudonyms)
    people.say("diane", "refuse", request=withdrawn)  # her own
    refused("request_ended", lambda: people.approve(withdrawn, "bruno"))


def test_a_refused_request_stays_so(people: People, pseudonyms: list[bytes], home: CustodyHome) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne")
    people.say("bruno", "refuse", request=request)
    refused("request_ended", lambda: people.approve(request, "chloe"))
    home.query(f"UPDATE officer_request SET outcome = NULL, closed_at = NULL WHERE digest = '{request}'")
    refused("request_ended", lambda: people.approve(request, "chloe"))


def test_who_leaves_takes_their_approval_along(vault: Vault, people: People, pseudonyms: list[bytes]) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")
    dismiss(vault, "bruno")
    refused("not_approved", lambda: people.collect(request))
    people.approve(request, "chloe")
    assert people.collect(request) == IDENTIFIERS


def test_only_reversible_domains_are_turned_back(people: People, pseudonyms: list[bytes]) -> None:
    for domain, code in (("water-meter", "domain_not_reversible"), ("consent", "domain_not_reversible")):
        refused(code, lambda domain=domain: people.ask_identity(pseudonyms, domain=domain))
    refused("domain_unknown", lambda: people.ask_identity(pseudonyms, domain="nowhere"))
    refused("epoch_unknown", lambda: people.ask_identity(pseudonyms, epoch=1))


def test_an_answer_is_for_an_enrolled_recipient_under_the_key_that_was_approved(
    vault: Vault, people: People, pseudonyms: list[bytes]
) -> None:
    refused("recipient_unknown", lambda: people.ask_identity(pseudonyms, recipient="zoe"))
    refused("recipient_unknown", lambda: people.ask_identity(pseudonyms, recipient="anne"))
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")
    people.enroll(vault, "emile")  # fresh keys
    refused("recipient_unknown", lambda: people.collect(request))


def test_a_pseudonym_that_is_not_one_refuses_the_answer_and_does_not_use_it_up(
    people: People, pseudonyms: list[bytes]
) -> None:
    altered = bytearray(pseudonyms[1])
    altered[3] ^= 1
    for wrong in (
        people.ask_identity(pseudonyms, column="compteur"),
        people.ask_identity([pseudonyms[0], bytes(altered)]),
        people.ask_identity([pseudonyms[0], bytes(48)]),
    ):
        people.approve(wrong, "anne", "bruno")
        for _ in range(2):
            refused("pseudonym_unknown", lambda wrong=wrong: people.collect(wrong))


# -- a hand in the database


def test_a_forged_approval_is_found(people: People, pseudonyms: list[bytes], home: CustodyHome) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne")
    own = sign(new_keys(receives=False).signing_key, people.statement("bruno", "approve", request=request).fields())
    other = people.statement("bruno", "approve", request=people.ask_identity(pseudonyms))
    for forged in (own, other, people.statement("bruno", "look", what="domains")):
        insert_approval(home, request, "bruno", forged)
        with pytest.raises(RefusedError) as caught:
            people.collect(request)
        assert caught.value.code in ("signature_wrong", "record_altered")
        delete_approval(home, request, "bruno")
    insert_approval(home, request, "diane", people.statement("diane", "approve", request=request))
    refused("not_approved", lambda: people.collect(request))


def test_an_approval_can_not_be_changed_or_taken_out(
    people: People, pseudonyms: list[bytes], home: CustodyHome
) -> None:
    people.approve(people.ask_identity(pseudonyms), "anne")
    for change in ("UPDATE approval SET officer = 'bruno'", "DELETE FROM approval", "TRUNCATE approval"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
            home.query(change)


def test_an_officer_written_into_the_database_counts_for_nothing(
    vault: Vault, people: People, pseudonyms: list[bytes], home: CustodyHome
) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne")
    moved = "UPDATE person SET sealed = (SELECT sealed FROM person WHERE name = 'anne') WHERE name = 'bruno'"
    home.query(moved)
    refused("record_altered", lambda: people.approve(request, "bruno"))
    with vault.engine.connect() as connection:
        sealed = seal(vault, connection, canonical_json({"name": "mallory"}).encode(), "other", "mallory")
    home.query(f"INSERT INTO person VALUES ('mallory', '\\x{sealed.hex()}', now())")
    intruder = people.statement("anne", "approve", request=request).fields() | {"by": "mallory"}
    refused("record_altered", lambda: people.place.hear(sign(people.keys["anne"].signing_key, intruder)))
    home.query("DELETE FROM person WHERE name = 'mallory'")


def test_an_altered_request_counts_for_nothing(people: People, pseudonyms: list[bytes], home: CustodyHome) -> None:
    one, two = people.ask_identity(pseudonyms[:1]), people.ask_identity(pseudonyms)
    people.approve(one, "anne", "bruno")
    home.query(
        f"UPDATE officer_request SET sealed = (SELECT sealed FROM officer_request WHERE digest = '{two}') "
        f"WHERE digest = '{one}'"
    )
    refused("record_altered", lambda: people.collect(one))
    listed = {line["request"]: line["state"] for line in people.say("anne", "look", what="requests")["requests"]}
    assert (listed[one], listed[two]) == ("void", "waiting")


def test_longer_time_in_a_column_is_not_longer_time(
    people: People, pseudonyms: list[bytes], home: CustodyHome, clock: Clock
) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")
    home.query(f"UPDATE officer_request SET expires_at = now() + interval '1 year' WHERE digest = '{request}'")
    clock.at += timedelta(days=2)
    refused("request_expired", lambda: people.collect(request))


def test_an_emptied_outcome_does_not_let_the_answer_be_read_twice(
    people: People, pseudonyms: list[bytes], home: CustodyHome
) -> None:
    request = people.ask_identity(pseudonyms)
    people.approve(request, "anne", "bruno")
    people.collect(request)
    home.query(f"UPDATE officer_request SET outcome = NULL, closed_at = NULL WHERE digest = '{request}'")
    refused("request_ended", lambda: people.collect(request))


@pytest.mark.parametrize(
    "fields",
    [
        {"pseudonyms": []},
        {"pseudonyms": ["00" * 16] * 1_001},
        {"pseudonyms": ["not hexadecimal, and long enough to be one"]},
        {"reason": "court"},
        {"legal_basis": ""},
        {"recipient_key": "0"},
        {"domain": "Nowhere"},
        {"kind": "other"},
        {"more": 1},
    ],
)
def test_a_request_says_all_it_must_and_nothing_else(people: People, pseudonyms: list[bytes], fields: object) -> None:
    refused("bad_request", lambda: people.ask_identity(pseudonyms, **fields))  # type: ignore[arg-type]


def insert_approval(home: CustodyHome, request: str, officer: str, signed: Signed) -> None:
    statement = signed.statement.replace("'", "''")
    home.query(
        f"INSERT INTO approval VALUES ('{request}', '{officer}', '{statement}', '\\x{signed.signature.hex()}', now())"
    )


def delete_approval(home: CustodyHome, request: str, officer: str) -> None:
    home.query(
        "SET session_replication_role = replica; "
        f"DELETE FROM approval WHERE request = '{request}' AND officer = '{officer}'"
    )
