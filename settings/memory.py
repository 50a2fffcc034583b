"""How a process that works by column keeps its memory.

A batch frees what the next one asks for. The C library gives freed memory back to the system, a page at a time, and
takes it again: ciphering identifiers then spends more than half of its time on page faults. So an entry point that
moves columns says here, once, that what was freed stays. Nothing depends on it but speed.
"""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_LARGEST_KEPT = 32 * 1024 * 1024  # an array: glibc takes no more on 64-bit machines


def keep_freed_memory(most: int) -> None:
    """Keep up to ``most`` bytes that were freed, in each of the C library's arenas, and Arrow's own in jemalloc's care.

    Does nothing where the C library is not glibc, or Arrow has no jemalloc. Call it before threads are started.
    """
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())  # Arrow's default gives pages back and takes them again, too
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, min(most, _LARGEST_KEPT))
        mallopt(_TRIM_THRESHOLD, most)
