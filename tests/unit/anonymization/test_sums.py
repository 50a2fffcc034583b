"""Sums by key, and counting by keys, agree with counting one by one, whatever room the keys leave."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from anonymization.lattice import tally
from anonymization.lattice.sums import counted, summed
from anonymization.lattice.tally import Tally


@pytest.mark.parametrize("bits", [3, 40, 50, 58, 62])  # counts beside the key, the place beside the key, neither
@pytest.mark.parametrize("apart", [False, True])
def test_sums_are_those_of_a_loop(bits: int, apart: bool) -> None:
    rng = np.random.default_rng(bits)
    key = rng.choice(rng.integers(0, 1 << bits, 40), 500)
    key[0] = (1 << bits) - 1
    rows = rng.integers(1, 1 << 12, 500)
    units = rng.integers(0, 3, 500) if apart else rows
    by_hand: dict[str, Counter[int]] = {"rows": Counter(), "units": Counter()}
    for place, each in enumerate(key.tolist()):
        by_hand["rows"][each] += int(rows[place])
        by_hand["units"][each] += int(units[place])
    keys, total, of_units = summed(key.copy(), rows, units)
    assert keys.tolist() == sorted(by_hand["rows"])
    assert dict(zip(keys.tolist(), total.tolist(), strict=True)) == by_hand["rows"]
    assert dict(zip(keys.tolist(), of_units.tolist(), strict=True)) == by_hand["units"]
    assert (of_units is total) is not apart


def test_nothing_sums_to_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert [len(each) for each in (*summed(nothing, nothing, nothing), *counted(nothing))] == [0] * 5
    assert [len(each) for each in Tally().lines()] == [0, 0]


def test_a_tally_is_the_same_in_any_order_and_however_often_it_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_PENDING", 50)
    rng = np.random.default_rng(1)
    parts = [rng.integers(0, 60, size) for size in (10, 70, 3, 45, 120, 0, 31)]
    whole = Counter(np.concatenate(parts).tolist())
    for order in (parts, parts[::-1]):
        made, half = Tally(), Tally()
        for part in order[:3]:
            made.add(part.copy())
        for part in order[3:]:
            half.add(part.copy())
        made.add_counts(*half.lines())
        keys, rows = made.lines()
        assert keys.tolist() == sorted(whole)
        assert rows.tolist() == [whole[key] for key in keys.tolist()]
