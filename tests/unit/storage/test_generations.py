"""The marker of the trusted zone: who may write, what is read, and what one conditional write switches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage import (
    Freeze,
    GenerationChangedError,
    Generations,
    Manifest,
    ManifestError,
    MemoryObjectStore,
    Part,
    PreconditionFailedError,
    Zone,
    read_generations,
    read_pointer,
    swap_pointer,
    write_generations,
    write_manifest,
)
from storage.zones import GENERATIONS_KEY, TrustedPointer, parse_pointer_key, pointer_key, trusted_prefix

FREEZE = Freeze("water", 1, ("leaks", "meters"))
MANIFEST = Manifest(
    zone=Zone.TRUSTED,
    dataset="meters",
    version="2.1.0",
    period="2026-10",
    parts=(Part("trusted/meters/v2/2026-10/k-0000.parquet", 10, "d" * 64, 3),),
    content="c" * 64,
)


def test_without_a_marker_everything_is_in_its_first_generation() -> None:
    found = read_generations(MemoryObjectStore())
    assert (found.of("meters"), found.freeze, found.etag) == (0, None, None)
    found.check("meters", {"water": 7})


def test_a_switch_is_one_write_and_comes_back_as_written() -> None:
    store = MemoryObjectStore()
    frozen = write_generations(store, read_generations(store).frozen(FREEZE))
    assert read_generations(store) == frozen
    switched = write_generations(store, frozen.switched())
    assert read_generations(store) == switched
    assert (switched.of("meters"), switched.of("leaks"), switched.of("parking")) == (1, 1, 0)
    assert (switched.epochs, switched.freeze) == ({"water": 1}, None)
    with pytest.raises(PreconditionFailedError):
        write_generations(store, frozen.switched())
    with pytest.raises(ValueError, match="frozen"):
        switched.switched()


def test_of_two_who_begin_one_is_told_to_read_again() -> None:
    store = MemoryObjectStore()
    one, other = read_generations(store), read_generations(store)
    write_generations(store, one.frozen(FREEZE))
    with pytest.raises(PreconditionFailedError):
        write_generations(store, other.frozen(replace(FREEZE, domain="other")))


@pytest.mark.parametrize(
    ("dataset", "epochs", "refused"),
    [
        ("meters", {}, True),  # a dataset that is being switched
        ("meters", {"other": 0}, True),
        ("new", {"water": 0}, True),  # a dataset that nobody knew of, with pseudonyms of the domain
        ("new", {"other": 0}, False),
        ("parking", {}, False),
    ],
)
def test_writers_wait_for_a_switch_of_their_dataset_or_domain(
    dataset: str, epochs: dict[str, int], refused: bool
) -> None:
    frozen = Generations().frozen(FREEZE)
    if refused:
        with pytest.raises(GenerationChangedError, match="being switched to epoch 1"):
            frozen.check(dataset, epochs)
    else:
        frozen.check(dataset, epochs)


def test_pseudonyms_of_an_ended_epoch_are_not_written() -> None:
    switched = Generations().frozen(FREEZE).switched()
    switched.check("meters", {"water": 1, "other": 0})
    for epoch in (0, 2):
        with pytest.raises(GenerationChangedError, match=f"epoch {epoch}, trusted is at epoch 1"):
            switched.check("meters", {"water": epoch})


def test_a_writer_that_a_switch_overtook_is_told_so() -> None:
    store = MemoryObjectStore()
    seen = read_generations(store)
    seen.confirm(store, "meters", {"water": 0})
    frozen = write_generations(store, seen.frozen(FREEZE))
    with pytest.raises(GenerationChangedError, match="being switched"):
        seen.confirm(store, "meters", {"water": 0})
    write_generations(store, frozen.switched())
    with pytest.raises(GenerationChangedError, match="another generation"):
        seen.confirm(store, "meters", {})
    seen.confirm(store, "parking", {})


def test_a_pointer_belongs_to_a_generation() -> None:
    store = MemoryObjectStore()
    first = write_manifest(store, MANIFEST)
    second = write_manifest(store, replace(MANIFEST, content="e" * 64))
    swap_pointer(store, first, expected_etag=None)
    swap_pointer(store, second, expected_etag=None, generation=1)
    assert read_pointer(store, "meters", 2, "2026-10") == (first, "v3")
    assert read_pointer(store, "meters", 2, "2026-10", generation=1) == (second, "v4")
    write_generations(store, write_generations(store, Generations().frozen(FREEZE)).switched())
    assert read_pointer(store, "meters", 2, "2026-10") == (second, "v4")
    assert read_pointer(store, "meters", 2, "2026-10", zone=Zone.CANDIDATE) is None
    with pytest.raises(PreconditionFailedError):
        swap_pointer(store, first, expected_etag="v3")


def test_keys_of_pointers_are_read_as_they_are_written() -> None:
    for generation in (0, 1, 9_999, 10_000):
        key = pointer_key(Zone.TRUSTED, "meters", 2, "2026-10", generation)
        assert parse_pointer_key(key) == TrustedPointer("meters", 2, "2026-10", generation)
        assert key.startswith(trusted_prefix("meters"))
    for other in (GENERATIONS_KEY, "candidate/d/v1/2026-10/current.json", "trusted/d/v1/2026-10/manifest-0.json"):
        assert parse_pointer_key(other) is None


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format":1}', b'{"format":2,"datasets":{}}', b"\xff"])
def test_a_marker_that_does_not_read_is_not_taken_for_none(data: bytes) -> None:
    store = MemoryObjectStore()
    store.put(GENERATIONS_KEY, data)
    with pytest.raises(ManifestError, match="generations"):
        read_generations(store)
