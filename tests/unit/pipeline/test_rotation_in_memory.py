"""Rotation over the in-memory twins."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from anonymization.pseudonyms import MemoryRotationCustodian, Pseudonyms
from pipeline.errors import BadInputError, RefusedError
from tests.journey_world import World
from tests.rotation_behaviour import (
    WATER,
    DisturbedRotationBehaviour,
    RotationBehaviour,
    deliver,
    epochs,
    run_rotation,
    trusted,
)


@pytest.fixture
def start_over(make_world: Callable[[], World]) -> Callable[[], World]:
    return make_world


class TestRotationInMemory(RotationBehaviour):
    """All of it."""


class TestRotationDisturbed(DisturbedRotationBehaviour):
    """All of it."""


@pytest.mark.parametrize(
    "change",
    [
        lambda array: pa.concat_arrays([array.slice(0, 1), array.slice(0, len(array) - 1)]),  # two of them alike
        lambda array: array.slice(1),  # one too few
        lambda array: pa.concat_arrays([array.slice(1), pa.nulls(1, array.type)]),  # one missing
    ],
)
def test_an_answer_that_is_no_bijection_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[pa.Array], pa.Array]
) -> None:
    deliver(world)
    world.collect()
    world.start_rotation(WATER)
    before, rotate = trusted(world, "2026-10"), MemoryRotationCustodian.rotate

    def wrong(self: MemoryRotationCustodian, domain: str, arrays: object) -> Pseudonyms:
        answer = rotate(self, domain, arrays)  # type: ignore[arg-type]
        opened: list[pa.Field] = []

        def changed():
            for array in answer:
                opened.append(answer._opened[0])
                yield change(array)

        return Pseudonyms(changed(), opened)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryRotationCustodian, "rotate", wrong)
        with pytest.raises(RefusedError, match="no bijection"):
            run_rotation(world)
    assert epochs(world) == {(WATER, 0)}
    assert trusted(world, "2026-10").equals(before)
    run_rotation(world)
    assert epochs(world) == {(WATER, 1)}


def test_pseudonyms_of_another_epoch_are_not_carried(world: World, custodian) -> None:
    deliver(world)
    world.collect()
    custodian.domain(WATER).epochs += [bytes(32)]
    custodian.domain(WATER).epoch = 1  # as if a rotation had happened elsewhere
    world.start_rotation(WATER)
    with pytest.raises(BadInputError, match="at epoch 0, which can not be carried to epoch 2"):
        run_rotation(world)
