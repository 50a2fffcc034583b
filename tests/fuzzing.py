"""Fuzz one decoder for a while: ``python -m tests.fuzzing NAME SECONDS``. Ends with 0 if nothing crashed or hung.

Coverage-guided by atheris (libFuzzer) where it has a wheel: Linux on x86-64. Elsewhere, and for Parquet, whose reader
is another process and not Python, payloads are spoilt at random for the same time.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import tempfile
import time
from pathlib import Path

PIECES = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b";", b"\n", b"\r", b"\0", b"\xff", b"\xc3", b"null", b"1e999",
    b"-", b"<", b"&", b"<!DOCTYPE d>", b"\\ud800", b"PAR1", b"2026-10-25T02:30:00", b"9" * 40, b"[" * 5000, b"CANARI",
]  # fmt: skip
HANG_SECONDS = 20  # one payload of some kilobytes
MEMORY_MIB = 3_000


def spoilt(payload: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut out, doubled, or put in, one to four times."""
    data = bytearray(payload)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 8, 64))
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at:at] = chance.choice(PIECES)
            case _:
                del data[at:]
    return bytes(data)


def main(name: str, seconds: int) -> None:
    """Fuzz; an assertion or an unexpected exception ends the process with a code that is not 0."""
    if name != "parquet" and importlib.util.find_spec("atheris"):
        _guided(name, seconds)
    else:
        _at_random(name, seconds)


def _guided(name: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["sources"]):
        importlib.import_module(f"sources.decoders.{name}")  # else only imported, unguided, by the first payload
        from tests.payloads import FORMATS, SAMPLE, judged

    with tempfile.TemporaryDirectory(prefix="ardoise-fuzzing-") as folder:
        corpus, words = Path(folder) / "corpus", Path(folder) / "words"
        corpus.mkdir()
        (corpus / "sample").write_bytes(FORMATS[name].write(SAMPLE[:2]))
        (corpus / "none").write_bytes(FORMATS[name].write([]))
        words.write_text("".join('"' + "".join(map("\\x{:02x}".format, piece[:60])) + '"\n' for piece in PIECES))
        limits = [
            f"-max_total_time={seconds}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MEMORY_MIB}",
            "-max_len=4096",
            f"-dict={words}",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *limits, str(corpus)], lambda data: judged(FORMATS[name], data))
        atheris.Fuzz()


def _at_random(name: str, seconds: int) -> None:
    from tests.payloads import FORMATS, SAMPLE, judged

    chance, payload = random.Random(name), FORMATS[name].write(SAMPLE)
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        started = time.monotonic()
        judged(FORMATS[name], spoilt(payload, chance))
        assert time.monotonic() - started < HANG_SECONDS
        count += 1
    print(f"{name}: {count} spoilt payloads")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
