"""Words and the rows they occur in, through any number of writes, against the plainest reading."""

from __future__ import annotations

import numpy as np
from ckanext.ardoise.search.headings import Headings
from ckanext.ardoise.search.postings import Postings
from hypothesis import given
from hypothesis import strategies as st

WORDS = ["eau", "arbr", "vil", "x9", "ee"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), unique=True, max_size=4).map(" ".join), max_size=6)
WRITES = st.lists(st.tuples(st.lists(st.booleans(), min_size=40, max_size=40), TEXTS), min_size=1, max_size=6)


@given(WRITES)
def test_words_are_found_in_the_rows_that_hold_them(writes: list[tuple[list[bool], list[str]]]) -> None:
    held, rows = Postings.none(), list[str]()
    for kept, texts in writes:
        stays = np.array(kept[: len(rows)], np.bool_)
        earlier = held
        before = [earlier.holding(word).tolist() for word in WORDS]
        held = held.renewed(stays, texts)
        rows = [row for row, stay in zip(rows, stays, strict=True) if stay] + texts
        for word in WORDS:
            assert held.holding(word).tolist() == [word in row.split() for row in rows]
        assert [earlier.holding(word).tolist() for word in WORDS] == before  # a search that has begun keeps its own
    assert not held.holding("autre").any()


def test_a_renewal_that_was_given_up_changes_no_weight() -> None:
    weights = {"A": 1.0, "C": 0.5}
    stays, texts, lengths = np.zeros(0, np.bool_), ["eau:AC vil:A", "eau:C"], [3, 1]
    once = Headings.none().renewed(stays, texts, lengths).rank(["eau"], weights)
    first = Headings.none()
    first.renewed(stays, texts, lengths)  # whoever asked for it lost the connection before keeping it
    again = first.renewed(stays, texts, lengths)
    assert again.rank(["eau"], weights).tolist() == once.tolist()
    assert again.in_title("eau").tolist() == [True, False]
