import pytest

from storage import (
    DatasetRef,
    DigestMismatchError,
    Manifest,
    ManifestError,
    MemoryObjectStore,
    Part,
    PreconditionFailedError,
    Zone,
    canonical_json,
    read_manifest,
    read_pointer,
    stage_key,
    swap_pointer,
    write_manifest,
)

MANIFEST = Manifest(
    zone=Zone.TRUSTED,
    dataset="water-meters",
    version="2.1.0",
    period="2026-10",
    parts=(Part("trusted/water-meters/v2/2026-10/k-0000.parquet", 10, "d" * 64, 3),),
    content="c" * 64,
    inputs=("i" * 64,),
    deliveries=("abc",),
    consent_root="r" * 64,
    code_version="0.1.0",
)


def test_a_manifest_comes_back_and_is_named_by_its_digest() -> None:
    store = MemoryObjectStore()
    ref = write_manifest(store, MANIFEST)
    assert ref.key == f"trusted/water-meters/v2/2026-10/manifest-{ref.digest}.json"
    assert read_manifest(store, ref) == MANIFEST
    assert write_manifest(store, MANIFEST) == ref
    assert DatasetRef.from_json(ref.to_json()) == ref
    assert len(list(store.list(""))) == 1


def test_an_altered_manifest_is_refused() -> None:
    store = MemoryObjectStore()
    ref = write_manifest(store, MANIFEST)
    store.put(ref.key, store.get(ref.key).replace(b'"rows":3', b'"rows":4'))
    with pytest.raises(DigestMismatchError):
        read_manifest(store, ref)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"format":1}', b'{"format":2}', b"\xff", b'{"format":1,"zone":"x"}'])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    store = MemoryObjectStore()
    stored = store.put("trusted/x", data)
    with pytest.raises(ManifestError, match="trusted/x"):
        read_manifest(store, DatasetRef(Zone.TRUSTED, "d", "1.0.0", "2026-10", "trusted/x", stored.digest or ""))


def test_a_pointer_is_swapped_by_whoever_read_it_last() -> None:
    store = MemoryObjectStore()
    first = write_manifest(store, MANIFEST)
    assert read_pointer(store, "water-meters", 2, "2026-10") is None
    etag = swap_pointer(store, first, expected_etag=None)
    assert read_pointer(store, "water-meters", 2, "2026-10") == (first, etag)
    with pytest.raises(PreconditionFailedError):
        swap_pointer(store, first, expected_etag=None)
    newer = swap_pointer(store, first, expected_etag=etag)
    with pytest.raises(PreconditionFailedError):
        swap_pointer(store, first, expected_etag=etag)
    assert read_pointer(store, "water-meters", 2, "2026-10") == (first, newer)


def test_a_major_a_period_and_a_zone_have_pointers_of_their_own() -> None:
    store = MemoryObjectStore()
    swap_pointer(store, write_manifest(store, MANIFEST), expected_etag=None)
    assert read_pointer(store, "water-meters", 1, "2026-10") is None
    assert read_pointer(store, "water-meters", 2, "2026-11") is None
    assert read_pointer(store, "water-meters", 2, "2026-10", zone=Zone.CANDIDATE) is None


def test_a_landing_ref_has_no_pointer() -> None:
    ref = DatasetRef(Zone.LANDING, "d", "1.0.0", None, "landing/d/x.manifest", "0" * 64)
    with pytest.raises(ManifestError, match="no period"):
        swap_pointer(MemoryObjectStore(), ref, expected_etag=None)


def test_a_stage_key_follows_from_what_goes_in() -> None:
    given = {
        "dataset": "d",
        "period": "2026-10",
        "inputs": ("a", "b"),
        "contract": "1.0.0",
        "strategy": "1",
        "consent": None,
        "code": "0.1.0",
    }
    reference = stage_key(**given)  # type: ignore[arg-type]
    assert stage_key(**given | {"inputs": ("b", "a")}) == reference  # type: ignore[arg-type]
    for name in given:
        changed = given | {name: ("c",) if name == "inputs" else "other"}
        assert stage_key(**changed) != reference  # type: ignore[arg-type]


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'.encode()
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})
