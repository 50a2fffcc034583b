"""What anonymization costs, as ratios to the bare work under it. Run: `python -m benchmarks.anonymization [--rows N]`.

* aggregate: a contract's table rule (month, commune, units, sum, mean, thresholds, evidence) over N water readings,
  against polars grouping the same columns, made ready in memory, by commune and month.
* records: suppression below k over the same rows, against polars counting units per class and filtering.
* models: k-anonymity searched over hierarchies, both passes with sort and labels of units, against the same.
* measures: counting everything again on the table made by the first, against making it.
* search, parquet, k: the best generalization, over a Parquet dataset too, and the check of k against pycanon's; see
  `benchmarks.generalization.ratios`.
* redaction: our recognizers over distinct reports, against the model's own pass over every word of the same texts.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization import apply_release
from anonymization.measures import measure_release
from benchmarks.generalization import ratios
from policies.contract import Measure, ProtectionUnit, ReleasedColumn, ReleaseRule, Strategy
from policies.generalized import HierarchyRule, ModelRule, SearchRule

METER = ProtectionUnit("delivery_point", "meter")
TABLE = ReleaseRule(
    "aggregate",
    (
        ReleasedColumn("mois", ("at",), "string", generalization="month"),
        ReleasedColumn("code_commune", ("commune",), "string"),
    ),
    (
        Measure("foyers", "units"),
        Measure("total", "sum", "volume", decimals=0),
        Measure("moyenne", "mean", "volume", decimals=1),
    ),
    minimum_units=10,
    dominance=0.5,
)
RECORDS = ReleaseRule(
    "records",
    (
        ReleasedColumn("jour", ("at",), "date", generalization="day", quasi_identifier=True),
        ReleasedColumn("code_commune", ("commune",), "string", quasi_identifier=True),
        ReleasedColumn("volume", ("volume",), "number"),
    ),
    k=5,
)
MODELS = replace(
    RECORDS,
    columns=(replace(RECORDS.columns[0], logical_type="string"), *RECORDS.columns[1:]),
    suppression_limit=0.1,
    search=SearchRule(
        (ModelRule("k_anonymity", k=5),),
        (HierarchyRule("code_commune", "prefixes", lengths=(4, 3)), HierarchyRule("jour", "prefixes", lengths=(9, 7))),
        local_recoding=True,
    ),
)
FLOORS = Strategy(
    "", "", "1", "Europe/Paris", "fr", 5, 10, 0.5, (), timedelta(days=30), ("lov2",), "FR", ""
)  # fmt: skip


def readings(rows: int) -> pa.Table:
    """`rows` readings of 45 000 meters over a month, in 29 communes, sorted by pseudonym as trusted rows are."""
    rng = np.random.default_rng(7)
    meter = np.sort(rng.integers(0, 45_000, rows))
    pseudonyms = rng.integers(0, 2**63, (45_000, 2), dtype=np.int64)[meter].tobytes()
    seconds = rng.integers(0, 31 * 86_400, rows).astype("timedelta64[s]")
    communes = np.array([f"49{number:03d}" for number in range(29)])[meter % 29]
    return pa.table(
        {
            "meter": pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(pseudonyms)]),
            "commune": pa.array(communes),
            "at": pa.array(np.datetime64("2026-10-01", "us") + seconds, pa.timestamp("us", "UTC")),
            "volume": rng.gamma(2.0, 60.0, rows).round(1),
        }
    )


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of a few runs."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return min(spent)


def show(name: str, ours: float, bare: float, over: str) -> None:
    """Print one ratio."""
    print(f"{name:<12} {ours:7.3f} s   {bare:7.3f} s   x {ours / bare:5.2f}   {over}")


def tables(rows: int) -> None:
    """Ratios of releases and of their measures."""
    table = readings(rows)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    ready = frame.with_columns(
        month=pl.col("at").dt.convert_time_zone("Europe/Paris").dt.date().dt.month_start(),
        day=pl.col("at").dt.convert_time_zone("Europe/Paris").dt.date(),
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = best(lambda: apply_release(table, TABLE, METER))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    def bare_table() -> pl.DataFrame:
        grouped = ready.group_by("month", "commune")
        return grouped.agg(pl.col("meter").n_unique(), pl.col("volume").sum(), pl.col("volume").mean().alias("mean"))

    show("aggregate", ours, best(bare_table), "polars group_by, n_unique, sum and mean of prepared columns")
    released = apply_release(table, TABLE, METER)

    def measured() -> object:
        return measure_release(released.table, released.evidence, TABLE, METER, FLOORS, released.counts)

    show("measures", best(measured), ours, "the release that is measured")

    def bare_records() -> pl.DataFrame:
        units = pl.col("meter").n_unique().over("day", "commune")
        return ready.filter(units >= 5).select("day", "commune", "volume").sort("day", "commune", "volume")

    show("records", best(lambda: apply_release(table, RECORDS, METER), 3), best(bare_records, 3), "polars over, sort")
    show("models", best(lambda: apply_release(table, MODELS, METER), 1), best(bare_records, 3), "the same polars work")
    print(f"peak memory grew by {grown:.0f} MB while {rows:,} rows were aggregated")


def texts(count: int) -> None:
    """Ratio of redaction."""
    from anonymization.text import redact
    from anonymization.text.engine import load_model
    from anonymization.text.reading import read

    places = ("rue des Lices", "avenue Pasteur", "boulevard Foch", "place du Ralliement")
    reports = [
        f"Lampadaire éteint devant le {number} {places[number % 4]}, appelez le 06 39 98 {number // 100 % 100:02d} "
        f"{number % 100:02d}. Cordialement, Camille Dupont"
        for number in range(count)
    ]
    model, readings = load_model("fr_core_news_md"), [read(report) for report in reports]
    everywhere = [[word.start for word in reading.words] for reading in readings]
    ours = best(lambda: redact(pa.array(reports)), 2)
    show("redaction", ours, best(lambda: model.see(readings, everywhere), 2), "spaCy's ner pipe over every word")
    print(f"{count / ours:,.0f} distinct texts a second")


def main() -> None:
    """Print every ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--parquet-rows", type=int, default=20_000_000)
    arguments = parser.parse_args()
    print(f"{'':<12} {'ours':>9}   {'bare':>9}   ratio     bare work")
    tables(arguments.rows)
    ratios.searches()
    ratios.checks()
    ratios.parquet(arguments.parquet_rows)
    texts(arguments.texts)


if __name__ == "__main__":
    main()
