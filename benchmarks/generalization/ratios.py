"""The ratios of generalization: searches, a Parquet dataset larger than it need fit in memory, and the check of k.

* search: 9 quasi-identifiers, a lattice of 12 960 nodes, 5-anonymity, at most 4 % suppressed, over 30 000 rows and over
  a million rows of Arrow, from the rows to the generalized table; over the bare work of counting distinct
  combinations once (polars), as no absolute time means the same on two machines.
* parquet: 20 million rows, both passes (count and search; generalize every row), over two bare scans of the same
  columns, texts as texts, as a reader gets them who does not ask for dictionaries. In a process of its own, whose peak
  memory is printed; beside it the time of processors, which tells more where others use the machine too, and a scan
  that leaves texts as dictionaries, as the passes do.
* k: the independent check of a million rows, over pycanon's k_anonymity, from PyPI, in an environment of its own
  (it needs an older numpy); said to be not measured where it can not be installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from anonymization.lattice import optimal_generalization
from anonymization.models import KAnonymity, check_models
from benchmarks.generalization.census import SENSITIVE, hierarchies, people

LIMIT, K = 0.04, 5
NAMES = [hierarchy.attribute for hierarchy in hierarchies()]
ROOT = Path(__file__).resolve().parents[2]
PYCANON = """
import sys, time
import pandas
from pycanon import anonymity
data = pandas.read_parquet(sys.argv[1])
started = time.perf_counter()
k = anonymity.k_anonymity(data, sys.argv[2].split(","))
print(time.perf_counter() - started, k)
"""


def spent(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def show(name: str, ours: float, bare: float, over: str) -> None:
    """Print one ratio, as the other benchmarks do."""
    print(f"{name:<12} {ours:7.3f} s   {bare:7.3f} s   x {ours / bare:5.2f}   {over}", flush=True)


def searches(sizes: tuple[int, ...] = (30_000, 1_000_000)) -> None:
    """Search the lattice over tables of each size."""
    for rows in sizes:
        table, trees = people(rows), hierarchies()

        def search(table: pa.Table = table, trees: list = trees) -> object:
            return optimal_generalization(table, trees, [KAnonymity(K)], LIMIT)

        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)

        def count(frame: pl.DataFrame = frame) -> object:
            return frame.group_by(NAMES).len()

        found = optimal_generalization(table, trees, [KAnonymity(K)], LIMIT)
        show("search", spent(search, 3), spent(count, 3), f"polars counting the combinations of {rows:,} rows once")
        print(f"             {found.explored} nodes evaluated of 12,960, {found.suppressed:,} rows suppressed")


def parquet(rows: int) -> None:
    """Run both passes over a Parquet dataset, in another process."""
    with tempfile.TemporaryDirectory() as folder:
        part = 1_000_000
        for place, start in enumerate(range(0, rows, part)):
            pq.write_table(people(min(part, rows - start), seed=place), Path(folder) / f"{place:03d}.parquet")
        subprocess.run([sys.executable, "-m", "benchmarks.generalization.ratios", folder], cwd=ROOT, check=True)


def _both_passes(folder: Path) -> None:
    texts = ds.ParquetFileFormat(dictionary_columns=[name for name in NAMES if name != "age"])

    def scan(reader: str | ds.ParquetFileFormat = "parquet") -> int:
        return sum(batch.num_rows for batch in ds.dataset(folder, format=reader).to_batches(columns=NAMES))

    started, busy = time.perf_counter(), time.process_time()
    found = optimal_generalization(folder, hierarchies(), [KAnonymity(K)], LIMIT)
    first = time.perf_counter() - started
    published = sum(batch.num_rows for batch in found.batches(folder))
    ours, busy = time.perf_counter() - started, time.process_time() - busy
    peak = _peak_megabytes()
    assert published == found.rows - found.suppressed
    show("parquet", ours, 2 * spent(scan, 2), f"two bare scans of {found.rows:,} rows")
    before = time.process_time()
    scan()
    bare = 2 * (time.process_time() - before)
    print(
        f"             {first:.2f} s of it to count and search; peak memory of the process {peak:,.0f} MB\n"
        f"             {busy:.2f} s of processors, x {busy / bare:.2f} those of two bare scans; "
        f"two scans that leave texts as dictionaries take {2 * spent(lambda: scan(texts), 2):.2f} s",
        flush=True,
    )


def _peak_megabytes() -> float:
    """Peak resident memory of this process; Linux's own count, as ru_maxrss may still hold the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def checks(rows: int = 1_000_000) -> None:
    """Check k over a generalized million rows."""
    made = optimal_generalization(people(rows), hierarchies(), [KAnonymity(K)], LIMIT).table.drop_columns([SENSITIVE])
    ours = spent(lambda: check_models(made, NAMES, [KAnonymity(K)]), 3)
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(made, Path(folder) / "made.parquet")
        theirs = _pycanon(Path(folder))
    if theirs is None:
        print(f"k            {ours:7.3f} s   pycanon could not be installed: not compared")
    else:
        show("k", ours, theirs, f"pycanon's k_anonymity of the same {made.num_rows:,} rows: {theirs / ours:.0f} times")


def _pycanon(folder: Path) -> float | None:
    """Seconds that pycanon takes, or None where it can not be installed."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".venv-tools" / "bin"))
    if uv is None:
        return None
    python = folder / "env" / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(python)]
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env")],
        [*install, "pycanon==1.3.6", "pyarrow"],
    ):
        if subprocess.run(command, capture_output=True).returncode:
            return None
    run = [str(python), "-c", PYCANON, str(folder / "made.parquet"), ",".join(NAMES)]
    seconds, k = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()[-2:]
    assert int(k) >= K
    return float(seconds)


if __name__ == "__main__":
    _both_passes(Path(sys.argv[1]))
