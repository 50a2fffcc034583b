"""The estimate of distinct inputs: close enough to alert by, and blind to repetition, order and batches."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from custody.inputs import ENOUGH, DistinctInputs, excess


def tags(numbers: np.ndarray) -> pa.FixedSizeBinaryArray:
    """As uniform as CMAC's, the same for the same number."""
    words = np.empty((len(numbers), 2), np.uint64)
    state = numbers.astype(np.uint64)
    for column in (0, 1):  # splitmix64
        state = state + np.uint64(0x9E3779B97F4A7C15)
        mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        words[:, column] = mixed ^ (mixed >> np.uint64(31))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(numbers), [None, pa.py_buffer(words)])


def counted(*parts: np.ndarray) -> DistinctInputs:
    inputs = DistinctInputs()
    for part in parts:
        inputs.add(tags(part))
    return inputs


@pytest.mark.parametrize("size", [0, 1, 100, 5_000, ENOUGH - 500, 2 * ENOUGH, 300_000, 20 * ENOUGH, 2_000_000])
def test_the_estimate_is_close(size: int) -> None:
    estimate = counted(*np.array_split(np.arange(size), max(1, size // 65_536))).estimate()
    assert abs(estimate - size) <= 0.07 * size


def test_repetition_order_and_batches_do_not_matter() -> None:
    once = counted(np.arange(100_000))
    again = counted(np.arange(50_000, 100_000), np.arange(100_000), np.arange(100_000)[::-1])
    assert abs(once.estimate() - again.estimate()) <= 0.03 * 100_000


def test_nulls_and_slices_are_what_they_are() -> None:
    column = tags(np.arange(1_000))
    holed = pa.array([None if row % 2 else value for row, value in enumerate(column.to_pylist())], pa.binary(16))
    inputs = DistinctInputs()
    inputs.add(holed.slice(0, 500))
    inputs.add(pa.array([], pa.binary(16)))
    assert abs(inputs.estimate() - 250) <= 5
    assert DistinctInputs().estimate() == 0


def test_it_goes_on_from_its_state_and_merges_another_ones() -> None:
    one, other = counted(np.arange(60_000)), counted(np.arange(30_000, 120_000))
    one.merge(other.state())
    resumed = DistinctInputs(one.state())
    resumed.add(tags(np.arange(120_000)))
    assert abs(resumed.estimate() - 120_000) <= 0.07 * 120_000
    assert len(resumed.state()) < 16_000


def test_the_state_holds_no_tag() -> None:
    column = tags(np.arange(40_000))
    state = counted(np.arange(40_000)).state()
    halves = {value[at : at + 8] for value in column.to_pylist()[:2_000] for at in (0, 8)}
    assert not [half for half in halves if half in state]


def test_an_alert_is_given_past_what_is_expected_and_again_at_twice_that() -> None:
    assert excess("d", 100, 100, None) is None
    found = excess("d", 100, 101, None)
    assert found is not None
    assert (found.expected, found.estimate) == (100, 101)
    assert excess("d", 100, 180, 101) is None
    assert excess("d", 100, 202, 101) is not None
