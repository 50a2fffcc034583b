"""Keyed sets of the identifiers that deliveries brought, at rest: sealed under a key of their own that custody keeps.

One object a delivery and period. The name of its data key stands in its own name: whoever writes and destroys these
objects (*deidentify*) reads none of them back, and whoever reads them (*assess*) writes none. A set whose key was
destroyed is closed for ever, whatever became of its bytes; so erasing destroys the key first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storage.envelope import disclose, enclose
from storage.errors import SealError
from storage.objects import ObjectStore
from storage.sealing import KeyCustodian
from storage.zones import Zone, known_key, known_prefix

_MEDIA_TYPE = "application/vnd.ardoise.sealed"
_SUFFIX = ".set"


@dataclass(frozen=True, slots=True)
class KnownSet:
    """Where the set of one delivery lies for one period, and which data key opens it."""

    key: str
    major: int
    period: str
    delivery: str
    key_id: str


def write_known(
    store: ObjectStore, custodian: KeyCustodian, content: bytes, *, dataset: str, major: int, period: str, delivery: str
) -> KnownSet:
    """Seal a set under a new data key. Earlier sets of the same delivery and period stay: see :func:`list_known`."""
    data_key = custodian.create_key(Zone.KNOWN.value, dataset)
    key = known_key(dataset, major, period, delivery, data_key.id)
    store.put(key, b"".join(enclose([content], data_key, _context(key))), media_type=_MEDIA_TYPE)
    return KnownSet(key, major, period, delivery, data_key.id)


def list_known(store: ObjectStore, dataset: str) -> Iterator[KnownSet]:
    """The sets of a dataset; of one delivery and period there may be several, if it was taken in again."""
    prefix = known_prefix(dataset)
    for found in list(store.list(prefix)):
        major, period, delivery, name = found.key.removeprefix(prefix).split("/")
        yield KnownSet(found.key, int(major.removeprefix("v")), period, delivery, name.removesuffix(_SUFFIX))


def read_known(store: ObjectStore, custodian: KeyCustodian, found: KnownSet) -> bytes:
    """Open a set.

    Raises:
        ObjectNotFoundError, SealError: it is gone, altered, or sealed under another key than its name says.
    """

    def release(key_id: str) -> bytes:
        if key_id != found.key_id:
            raise SealError(f"the set {found.key} is sealed under another key than its name says")
        return custodian.release_key(key_id)

    with store.open(found.key) as stream:
        return b"".join(disclose(stream, release, _context(found.key)))


def erase_known(store: ObjectStore, custodian: KeyCustodian, found: KnownSet) -> None:
    """Erase a set for ever: its key, then the object. May be repeated."""
    custodian.destroy_key(found.key_id)
    store.delete(found.key)


def _context(key: str) -> bytes:
    return b"ardoise known identifiers\0" + key.encode()
