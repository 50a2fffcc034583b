"""The master key and what it wraps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.errors import MasterKeyError, TamperedError
from custody.keyring import MasterKey, fields, split
from custody.masters.files import FileKeeper

WORD = st.text("a\0é", max_size=4)
KEY = bytes(range(32))


def test_a_wrap_opens_in_its_context_only() -> None:
    master = MasterKey(KEY)
    wrapped = master.wrap(b"secret", "domain", "water")
    assert b"secret" not in wrapped
    assert wrapped != master.wrap(b"secret", "domain", "water")
    assert MasterKey(KEY).unwrap(wrapped, "domain", "water") == b"secret"
    for context in (("domain", "waters"), ("domainw", "ater"), ("domain",), ("domain", "water", "")):
        with pytest.raises(TamperedError):
            master.unwrap(wrapped, *context)
    with pytest.raises(TamperedError):
        MasterKey(bytes(32)).unwrap(wrapped, "domain", "water")


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_an_altered_wrap_does_not_open(at: int) -> None:
    wrapped = bytearray(MasterKey(KEY).wrap(b"secret", "x"))
    wrapped[at] ^= 1
    with pytest.raises(TamperedError):
        MasterKey(KEY).unwrap(bytes(wrapped), "x")
    for length in (0, 1, 12, 20):
        with pytest.raises(TamperedError):
            MasterKey(KEY).unwrap(bytes(wrapped[:length]), "x")


@given(st.lists(WORD, max_size=4), st.lists(WORD, max_size=4))
def test_no_two_lists_of_fields_look_alike(some: list[str], others: list[str]) -> None:
    assert (fields(*some) == fields(*others)) == (some == others)


def test_uses_of_a_key_are_apart() -> None:
    assert len({split(KEY, "a"), split(KEY, "b"), split(KEY, "a", "b"), split(KEY, "ab"), KEY}) == 5


def test_a_split_key_is_as_long_as_its_use_wants() -> None:
    assert len(split(KEY, "reversible", length=64)) == 64
    assert split(KEY, "reversible", length=64)[:32] == split(KEY, "reversible")


def test_the_file_is_private_made_once_and_whole(tmp_path: Path) -> None:
    keeper, file = FileKeeper(tmp_path), tmp_path / "master.key"
    wrapped = keeper.create("master").wrap(b"secret", "x")
    assert file.stat().st_mode & 0o777 == 0o600
    assert keeper.open("master").unwrap(wrapped, "x") == b"secret"
    assert keeper.create("master").unwrap(wrapped, "x") == b"secret"
    file.chmod(0o604)
    with pytest.raises(MasterKeyError, match="604"):
        keeper.open("master")
    file.chmod(0o600)
    for damaged in ("", "ardoise-master-key-1 AAAA", "ardoise-master-key-2 " + "A" * 44, "\u00e9"):
        file.write_text(damaged)
        with pytest.raises(MasterKeyError, match=r"master\.key"):
            keeper.open("master")
    with pytest.raises(MasterKeyError, match="missing"):
        keeper.open("none")
    assert "AAAA" not in repr(MasterKey(KEY))


def test_a_destroyed_file_is_gone_and_a_half_made_one_does_not_matter(tmp_path: Path) -> None:
    keeper = FileKeeper(tmp_path)
    (tmp_path / "master-2.partial").write_text("ardoise-master")
    first, second = keeper.create("master"), keeper.create("master-2")
    wrapped = first.wrap(b"secret", "x")
    with pytest.raises(TamperedError):
        second.unwrap(wrapped, "x")
    keeper.destroy("master")
    keeper.destroy("master")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["master-2.key"]
