"""``python -m benchmarks.decoding``: operators' payloads decoded, against Arrow's own reading of the same bytes.

1. A day of street lighting: 45 000 points, a reading of each every ten minutes, as TALQ log reports (JSON, one report
   for each ten minutes). Arrow reads the same reports with `pyarrow.json`, guessing their types, as anybody would; it
   is left with texts for times and one nested row a report.
2. Water readings (delimited text), clean and with everyday defects. Arrow reads into the contract's types, which is
   the least that any reader must do; it can not read the second file at all.

Prints processor time, ratios, and the peak memory of decoding each.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.json as pajson

from policies import Contract, DatasetId, Territory, load_territory
from policies.contract import Column
from settings.model import SHIPPED_TERRITORY
from sources import PayloadPart, decoder
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.water import write_csv

DAYS = 31
STEPS = 144  # of ten minutes in a day
Figures = tuple[int, float, float, float]  # rows, seconds of processor and of clock, peak memory (MiB) above the start


def main() -> None:
    """Make the files, read each several times, keep the best."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lights", type=int, default=45_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ardoise-decoding-") as folder:
        _lighting(Path(folder), asked.lights)
        _water(Path(folder), asked.rows, asked.rounds)


def _lighting(folder: Path, lights: int) -> None:
    paths = [folder / f"report-{step:03d}.json" for step in range(STEPS)]
    for path, report in zip(paths, _reports(lights), strict=True):
        path.write_bytes(report)
    size = sum(path.stat().st_size for path in paths)
    rows, seconds, clock, peak = _alone(_decode_lighting, paths)
    _, bare, bare_clock, bare_peak = _alone(_read_lighting, paths)
    print(f"{rows} readings of {lights} street lights, {size / 1e6:.0f} MB of TALQ log reports")
    print(f"  pyarrow.json {bare:.1f} s of processor, {bare_clock:.1f} s of clock, {bare_peak:.0f} MiB")
    print(f"  decoded      {seconds:.1f} s of processor, {clock:.1f} s of clock, {peak:.0f} MiB")
    print(
        f"  {seconds / bare:.2f} times its processor time, {clock / bare_clock:.2f} times its clock; "
        f"{rows / clock / 1e6:.2f} million rows a second"
    )


def _water(folder: Path, rows: int, rounds: int) -> None:
    clean, spoilt = folder / "clean.csv", folder / "spoilt.csv"
    count = write_csv(clean, rows // DAYS, date(2026, 10, 1), DAYS, seed=1, defects=NO_DEFECTS)
    write_csv(spoilt, rows // DAYS, date(2026, 10, 1), DAYS, seed=1, defects=Defects())
    ours = [min(_alone(_decode_water, [path])[1:] for _ in range(rounds)) for path in (clean, spoilt)]
    bare = min(_alone(_read_water, [clean])[1] for _ in range(rounds))
    print(f"{count} water readings; Arrow's own reader {bare:.2f} s of processor")
    for name, (seconds, _, peak) in zip(("clean", "with everyday defects"), ours, strict=True):
        print(f"  {name:<22} {seconds:.2f} s, {seconds / bare:.2f} times as much, {peak:.0f} MiB")


def _alone(read: Callable[[list[Path]], int], paths: list[Path]) -> Figures:
    """Run `read` in a process of its own, so that peaks do not add up."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (read, paths))


def _measured(read: Callable[[list[Path]], int], paths: list[Path]) -> Figures:
    _territory()  # not what is measured
    began, clock = time.process_time(), time.perf_counter()
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = read(paths)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start
    return rows, time.process_time() - began, time.perf_counter() - clock, peak / 1024


def _decode_lighting(paths: list[Path]) -> int:
    return _decoded(_lighting_contract(_territory()), paths)


def _decode_water(paths: list[Path]) -> int:
    return _decoded(_territory().contracts[DatasetId("water-meters")], paths)


@cache
def _territory() -> Territory:
    return load_territory(SHIPPED_TERRITORY)


def _decoded(contract: Contract, paths: list[Path]) -> int:
    found = decoder(contract, _territory()).decode(_parts(paths))
    return sum(one.batch.num_rows for one in found)


def _parts(paths: list[Path]) -> Iterator[PayloadPart]:
    for path in paths:
        with path.open("rb") as stream:
            yield PayloadPart(path.name, stream)


def _read_lighting(paths: list[Path]) -> int:
    rows = 0
    for path in paths:
        content = path.read_bytes()
        options = pajson.ReadOptions(block_size=len(content) + 1)
        rows += len(pajson.read_json(io.BytesIO(content), read_options=options)["entries"].chunk(0).flatten())
    return rows


def _read_water(paths: list[Path]) -> int:
    table = pacsv.read_csv(
        paths[0],
        parse_options=pacsv.ParseOptions(delimiter=";"),
        convert_options=pacsv.ConvertOptions(
            decimal_point=",",
            column_types={"CODE_INSEE": pa.string(), "INDEX_M3": pa.float64(), "CONSO_L": pa.float64()},
            timestamp_parsers=["%d/%m/%Y"],
        ),
    )
    return int(table.num_rows)


def _lighting_contract(territory: Territory) -> Contract:
    like = territory.contracts[DatasetId("parking")]
    columns = (
        Column("passerelle", "address", "string"),
        Column("point", "cmsRefId", "string", required=True, primary_key=True),
        Column("fonction", "data.srcAddress", "string"),
        Column("horodatage", "data.timestamp", "timestamp", required=True, primary_key=True),
        Column("mesure", "data.attributeName", "string", required=True, primary_key=True),
        Column("valeur", "data.attributeValue", "number", required=True),
    )
    feed = replace(like.feed, connector="file_drop", decoder="talq", options={"logType": "AttributeLogData"})
    return replace(like, columns=columns, feed=feed, event_time="horodatage")


def _reports(lights: int) -> Iterator[bytes]:
    """A report for each ten minutes; what differs between them is the time."""
    rng = np.random.default_rng(1)
    day = date(2026, 10, 5)
    entries = [
        {
            "cmsRefId": f"49007-{light:06d}",
            "data": {
                "type": "AttributeLogData",
                "srcAddress": f"49007-{light:06d}:LampMonitor:1",
                "timestamp": f"{day}T00:00:{second:02d}.000Z",
                "attributeName": "activePower",
                "attributeValue": power,
            },
        }
        for light, (second, power) in enumerate(
            zip(rng.integers(0, 60, lights).tolist(), rng.uniform(20, 90, lights).round(1).tolist(), strict=True)
        )
    ]
    report = json.dumps({"address": "passerelle-1", "entries": entries}, separators=(",", ":")).encode()
    for step in range(STEPS):
        now = f"{day}T{step // 6:02d}:{step % 6}0:".encode()
        yield report.replace(f"{day}T00:00:".encode(), now)


if __name__ == "__main__":
    main()
