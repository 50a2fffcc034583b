"""Statements, key files and answers: what is signed, and what does not open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import RefusedError, SettingsError, TamperedError
from custody.officers.acts import Approve, Rotation, check_moment, read_act
from custody.officers.answers import close_answer, open_answer
from custody.officers.keyfiles import Card, is_protected, new_keys, read_keys, write_keys
from custody.officers.statements import MARK, Signed, sign

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
APPROVAL = {"act": "approve", "by": "anne", "at": NOW.isoformat(), "request": "0" * 64}
KEYS = new_keys(receives=True)


def test_a_statement_is_its_authors_and_nobody_elses() -> None:
    signed = sign(KEYS.signing_key, APPROVAL)
    signed.check(KEYS.card.signing_key)
    assert Signed.from_json(signed.to_json()) == signed
    assert read_act(signed) == Approve.model_validate(APPROVAL)
    others = new_keys(receives=False).card.signing_key
    unmarked = KEYS.signing_key.sign(signed.statement.encode())  # signed for something else
    for wrong, key in (
        (signed, others),
        (Signed(signed.statement, unmarked), KEYS.card.signing_key),
        (Signed(signed.statement.replace("anne", "bruno"), signed.signature), KEYS.card.signing_key),
        (Signed(signed.statement, b""), KEYS.card.signing_key),
    ):
        with pytest.raises(RefusedError, match="signature_wrong"):
            wrong.check(key)
    assert MARK.endswith(b"\n")


@pytest.mark.parametrize(
    "statement",
    ["", "[]", "{", '{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":1}', '{"a":NaN}', '{"act":"approve"}', '"x"', '{"act":1}'],
)
def test_what_two_readers_might_read_differently_is_no_statement(statement: str) -> None:
    with pytest.raises(RefusedError, match="bad_request"):
        read_act(Signed(statement, b""))


def test_every_field_of_a_request_is_in_its_digest() -> None:
    asked = APPROVAL | {
        "act": "request",
        "kind": "rotate",
        "domain": "water",
        "from_epoch": 0,
        "reason": "une fuite est soupçonnée",
        "expires_at": (NOW + timedelta(days=1)).isoformat(),
        "nonce": "0" * 32,
    }
    del asked["request"]
    assert isinstance(read_act(sign(KEYS.signing_key, asked)), Rotation)
    digest = sign(KEYS.signing_key, asked).digest()
    for name, value in asked.items():
        changed = asked | {name: value + 1 if isinstance(value, int) else f"{value}0"}
        assert sign(KEYS.signing_key, changed).digest() != digest
    assert sign(new_keys(receives=False).signing_key, asked).digest() == digest  # what is asked, whoever signs


def test_a_statement_is_made_now() -> None:
    check_moment(NOW, NOW + timedelta(minutes=10))
    for apart in (timedelta(minutes=11), -timedelta(minutes=11)):
        with pytest.raises(RefusedError, match="statement_stale"):
            check_moment(NOW, NOW + apart)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"statement": "{}"},
        {"statement": "{}", "signature": "é"},
        {"statement": "x" * 300_000, "signature": ""},
        {"statement": "\ud800", "signature": ""},
    ],
)
def test_a_body_that_is_no_signed_statement_is_refused(body: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="bad_request"):
        Signed.from_json(body)


@given(st.lists(st.text(), max_size=5))
def test_an_answer_opens_for_its_recipient_and_request_alone(identifiers: list[str]) -> None:
    assert KEYS.encryption_key is not None
    assert KEYS.card.encryption_key is not None
    closed = close_answer(KEYS.card.encryption_key, "a" * 64, identifiers)
    assert open_answer(KEYS.encryption_key, "a" * 64, closed) == identifiers
    assert not any(len(one) > 3 and one.encode() in closed for one in identifiers)
    other = new_keys(receives=True).encryption_key
    assert other is not None
    for key, request, bytes_ in (
        (other, "a" * 64, closed),
        (KEYS.encryption_key, "b" * 64, closed),
        (KEYS.encryption_key, "a" * 64, closed[:-1]),
        (KEYS.encryption_key, "a" * 64, bytes([closed[0] ^ 1]) + closed[1:]),
        (KEYS.encryption_key, "a" * 64, b""),
    ):
        with pytest.raises(TamperedError):
            open_answer(key, request, bytes_)


@pytest.mark.parametrize("passphrase", [None, "une phrase"])
@pytest.mark.parametrize("receives", [True, False])
def test_keys_come_back_from_their_file(tmp_path: Path, passphrase: str | None, receives: bool) -> None:
    file, keys = tmp_path / "keys.pem", new_keys(receives=receives)
    write_keys(file, keys, passphrase)
    assert file.stat().st_mode & 0o777 == 0o600
    assert is_protected(file) == (passphrase is not None)
    assert read_keys(file, passphrase).card == keys.card
    assert Card.from_text(keys.card.to_text()) == keys.card
    with pytest.raises(SettingsError, match="can not be made"):
        write_keys(file, keys, passphrase)
    with pytest.raises(SettingsError, match="does not open"):
        read_keys(file, "another")


def test_a_file_that_holds_no_keys_is_told(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    with pytest.raises(SettingsError, match="not readable"):
        read_keys(file, None)
    with pytest.raises(SettingsError, match="not readable"):
        is_protected(file)
    whole = tmp_path / "whole.pem"
    write_keys(whole, new_keys(receives=False), None)
    for content in (b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", whole.read_bytes() * 2):
        file.write_bytes(content)
        with pytest.raises(SettingsError):
            read_keys(file, None)


@pytest.mark.parametrize(
    "text", ["", "ardoise-person-1", "ardoise-person-1 AAAA", "ardoise-person-2 " + "A" * 43 + "=", "x\ny"]
)
def test_a_card_is_one_line_of_public_keys(text: str) -> None:
    with pytest.raises(SettingsError, match="card"):
        Card.from_text(text)
    assert "PRIVATE" not in KEYS.card.to_text()
    assert "PrivateKeys" not in json.dumps(KEYS.card.to_text())
