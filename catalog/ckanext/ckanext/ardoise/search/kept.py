"""What was found once and holds until the next write: counts of a request, and which documents stand on its pages.

Kept by the whole request, its filters on visibility included, so that one reader's are never another's; documents
themselves are always read anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

MOST_KEPT = 1_000  # requests and pages, in each process


class Kept:
    """The last values, each of one generation of the index; forgotten in the order of their last use."""

    def __init__(self) -> None:
        self._values: OrderedDict[Any, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def renew_lock(self) -> None:
        """In a forked process, do not wait for a thread that is not there."""
        self._lock = threading.Lock()

    def get(self, key: Any, generation: int) -> Any:
        """Return what is kept of this generation under ``key``; None if nothing is, or the key is None."""
        if key is None:
            return None
        with self._lock:
            kept = self._values.get(key)
            if kept is None or kept[0] != generation:
                return None
            self._values.move_to_end(key)
            return kept[1]

    def put(self, key: Any, generation: int, value: Any) -> None:
        """Keep ``value``, unless the key is None."""
        if key is None:
            return
        with self._lock:
            self._values[key] = (generation, value)
            while len(self._values) > MOST_KEPT:
                self._values.popitem(last=False)
