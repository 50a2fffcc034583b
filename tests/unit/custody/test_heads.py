"""Consistency proofs of RFC 9162 (2.1.4), against trees made by its definition (2.1.1), one leaf after the other."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.heads import extends, signed_bytes

LEAVES = [f"entry {number}".encode() for number in range(70)]


def root(leaves: list[bytes]) -> bytes:
    """Merkle tree hash, by definition."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    cut = split(len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:cut]) + root(leaves[cut:])).digest()


def split(size: int) -> int:
    """The largest power of two that is smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def proof(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of 2.1.4.1, by definition."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    cut = split(len(leaves))
    if old <= cut:
        return [*proof(old, leaves[:cut], whole), root(leaves[cut:])]
    return [*proof(old - cut, leaves[cut:], False), root(leaves[:cut])]


@pytest.mark.parametrize("size", range(2, 34))
def test_every_prefix_is_proved(size: int) -> None:
    new = root(LEAVES[:size])
    for old in range(1, size):
        path = proof(old, LEAVES[:size])
        assert extends(old, root(LEAVES[:old]), size, new, path)
        for wrong in (path[:-1], [*path, path[-1]], [bytes(32), *path[1:]], path[::-1] if len(path) > 1 else []):
            if wrong != path:
                assert not extends(old, root(LEAVES[:old]), size, new, wrong)
        assert not extends(old, bytes(32), size, new, path)
        assert not extends(old, root(LEAVES[:old]), size, bytes(32), path)


@given(st.data())
def test_a_rewritten_past_is_never_proved(data: st.DataObject) -> None:
    old = data.draw(st.integers(1, 69), "old size")
    size = data.draw(st.integers(old + 1, 70), "size")
    altered = data.draw(st.integers(0, old - 1), "entry that was rewritten")
    rewritten = [*LEAVES[:altered], b"rewritten", *LEAVES[altered + 1 : size]]
    assert not extends(old, root(LEAVES[:old]), size, root(rewritten), proof(old, rewritten))


def test_sizes_that_do_not_grow_prove_nothing() -> None:
    for old, size in ((0, 1), (1, 1), (2, 1), (-1, 4)):
        assert not extends(old, root(LEAVES[:1]), size, root(LEAVES[:1]), [])


def test_no_two_heads_have_the_same_bytes_to_sign() -> None:
    now, other = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, 0, 1, tzinfo=UTC)
    heads = [
        ("a", 1, b"r", now),
        ("a", 11, b"r", now),
        ("a1", 1, b"r", now),
        ("a", 1, b"rr", now),
        ("a", 1, b"r", other),
    ]
    assert len({signed_bytes(*head) for head in heads}) == len(heads)
