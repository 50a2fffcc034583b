"""The bound on a unit's influence, and the size of the noise."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from anonymization.errors import NoiseError
from anonymization.noise import Influence
from anonymization.noise.influence import STEPS, bounded
from anonymization.noise.mechanism import noisy
from tests.unit.anonymization.noise.behavior import DATA, INFLUENCE


def test_a_unit_counts_once_and_its_total_is_clipped() -> None:
    units, totals = bounded(DATA, INFLUENCE, None, [""], "volume")
    assert units == [4]  # the row of unknown unit is nobody's
    assert totals == [(100 + 10 + 20 + 0) * STEPS]  # 180 and -5 are clipped


def test_a_unit_counts_in_so_many_bins_the_first_declared() -> None:
    bins = ["c", "b", "a"]
    assert bounded(DATA, INFLUENCE, "commune", bins, None)[0] == [1, 1, 2]
    assert bounded(DATA, Influence("meter", bins=1), "commune", bins, None)[0] == [1, 0, 2]
    assert bounded(DATA, Influence("meter", bins=3), "commune", bins, None)[0] == [1, 1, 3]


def test_one_unit_more_changes_no_more_than_was_declared() -> None:
    """Whatever a unit brings: neighbors differ by the sensitivity at most."""
    bins = ["a", "b", "c", "d"]
    worst = pa.table({"meter": [9] * 400, "commune": bins * 100, "volume": [1e9, -1e9, 3.0, math.nan] * 100})
    without, total = bounded(DATA, INFLUENCE, "commune", bins, "volume")
    having, more = bounded(pa.concat_tables([DATA, worst]), INFLUENCE, "commune", bins, "volume")
    assert sum(abs(one - other) for one, other in zip(without, having, strict=True)) == INFLUENCE.bins
    changes = [abs(one - other) for one, other in zip(total, more, strict=True)]
    assert sum(changes) <= INFLUENCE.bins * INFLUENCE.sensitivity("volume")
    assert bounded(DATA, INFLUENCE, "commune", bins, "volume") == (without, total)


@pytest.mark.parametrize(
    ("influence", "said"),
    [
        (Influence("meter", bins=0), "bins is 0"),
        (Influence("meter", bounds={"volume": (1.0, 1.0)}), "« volume »: a unit's total has finite bounds"),
        (Influence("meter", bounds={"volume": (0.0, math.inf)}), "« volume »"),
        (Influence("meter", bounds={"volume": (0.0, 1e12)}), "« volume »: too large"),
    ],
)
def test_bounds_that_bound_nothing_are_refused(influence: Influence, said: str) -> None:
    with pytest.raises(NoiseError, match=said):
        influence.check()


def test_noise_has_the_scale_it_says() -> None:
    """Sixty thousand draws from the operating system: their mean size is the scale, to six standard errors.

    For Laplace noise the mean of |X| is the scale b and the deviation of |X| is b; discreteness changes both by less
    than a thousandth at b = 35. Six standard errors fail by chance about twice in a thousand million runs, while noise
    of half or twice the scale fails always.
    """
    draws, scale = noisy([0] * 60_000, 7, 200_000)
    assert scale == pytest.approx(35)
    size = sum(map(abs, draws)) / len(draws)
    tolerance = 6 * scale / math.sqrt(len(draws)) + scale / 1000
    assert abs(size - scale) < tolerance
    assert abs(sum(draws) / len(draws)) < 6 * scale * math.sqrt(2 / len(draws))
    beyond = sum(abs(draw) > scale * math.log(20) for draw in draws) / len(draws)
    assert abs(beyond - 0.05) < 6 * math.sqrt(0.05 * 0.95 / len(draws)) + 0.002


def test_two_draws_differ() -> None:
    assert noisy([0] * 200, 1, 10_000)[0] != noisy([0] * 200, 1, 10_000)[0]


def test_neighbors_are_as_close_as_epsilon_says() -> None:
    """Draws on 0 and on 1 with epsilon 1: any outcome is at most e times as likely, within six standard errors."""
    counts = []
    for value in (0, 1):
        draws, _ = noisy([value] * 60_000, 1, 1_000_000)
        counts.append([sum(draw == at for draw in draws) for at in range(-3, 5)])
    for one, other in zip(*counts, strict=True):
        for high, low in ((one, other), (other, one)):
            assert high <= math.e * low + 6 * math.sqrt(high + math.e**2 * low)
    assert counts[0][3] > counts[1][3]
