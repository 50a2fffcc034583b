"""How many distinct identifiers a domain has seen: an estimate, for an attack by enumeration shows there.

Every token has a quota; what several tokens ask for together is seen here. Inputs are counted by their CMAC tags,
uniform and secret, in HyperLogLog sketches (Apache DataSketches). The library takes one value at a time, so inputs are
sampled by their own bits first: sketch *i* sees one tag in 16^i, always the same, and speaks once the finer one has
seen enough. Past :data:`ENOUGH` distinct inputs a row costs some ten nanoseconds; the error stays under some 5 %.

A sketch's registers hold no input, and none can be read from them. Memory: three times 4 KiB for each domain in use.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pyarrow as pa
from datasketches import hll_sketch, hll_union, tgt_hll_type
from numpy.typing import NDArray

ENOUGH = 32_768  # distinct inputs that a sketch has seen when the coarser one takes over
RATES = (1, 16, 256)

_CHOOSER = 8  # the byte of a tag that its sampling looks at; what is counted is the first eight
_REGISTERS = 12  # log2: a standard error of 1.6 %
_LENGTH_BYTES = 4


class DistinctInputs:
    """The count of one domain. Safe to share by threads."""

    def __init__(self, state: bytes | None = None) -> None:
        """Begin with nothing, or with what :meth:`state` returned."""
        self._lock = Lock()
        self._sketches = _read(state) if state else [_new() for _ in RATES]

    def add(self, tags: pa.FixedSizeBinaryArray) -> None:
        """Count these 16-byte tags; nulls do not count.

        Args:
            tags: uniform, as CMAC's are; the same for the same input, whenever it comes.
        """
        words = _words(tags)
        chooser = words.view(np.uint8)[:, _CHOOSER]
        with self._lock:
            for rate, sketch in zip(RATES, self._sketches, strict=True):
                if rate == RATES[-1] or sketch.get_estimate() < ENOUGH:
                    sampled = words[np.flatnonzero((chooser & (rate - 1)) == 0), 0]
                    deque(map(sketch.update, sampled.tolist()), maxlen=0)

    def merge(self, state: bytes) -> None:
        """Take in what another process has counted."""
        with self._lock:
            for place, other in enumerate(_read(state)):
                union = hll_union(_REGISTERS)
                union.update(self._sketches[place])
                union.update(other)
                self._sketches[place] = union.get_result(tgt_hll_type.HLL_8)

    def estimate(self) -> int:
        """Return about how many distinct inputs there were."""
        with self._lock:
            seen = [float(sketch.get_estimate()) for sketch in self._sketches]
        speaks = next((place for place, found in enumerate(seen) if found < ENOUGH), len(seen) - 1)
        return round(seen[speaks] * RATES[speaks])

    def state(self) -> bytes:
        """Return the registers, to go on from in another process."""
        with self._lock:
            parts = [sketch.serialize_compact() for sketch in self._sketches]
        return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


@dataclass(frozen=True, slots=True)
class Excess:
    """A domain that has seen more than it was declared to."""

    domain: str
    expected: int
    estimate: int


def excess(domain: str, expected: int, estimate: int, alerted: int | None) -> Excess | None:
    """Return what to alert of: more than is expected, and twice as much as was last alerted of."""
    if estimate <= expected or (alerted is not None and estimate < 2 * alerted):
        return None
    return Excess(domain, expected, estimate)


def _new() -> hll_sketch:
    return hll_sketch(_REGISTERS, tgt_hll_type.HLL_8)


def _read(state: bytes) -> list[hll_sketch]:
    sketches = []
    while state:
        length = int.from_bytes(state[:_LENGTH_BYTES], "big")
        sketches.append(hll_sketch.deserialize(state[_LENGTH_BYTES : _LENGTH_BYTES + length]))
        state = state[_LENGTH_BYTES + length :]
    return sketches


def _words(tags: pa.FixedSizeBinaryArray) -> NDArray[np.int64]:
    """Return the two halves of each tag that is not null, shape (tags, 2)."""
    present = tags.drop_null() if tags.null_count else tags
    data = present.buffers()[1]
    if data is None or len(present) == 0:
        return np.empty((0, 2), np.int64)
    return np.frombuffer(data, np.int64, 2 * len(present), 16 * present.offset).reshape(-1, 2)
