"""How fast sealing is, next to the bare AES-256-GCM under it, and how much memory it takes.

Run: ``python -m benchmarks.sealing [--megabytes 256]``. Both sides work on the same chunks in the same process, turn by
turn; the best of several turns counts. Memory is the growth of the process's peak while a stream goes through.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import as_file, open_sealed, seal
from storage.sealing import SEGMENT_SIZE

TURNS = 7
KEY = bytes(range(32))


def drain(chunks: Iterable[bytes]) -> None:
    """Read a stream to its end."""
    for _ in chunks:
        pass


def stream(block: bytes, megabytes: int) -> Iterator[bytes]:
    """The same megabyte again and again."""
    for _ in range(megabytes):
        yield block


def bare(megabytes: int, block: bytes) -> None:
    """The work under sealing: one call of the cipher a segment."""
    cipher = AESGCM(KEY)
    for number in range(megabytes):
        cipher.encrypt(number.to_bytes(12, "big"), block, None)


def bare_opening(sealed_blocks: list[bytes]) -> None:
    """The work under opening: one call of the cipher a segment, over as many different ones."""
    cipher = AESGCM(KEY)
    for block in sealed_blocks:
        cipher.decrypt(bytes(12), block, None)


def best(works: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Seconds of processor time of each work at its best, the turns interleaved."""
    found = dict.fromkeys(works, float("inf"))
    for _ in range(TURNS):
        for name, work in works.items():
            gc.collect()
            begin = time.process_time()
            work()
            found[name] = min(found[name], time.process_time() - begin)
    return found


def peak_megabytes() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256)
    megabytes = parser.parse_args().megabytes
    block = os.urandom(SEGMENT_SIZE)
    odd = block[: SEGMENT_SIZE // 3 + 1]
    drain(seal(stream(block, 4), KEY, b""))
    before = peak_megabytes()
    chain = open_sealed(as_file(seal(stream(block, megabytes), KEY, b"")), KEY, b"")
    drain(chain)
    grown = peak_megabytes() - before
    sealed = [*seal(stream(block, min(megabytes, 64)), KEY, b"")]
    sealed_blocks = [AESGCM(KEY).encrypt(bytes(12), block, None) for _ in sealed[1:]]
    works: dict[str, Callable[[], None]] = {
        "bare AES-256-GCM, sealing": lambda: bare(megabytes, block),
        "seal": lambda: drain(seal(stream(block, megabytes), KEY, b"")),
        "seal, odd chunks": lambda: drain(seal(stream(odd, megabytes * 3), KEY, b"")),
        "bare AES-256-GCM, opening": lambda: bare_opening(sealed_blocks),
        "open_sealed": lambda: drain(open_sealed(as_file(iter(sealed)), KEY, b"")),
    }
    seconds = best(works)
    for name, base, size in (
        ("seal", "bare AES-256-GCM, sealing", megabytes),
        ("seal, odd chunks", "bare AES-256-GCM, sealing", megabytes),
        ("open_sealed", "bare AES-256-GCM, opening", min(megabytes, 64)),
    ):
        ratio, speed = seconds[name] / seconds[base], size / seconds[name]
        print(f"{name:<18} {speed:7.0f} MB/s   {ratio:5.2f} x the bare work ({size / seconds[base]:.0f} MB/s)")
    print(f"memory             {grown:7.1f} MB more at its peak, for {megabytes} MB sealed and opened in one stream")


if __name__ == "__main__":
    main()
