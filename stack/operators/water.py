"""Daily readings of household water meters, as the operator drops them: `;`, decimal comma, French dates.

The index of a meter on a day depends on the seed, the meter and the day alone, so any period can be made on its own,
and a correction of a day agrees with the days around it. Rows are made by column, a day at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import STREETS, places, shares

HEADER = "CONTRAT;COMPTEUR;ADRESSE;CODE_INSEE;DATE;INDEX_M3;CONSO_L;VERSION"
HOUSEHOLDS = 45_000
CONSENT_SHARE = 0.65
Whole = np.ndarray[tuple[int], np.dtype[np.int64]]
_EPOCH = date(2015, 1, 1)
_SPOILED = (  # what a defect looks like, in the order of its rates in `spoil`
    (r"^(.{30}).*$", r"\1"),  # truncated
    (r";[0-9]+,000;", ";n/c;"),  # unreadable
    (r";49[0-9]{3};", ";;"),  # missing
    (r"^ALM", "alm "),  # misspelt
)


@dataclass(frozen=True, slots=True)
class Meters:
    """The park of meters, by column."""

    contracts: pa.StringArray
    serials: pa.StringArray
    addresses: pa.StringArray
    insee: pa.StringArray
    litres: np.ndarray[tuple[int], np.dtype[np.float64]]  # mean of a day

    def __len__(self) -> int:
        return len(self.contracts)


def make_meters(households: int, seed: int, canaries: Canaries | None = None) -> Meters:
    """The park: `households` meters spread over the communes by population; canaries take the last places."""
    rng = np.random.default_rng([seed, 1])
    homes = places()
    where = np.repeat(np.arange(len(homes)), shares(households))
    numbers = 10_000_000 + rng.permutation(max(households * 7, 1))[:households]
    ends = pa.array([f" {place.postcode} {place.name}" for place in homes]).take(pa.array(where))
    streets = pa.array(STREETS).take(pa.array(rng.integers(0, len(STREETS), households)))
    doors = pc.cast(pa.array(rng.integers(1, 120, households)), pa.string())
    contracts = _texts("ALM", numbers)
    serials = _texts("IT", 500_000_000 + rng.permutation(households))
    addresses = pc.binary_join_element_wise(pc.binary_join_element_wise(doors, streets, " "), ends, "")
    if canaries is not None:
        kept = households - min(len(canaries), households)
        contracts = pa.concat_arrays([contracts.slice(0, kept), pa.array(canaries.contracts[: households - kept])])
        serials = pa.concat_arrays([serials.slice(0, kept), pa.array(canaries.meters[: households - kept])])
        addresses = pa.concat_arrays([addresses.slice(0, kept), pa.array(canaries.addresses[: households - kept])])
    insee = pa.array([place.insee for place in homes]).take(pa.array(where))
    return Meters(contracts, serials, addresses, insee, rng.lognormal(np.log(290), 0.45, households))


def consents(households: int, seed: int, canaries: Canaries | None = None, share: float = CONSENT_SHARE) -> pa.Table:
    """Who consented: columns `contrat` (as in the feed) and `consent`. Canaries all did, so that they go furthest."""
    meters = make_meters(households, seed, canaries)
    given = np.random.default_rng([seed, 2]).random(households) < share
    if canaries is not None:
        given[max(households - len(canaries), 0) :] = True
    return pa.table({"contrat": meters.contracts, "consent": pa.array(given)})


def write_csv(
    path: Path,
    households: int,
    start: date,
    days: int,
    seed: int,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
    version: int = 1,
    only: Sequence[int] | None = None,
) -> int:
    """Write readings of `days` days from `start`, whole or not at all; return the number of lines after the header.

    Args:
        version: above 1 it is a correction: volumes of the first version grown by a tenth.
        only: positions of the meters to write; by default all.
    """
    meters = make_meters(households, seed, canaries)
    chosen = np.arange(len(meters)) if only is None else np.asarray(only)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    rows = 0
    with unfinished.open("wb") as file:
        file.write((HEADER.replace("CONSO_L", "VOLUME") if defects.water_renamed else HEADER).encode() + b"\n")
        for lines in _in_order(meters, chosen, start, days, seed, version, defects):
            file.write(_block(lines))
            rows += len(lines)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    return rows


def _in_order(
    meters: Meters, chosen: Whole, start: date, days: int, seed: int, version: int, defects: Defects
) -> Iterator[pa.StringArray]:
    """The lines of a file, by day; those that came late stand with the next day's."""
    fixed = (meters.contracts, meters.serials, meters.addresses, meters.insee)
    prefix = pc.binary_join_element_wise(*(column.take(pa.array(chosen)) for column in fixed), ";")
    held = pa.array([], pa.string())
    if defects.before:
        early = _day(meters, chosen, prefix, start - timedelta(days=1), seed, version, NO_DEFECTS)
        held = early.slice(0, max(1, round(defects.before * len(early))))
    for day in (start + timedelta(days=number) for number in range(days)):
        lines = _day(meters, chosen, prefix, day, seed, version, defects)
        late = pa.array(np.random.default_rng([seed, 5, day.toordinal()]).random(len(lines)) < defects.late)
        yield held
        yield lines.filter(pc.invert(late))
        held = lines.filter(late)
    yield held


def _texts(prefix: str, numbers: Whole) -> pa.StringArray:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _block(lines: pa.StringArray) -> bytes:
    """All lines, each ended, as one piece of text."""
    if not len(lines):
        return b""
    offsets = pa.array([0, len(lines)], pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, lines), "\n")
    return bytes(joined[0].as_buffer()) + b"\n"


def _index(meters: Meters, day: date, seed: int) -> Whole:
    """Litres on each meter at the end of `day`: a steady use with its seasons, and up to nine tenths of a day's chance.

    The chance is added to the sum, not to each day, so an index needs no history and never goes back.
    """
    days = (day - _EPOCH).days
    season = days + 14.0 * np.sin(2 * np.pi * (days - 95) / 365.25)
    chance = 0.75 * np.random.default_rng([seed, 3, days]).random(len(meters))
    index: Whole = np.floor(meters.litres * (season + chance)).astype(np.int64)
    return index


def _day(
    meters: Meters,
    chosen: Whole,
    prefix: pa.StringArray,
    day: date,
    seed: int,
    version: int,
    defects: Defects,
) -> pa.StringArray:
    index = _index(meters, day, seed)
    litres = (index - _index(meters, day - timedelta(days=1), seed))[chosen]
    if version > 1:
        litres = litres + litres // 10
    written = f"{day:%d/%m/%Y}" if not defects.water_retyped else f"{day:%B}"
    lines = pc.binary_join_element_wise(
        prefix, written, _thousandths(index[chosen]), _thousandths(litres * 1000), str(version), ";"
    )
    return spoil(lines, np.random.default_rng([seed, 4, day.toordinal(), version]), defects)


def _thousandths(values: Whole) -> pa.StringArray:
    """Whole thousandths as a number with a decimal comma."""
    units = pc.cast(pa.array(values // 1000), pa.string())
    rest = pc.utf8_lpad(pc.cast(pa.array(values % 1000), pa.string()), 3, "0")
    return pc.binary_join_element_wise(units, rest, ",")


def spoil(lines: pa.StringArray, rng: np.random.Generator, defects: Defects) -> pa.StringArray:
    """Give some lines the everyday defects."""
    chance = rng.random(len(lines))
    edges = np.cumsum([defects.truncated, defects.unreadable, defects.missing, defects.misspelt])
    masks = [pa.array((chance >= low) & (chance < high)) for low, high in zip([0.0, *edges], edges, strict=False)]
    for mask, (pattern, text) in zip(masks, _SPOILED, strict=True):
        if pc.any(mask).as_py():
            lines = pc.replace_with_mask(lines, mask, pc.replace_substring_regex(lines.filter(mask), pattern, text))
    if not defects.duplicates:
        return lines
    return pa.concat_arrays([lines, lines.filter(pa.array(rng.random(len(lines)) < defects.duplicates))])
