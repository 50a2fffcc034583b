"""Planted values travel as real ones do: each is of the form that contracts ask for, and all are different."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.pseudonyms import canonicalize
from policies.contract import CanonicalForm
from stack.operators.canaries import make_canaries
from tests.personal_feeds import OVER_THE_SERVICES, THROUGH_THE_STACK
from tests.unit.sources.support import TERRITORY


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("prms", CanonicalForm.PRM),
        ("pces", CanonicalForm.PCE),
        ("plates", CanonicalForm.PLATE),
        ("chips", CanonicalForm.UPPER),
        ("accounts", CanonicalForm.TEXT),
    ],
)
def test_planted_values_are_canonical_already(kind: str, form: CanonicalForm) -> None:
    values = list(getattr(make_canaries(40, 9), kind))
    assert canonicalize(form, pa.array(values)).to_pylist() == values


def test_people_are_planted_in_every_feed_about_people() -> None:
    personal = {str(name) for name, one in TERRITORY.contracts.items() if one.protection_unit is not None}
    assert personal == {*THROUGH_THE_STACK, *OVER_THE_SERVICES}


def test_no_value_is_planted_twice() -> None:
    every = make_canaries(200, 9).every()
    assert len(set(every)) == len(every)


def test_a_new_kind_changes_none_of_the_others() -> None:
    """The first ones of a seed, as they were when there were six kinds."""
    canaries = make_canaries(3, 9)
    assert canaries.emails[0] == "zaneninozux@gorubagebux.example"
    assert canaries.contracts[2] == "ALMCIMALUMASUX0002"
