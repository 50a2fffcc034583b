"""``python -m benchmarks.decoding``: water readings decoded, against Arrow's own reading of the same file.

Prints the ratio of processor time for a clean file and for one with everyday defects, and the peak memory. Arrow reads
into the contract's types, which is the least that any reader must do; it can not read the second file at all.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from policies import DatasetId, Territory, load_territory
from settings.model import SHIPPED_TERRITORY
from sources import PayloadPart, decoder
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.water import write_csv

DAYS = 31


def main() -> None:
    """Make both files, read each several times, keep the best."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    territory = load_territory(SHIPPED_TERRITORY)
    with tempfile.TemporaryDirectory(prefix="ardoise-decoding-") as folder:
        clean, spoilt = Path(folder) / "clean.csv", Path(folder) / "spoilt.csv"
        rows = write_csv(clean, asked.rows // DAYS, date(2026, 10, 1), DAYS, seed=1, defects=NO_DEFECTS)
        write_csv(spoilt, asked.rows // DAYS, date(2026, 10, 1), DAYS, seed=1, defects=Defects())
        ours = [min(_decode(path, territory) for _ in range(asked.rounds)) for path in (clean, spoilt)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bare = min(_bare(clean) for _ in range(asked.rounds))
    print(f"{rows} rows; Arrow's own reader {bare:.2f} s of processor time")
    for name, seconds in zip(("clean", "with everyday defects"), ours, strict=True):
        print(f"  {name:<22} {seconds:.2f} s, {seconds / bare:.2f} times as much")
    print(f"  peak memory of decoding {peak:.0f} MiB")


def _decode(path: Path, territory: Territory) -> float:
    contract = territory.contracts[DatasetId("water-meters")]
    began = time.process_time()
    with path.open("rb") as stream:
        for _ in decoder(contract, territory).decode(iter([PayloadPart(path.name, stream)])):
            pass
    return time.process_time() - began


def _bare(path: Path) -> float:
    began = time.process_time()
    pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(delimiter=";"),
        convert_options=pacsv.ConvertOptions(
            decimal_point=",",
            column_types={"CODE_INSEE": pa.string(), "INDEX_M3": pa.float64(), "CONSO_L": pa.float64()},
            timestamp_parsers=["%d/%m/%Y"],
        ),
    )
    return time.process_time() - began


if __name__ == "__main__":
    main()
