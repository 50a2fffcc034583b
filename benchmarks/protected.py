"""What a protected table costs in the journey, as ratios to the bare work. Run: `python -m benchmarks.protected`.

* lines: a month of readings (by default 45 000 meters and 31 days) counted batch by batch, by finest cell and unit,
  against one polars group-by of the same columns, prepared and whole in memory.
* release: the same up to the candidate, all figures under one pattern.
* verdict: its file measured again and attacked, with one earlier version.
* memory: the peak of a fresh process, twice the rows against once, the same meters: it follows the distinct pairs.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization import Surroundings, apply_release
from anonymization.classes import ClassReader
from anonymization.secrecy.figures import read_lines
from anonymization.secrecy.verdict import EarlierFile, measure_protected
from policies import load_territory
from policies.contract import DatasetId
from settings.model import SHIPPED_TERRITORY
from stack.operators.territory import places, shares

TERRITORY = load_territory(SHIPPED_TERRITORY)
WATER = TERRITORY.contracts[DatasetId("water-meters")]


def readings(meters: int, days: int) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Trusted rows by day; each call makes them anew, so that no test data stays in memory."""
    homes = places()
    code = np.repeat([place.insee for place in homes], shares(meters))
    units = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), meters, [None, pa.py_buffer(np.random.default_rng(3).bytes(16 * meters))]
    )
    use = np.random.default_rng(4).lognormal(np.log(290), 0.45, meters)

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(days):
            day = date(2026, 10, 1) + timedelta(days=number % 31)
            litres = np.rint(use * (0.8 + 0.4 * np.random.default_rng(number).random(meters)))
            columns = {
                "contrat": units,
                "code_insee": pa.array(code),
                "date": pa.array([day] * meters, pa.date32()),
                "consommation_l": pa.array(litres),
            }
            yield pa.record_batch(columns)

    return batches


def peak(meters: int, days: int) -> float:
    """Peak memory of a fresh process that releases so many rows, in MB."""
    command = [sys.executable, "-m", "benchmarks.protected", "--alone", str(meters), str(days)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ran.stdout)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one run."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print every ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=45_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--alone", type=int, nargs=2)
    arguments = parser.parse_args()
    rule, unit, around = WATER.release, WATER.protection_unit, Surroundings.of(TERRITORY)
    if arguments.alone:
        apply_release(readings(*arguments.alone), rule, unit, around)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    batches = readings(arguments.meters, arguments.days)
    whole = pl.DataFrame(pa.Table.from_batches(list(batches()))).with_columns(pl.col("contrat").rank("dense"))
    bare = timed(lambda: whole.group_by("code_insee", "contrat").agg(pl.len(), pl.col("consommation_l").sum()))
    making = timed(lambda: list(batches()))
    lines = timed(lambda: read_lines(batches, ClassReader(rule, unit, around))) - making
    started = time.perf_counter()
    made = apply_release(batches, rule, unit, around)
    release = time.perf_counter() - started - making
    facts = made.details["table"]
    earlier = [EarlierFile(made.table, made.evidence)] if made.evidence is not None else []
    verdict = timed(lambda: measure_protected(made.table, made.evidence, rule, TERRITORY.strategy, facts, earlier))
    rows = arguments.meters * arguments.days
    print(f"{rows:,} rows, {made.table.num_rows} cells {dict(made.counts.cells)}; gap {facts['gap']:.0%}")
    print(f"lines    {lines:6.2f} s   bare group-by {bare:6.2f} s   x {lines / bare:.1f}")
    print(f"release  {release:6.2f} s   lines         {lines:6.2f} s   x {release / lines:.1f}")
    print(f"verdict  {verdict:6.2f} s   release       {release:6.2f} s   x {verdict / release:.2f}")
    once, twice = peak(arguments.meters, arguments.days), peak(arguments.meters, 2 * arguments.days)
    print(f"memory   {twice:6.0f} MB for twice the rows, {once:.0f} MB for once   x {twice / once:.2f}")


if __name__ == "__main__":
    main()
