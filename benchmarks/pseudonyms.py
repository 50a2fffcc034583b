"""How fast pseudonyms are made by column, beside the loops a user would otherwise write, in one run on one core.

    python -m benchmarks.pseudonyms [--rows 1000000]

For each function: nanoseconds a row, the ratio to the loop it replaces beside the ratio that is promised, and how many
times what AES alone takes over as many blocks it takes. Rounds go through all of the works one after the other, and the
best round of each counts: a machine that slows down for a while slows all of them.

Loops run over a tenth (FF3: a thousandth) of the rows, already taken out of Arrow; columns go from Arrow to Arrow, in
batches of 65 536 rows.
"""

from __future__ import annotations

import argparse
import hmac
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC
from ff3 import FF3Cipher

from anonymization.pseudonyms import (
    cmac,
    ff1_decrypt,
    ff1_encrypt,
    from_base32,
    mint,
    pad,
    rotate,
    siv_decrypt,
    siv_encrypt,
    to_base32,
)

KEY, EPOCH, NEXT, SIV_KEY = os.urandom(16), os.urandom(32), os.urandom(32), os.urandom(32)
DATA = (b"domain", b"column", b"0")
DIGITS = "0123456789"
BATCH = 65_536
ROUNDS = 5
AES_CHUNK = 8_192  # blocks AES alone is given at once: enough for it to be at its best


@dataclass(frozen=True, slots=True)
class Work:
    """Something to time: over how many rows, and what it is compared with."""

    name: str
    run: Callable[[], object]
    rows: int
    blocks: int = 0  # of AES a row
    loop: str | None = None  # the name of the work it replaces
    promised: float = 0.0  # times as fast as that loop


def by_batch(function: Callable[[pa.Array], pa.Array], column: pa.Array) -> Callable[[], object]:
    """The function over a column, batch by batch."""

    def run() -> None:
        for start in range(0, len(column), BATCH):
            function(column.slice(start, BATCH))

    return run


def hmac_loop(values: list[bytes]) -> Callable[[], object]:
    """What most people write."""
    return lambda: [hmac.digest(KEY, value, "sha256") for value in values]


def cmac_loop(values: list[bytes]) -> Callable[[], object]:
    """AES-CMAC as the cryptography package computes it, value by value."""

    def run() -> list[bytes]:
        tags = []
        for value in values:
            mac = CMAC(AES(KEY))
            mac.update(value)
            tags.append(mac.finalize())
        return tags

    return run


def siv_loop(values: list[bytes]) -> Callable[[], object]:
    """AES-SIV as the cryptography package computes it, value by value."""
    siv, data = AESSIV(SIV_KEY), list(DATA)
    return lambda: [siv.encrypt(value, data) for value in values]


def ff3_loop(values: list[str]) -> Callable[[], object]:
    """The format-preserving encryption one finds on PyPI, value by value."""
    cipher = FF3Cipher(KEY.hex(), os.urandom(7).hex())
    return lambda: [cipher.encrypt(value) for value in values]


def bare_aes(blocks: int) -> Callable[[], object]:
    """AES-128 over so many blocks in memory that is already there."""
    encryptor = Cipher(AES(KEY), ECB()).encryptor()
    data, room = np.zeros(16 * AES_CHUNK, np.uint8), np.zeros(16 * (AES_CHUNK + 1), np.uint8)

    def run() -> None:
        for _ in range(blocks // AES_CHUNK):
            encryptor.update_into(data.data, room.data)

    return run


def works(rows: int) -> list[Work]:
    """Everything that is timed."""
    short = pa.array([f"49007{number:09d}" for number in range(rows)])
    long = pa.array([f"{number * 7919:032d}" for number in range(rows)])
    mixed = pa.array([f"{'x' * (number * 31 % 23)}{number}@exemple.fr" for number in range(rows)])
    few = max(1, rows // 10)
    short_values, long_values = (column.slice(0, few).cast(pa.binary()).to_pylist() for column in (short, long))
    texts = short.slice(0, max(1, rows // 1_000)).to_pylist()
    pseudonyms, hidden = mint(KEY, EPOCH, short), siv_encrypt(SIV_KEY, short, DATA)
    masked = ff1_encrypt(KEY, short, DIGITS, b"tweak")
    hmac_14, hmac_32, siv_14, siv_32, ff3_14, cmac_14 = (
        "loop of hmac.digest, 14 characters",
        "loop of hmac.digest, 32 characters",
        "loop of AESSIV, 14 characters",
        "loop of AESSIV, 32 characters",
        "loop of ff3, 14 digits",
        "loop of CMAC, 14 characters",
    )
    column = [
        ("cmac, 14 characters", lambda part: cmac(KEY, part), short, 1, hmac_14, 25.0),
        ("cmac, 32 characters", lambda part: cmac(KEY, part), long, 2, hmac_32, 15.0),
        ("cmac, 12 to 40 characters", lambda part: cmac(KEY, part), mixed, 2, hmac_32, 0.0),
        ("mint, 14 characters", lambda part: mint(KEY, EPOCH, part), short, 2, cmac_14, 0.0),
        ("rotate", lambda part: rotate(EPOCH, NEXT, part), pseudonyms, 2, None, 0.0),
        ("siv_encrypt, 14 characters", lambda part: siv_encrypt(SIV_KEY, part, DATA), short, 2, siv_14, 6.0),
        ("siv_encrypt, 32 characters", lambda part: siv_encrypt(SIV_KEY, part, DATA), long, 4, siv_32, 6.0),
        ("siv_decrypt, 14 characters", lambda part: siv_decrypt(SIV_KEY, part, DATA), hidden, 2, siv_14, 0.0),
        ("ff1_encrypt, 14 digits", lambda part: ff1_encrypt(KEY, part, DIGITS, b"tweak"), short, 10, ff3_14, 100.0),
        ("ff1_decrypt, 14 digits", lambda part: ff1_decrypt(KEY, part, DIGITS, b"tweak"), masked, 10, ff3_14, 0.0),
        ("pad, 14 characters", lambda part: pad(part, (16, 32, 64)), short, 0, None, 0.0),
        ("to_base32, 16 bytes", to_base32, pseudonyms, 0, None, 0.0),
        ("from_base32, 16 bytes", lambda part: from_base32(part, 16), to_base32(pseudonyms), 0, None, 0.0),
    ]
    return [
        Work("AES alone, a block", bare_aes(rows), rows // AES_CHUNK * AES_CHUNK),
        Work(hmac_14, hmac_loop(short_values), few),
        Work(hmac_32, hmac_loop(long_values), few),
        Work(cmac_14, cmac_loop(short_values), few),
        Work(siv_14, siv_loop(short_values), few),
        Work(siv_32, siv_loop(long_values), few),
        Work(ff3_14, ff3_loop(texts), len(texts)),
        *(
            Work(name, by_batch(function, values), rows, blocks, replaced, promised)
            for name, function, values, blocks, replaced, promised in column
        ),
    ]


def nanoseconds_a_row(wanted: list[Work]) -> dict[str, float]:
    """The best round of each work."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for work in wanted:
            start = time.perf_counter()
            work.run()
            taken = (time.perf_counter() - start) / work.rows * 1e9
            best[work.name] = min(taken, best.get(work.name, taken))
    return best


def main() -> None:
    """Measure on one core and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = max(AES_CHUNK, parser.parse_args().rows)
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    wanted = works(rows)
    taken = nanoseconds_a_row(wanted)
    block = taken[wanted[0].name]
    print(f"{rows} rows, best of {ROUNDS} rounds, on core {core} alone; a block of AES takes {block:.2f} ns")
    print(f"  {'':36s} {'ns a row':>10s} {'M rows/s':>9s}   as fast as its loop        times AES alone")
    for work in wanted:
        own = taken[work.name]
        line = f"  {work.name:36s} {own:10.1f} {1e3 / own:9.2f}"
        if work.loop:
            bar = f" (promised {work.promised:.0f})" if work.promised else ""
            line += f"   x{taken[work.loop] / own:7.1f}{bar:15s}"
        elif work.blocks:
            line += " " * 26
        if work.blocks:
            line += f"   x{own / block / work.blocks:5.1f} over {work.blocks}"
        print(line)


if __name__ == "__main__":
    main()
