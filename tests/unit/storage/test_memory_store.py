import pytest

from storage import MemoryObjectStore
from tests.unit.storage.behavior import ObjectStoreBehavior


class TestMemoryObjectStore(ObjectStoreBehavior):
    @pytest.fixture
    def store(self) -> MemoryObjectStore:
        return MemoryObjectStore()

    def test_it_knows_what_it_would_serve_an_object_as(self, store: MemoryObjectStore) -> None:
        store.put("open", b"x", media_type="text/csv")
        assert store.media_type("open") == "text/csv"
