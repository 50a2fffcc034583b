"""How fast pseudonyms are made: column AES-CMAC against the loops a user would otherwise write, in one run.

    python -m benchmarks.pseudonyms [--rows 1000000] [--custody-url URL --orchestrator-token FILE --domain D]

Prints rows per second and ratios; with a running custody service, also the way there and back. Reference points: AES
alone over as many blocks (the bare work under it), a loop of HMAC-SHA-256, and a loop of AES-CMAC, value by value.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC
from pydantic import SecretStr

from anonymization.pseudonyms import CustodyClient, cmac

KEY = os.urandom(16)
BATCH = 65_536
REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """Return the best time of a few."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def hmac_loop(values: pa.Array) -> pa.Array:
    """What most people write: HMAC-SHA-256 of each value, cut to 16 bytes."""
    tags = [hmac.digest(KEY, value.encode(), hashlib.sha256)[:16] for value in values.to_pylist()]
    return pa.array(tags, pa.binary(16))


def cmac_loop(values: pa.Array) -> pa.Array:
    """The same pseudonyms as ours, value by value."""
    tags: list[bytes] = []
    for value in values.to_pylist():
        mac = CMAC(AES128(KEY))
        mac.update(value.encode())
        tags.append(mac.finalize())
    return pa.array(tags, pa.binary(16))


def bare_aes(rows: int) -> None:
    """AES alone over one block a row."""
    Cipher(AES128(KEY), ECB()).encryptor().update(bytes(16 * rows))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--custody-url")
    parser.add_argument("--orchestrator-token", type=Path)
    parser.add_argument("--domain", default="water-meter")
    options = parser.parse_args()
    rows: int = options.rows
    column = pa.array([f"49007-{number:09d}" for number in range(rows)])
    sample = column.slice(0, rows // 10)
    assert cmac_loop(sample.slice(0, 1_000)).equals(cmac(KEY, sample.slice(0, 1_000)))

    def ours() -> None:
        for start in range(0, rows, BATCH):
            cmac(KEY, column.slice(start, BATCH))

    times = {
        "AES alone, one block a row": seconds(lambda: bare_aes(rows)),
        "column AES-CMAC (this project)": seconds(ours),
        "loop of HMAC-SHA-256": 10 * seconds(lambda: hmac_loop(sample)),
        "loop of AES-CMAC": 10 * seconds(lambda: cmac_loop(sample)),
    }
    own = times["column AES-CMAC (this project)"]
    print(f"{rows} distinct identifiers of 15 characters, best of {REPEATS}")
    for name, taken in times.items():
        print(f"  {name:34s} {rows / taken / 1e6:8.2f} M rows/s   x{taken / own:6.2f}")
    if options.custody_url:
        token = SecretStr(options.orchestrator_token.read_text().strip())
        taken = through_custody(CustodyClient(options.custody_url, token), options.domain, column)
        print(f"  {'through the custody service':34s} {rows / taken / 1e6:8.2f} M rows/s   x{taken / own:6.2f}")


def through_custody(client: CustodyClient, domain: str, column: pa.Array) -> float:
    """Return how long the column takes to custody and back."""
    token = client.create_run("benchmark", "benchmark", domains=[domain], quota=REPEATS * len(column))
    run = client.with_token(token)

    def work() -> None:
        batches = (column.slice(start, BATCH) for start in range(0, len(column), BATCH))
        assert sum(len(answer) for answer in run.pseudonymize(domain, batches)) == len(column)

    return seconds(work)


if __name__ == "__main__":
    main()
