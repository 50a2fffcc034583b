"""What every object store does: one suite, run in memory by the unit tests and on the real service by integration."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage import (
    DigestMismatchError,
    ObjectNotFoundError,
    ObjectStore,
    PreconditionFailedError,
    chunks_of,
    copy_object,
)

LARGE = os.urandom(64) * 270_000  # 17.3 MB: three parts of a multipart upload


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class ObjectStoreBehavior:
    """Subclass it with a fixture `store`: an empty prefix ``trusted/`` of some bucket."""

    def test_bytes_come_back(self, store: ObjectStore) -> None:
        stored = store.put("trusted/a", b"slate", media_type="text/plain")
        assert (stored.key, stored.size, stored.digest) == ("trusted/a", 5, sha(b"slate"))
        assert store.get("trusted/a") == store.get("trusted/a", sha(b"slate")) == b"slate"

    def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        assert store.put("trusted/empty", b"").size == 0
        assert store.put("trusted/empty2", iter(())).digest == sha(b"")
        assert store.get("trusted/empty") == store.get("trusted/empty2", sha(b"")) == b""
        with store.open("trusted/empty", sha(b"")) as stream:
            assert stream.read() == b""

    def test_names_with_every_allowed_sign(self, store: ObjectStore) -> None:
        store.put("trusted/d/v1/2026-10/a.b_c=d-e.json", b"x")
        assert store.get("trusted/d/v1/2026-10/a.b_c=d-e.json") == b"x"

    @pytest.mark.parametrize("size", [1, 8 << 20, (8 << 20) + 1, 16 << 20])
    def test_a_stream_of_any_size(self, store: ObjectStore, size: int) -> None:
        data = LARGE[:size]
        stored = store.put("trusted/streamed", (data[start : start + 700_001] for start in range(0, size, 700_001)))
        assert (stored.size, stored.digest) == (size, sha(data))
        head = store.head("trusted/streamed")
        assert head is not None
        assert (head.size, head.etag) == (size, stored.etag)
        assert head.digest in (None, stored.digest)
        assert store.get("trusted/streamed", stored.digest) == data

    def test_a_stream_is_read_in_pieces(self, store: ObjectStore) -> None:
        store.put("trusted/large", LARGE)
        with store.open("trusted/large", sha(LARGE)) as stream:
            assert stream.read(3) == LARGE[:3]
            assert stream.read(5_000_000) == LARGE[3:5_000_003]
            assert stream.read() == LARGE[5_000_003:]
            assert stream.read() == b""

    def test_a_stream_may_be_left_unread(self, store: ObjectStore) -> None:
        store.put("trusted/large", LARGE)
        with store.open("trusted/large", sha(b"other")) as stream:
            assert stream.read(10) == LARGE[:10]
        assert store.get("trusted/large") == LARGE

    def test_damage_is_told_before_the_end(self, store: ObjectStore) -> None:
        store.put("trusted/a", LARGE)
        with pytest.raises(DigestMismatchError, match="trusted/a"):
            store.get("trusted/a", sha(b"other"))
        with store.open("trusted/a", sha(b"other")) as stream, pytest.raises(DigestMismatchError):
            for _ in chunks_of(stream):
                pass

    def test_nothing_is_made_from_a_damaged_object(self, store: ObjectStore) -> None:
        store.put("trusted/a", LARGE)
        with pytest.raises(DigestMismatchError):
            copy_object(store, "trusted/a", sha(b"other"), store, "trusted/b", "text/plain")
        assert store.head("trusted/b") is None
        assert copy_object(store, "trusted/a", sha(LARGE), store, "trusted/b", "text/plain").digest == sha(LARGE)

    def test_a_writer_that_fails_leaves_the_earlier_state(self, store: ObjectStore) -> None:
        def failing(sent: int) -> Iterator[bytes]:
            yield LARGE[:sent]
            raise InterruptedError

        store.put("trusted/old", b"old")
        for sent in (10, len(LARGE)):
            for key in ("trusted/old", "trusted/new"):
                with pytest.raises(InterruptedError):
                    store.put(key, failing(sent))
        assert store.get("trusted/old") == b"old"
        assert store.head("trusted/new") is None
        assert [found.key for found in store.list("trusted/")] == ["trusted/old"]

    def test_what_is_not_there(self, store: ObjectStore) -> None:
        assert store.head("trusted/none") is None
        for read in (store.get, store.open):
            with pytest.raises(ObjectNotFoundError, match="trusted/none"):
                read("trusted/none")
        store.delete("trusted/none")

    def test_delete(self, store: ObjectStore) -> None:
        store.put("trusted/a", b"x")
        store.delete("trusted/a")
        assert store.head("trusted/a") is None
        assert list(store.list("trusted/")) == []

    def test_list_is_in_order_and_only_under_the_prefix(self, store: ObjectStore) -> None:
        for key in ("trusted/b/2", "trusted/a", "trusted/b/1", "trusted/bc"):
            store.put(key, key.encode())
        found = list(store.list("trusted/b"))
        assert [item.key for item in found] == ["trusted/b/1", "trusted/b/2", "trusted/bc"]
        assert [item.size for item in found] == [11, 11, 10]
        assert [item.key for item in store.list("trusted/b/")] == ["trusted/b/1", "trusted/b/2"]
        assert list(store.list("trusted/none/")) == []

    def test_moments_are_recent_and_in_utc(self, store: ObjectStore) -> None:
        stored = store.put("trusted/a", b"x")
        head = store.head("trusted/a")
        assert head is not None
        for moment in (stored.modified, head.modified, next(store.list("trusted/a")).modified):
            assert moment.utcoffset() == timedelta(0)
            assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)

    def test_only_if_absent(self, store: ObjectStore) -> None:
        store.put("trusted/a", b"first", if_absent=True)
        with pytest.raises(PreconditionFailedError, match="trusted/a"):
            store.put("trusted/a", LARGE, if_absent=True)
        assert store.get("trusted/a") == b"first"
        store.delete("trusted/a")
        store.put("trusted/a", LARGE, if_absent=True)

    def test_only_if_it_is_the_version_expected(self, store: ObjectStore) -> None:
        first = store.put("trusted/a", b"first")
        second = store.put("trusted/a", LARGE, if_match=first.etag)
        assert second.etag != first.etag
        with pytest.raises(PreconditionFailedError):
            store.put("trusted/a", b"third", if_match=first.etag)
        with pytest.raises(PreconditionFailedError):
            store.put("trusted/none", b"third", if_match=first.etag)
        head = store.head("trusted/a")
        assert head is not None
        assert head.etag == second.etag
        assert store.head("trusted/none") is None

    def test_a_stream_has_no_condition(self, store: ObjectStore) -> None:
        for condition in ({"if_absent": True}, {"if_match": "x"}):
            with pytest.raises(ValueError, match="whole object"):
                store.put("trusted/a", iter([b"x"]), **condition)  # type: ignore[arg-type]
        assert store.head("trusted/a") is None
