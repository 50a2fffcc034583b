"""What a heading weighs, computed in memory, is what PostgreSQL computes; and so is the order of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa
from ckanext.ardoise.search import ranking
from ckanext.ardoise.search.clauses import AnyWord, Group, Match
from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.mirror import Mirror
from ckanext.ardoise.search.request import DEFAULT_FIELDS, read_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.catalog.search.documents import NOW, TYPED, document

WORDS = ["eau", "eaux", "ville", "arbres", "forêt", "Angers", "x1e5", "inconnu"]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
LIST = st.lists(st.sampled_from(WORDS), max_size=3)
TERMS = st.lists(
    st.one_of(
        st.builds(Match, st.just("text"), st.sampled_from(WORDS), st.booleans(), st.sampled_from([1.0, 2.5])),
        st.builds(AnyWord, st.just("text"), st.lists(st.sampled_from(["eau", "ville"]), min_size=1).map(tuple)),
    ),
    min_size=1,
    max_size=4,
)
WEIGHTS = st.sampled_from([DEFAULT_FIELDS, (("title", 1.0), ("tags", 3.0)), (("text", 1.0),)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, LIST, LIST), min_size=1, max_size=6), TERMS, WEIGHTS)
def test_headings_weigh_as_in_postgresql(
    empty: SearchEngine, index_url: str, rows: list[Any], terms: list[Any], weights: Any
) -> None:
    empty.add([
        document(f"r-{number}", site_id="apart", title=title, tags=tags, groups=groups)
        for number, (title, tags, groups) in enumerate(rows)
    ])  # fmt: skip
    engine = sa.create_engine(index_url, isolation_level="REPEATABLE READ")
    clause = Group(optional=tuple(terms))
    with engine.connect() as connection, connection.begin():
        columns = Mirror().at(connection)
        words = {
            word for term in terms for word in (term.words if isinstance(term, AnyWord) else (term.value.lower(),))
        }
        columns.stems.learn(connection, {word.replace("ê", "e") for word in words})
        told = ranking._from_memory(columns, terms, weights)
        expected = ranking._weighed(connection, columns, terms, ranking._together(clause), weights, None)
        assert told is not None
        phrases = ranking._phrases(connection, columns, np.ones(columns.size, np.bool_), clause)
        np.testing.assert_allclose(told + ranking.PHRASE_BONUS * phrases, expected, rtol=1e-5)
    engine.dispose()


def test_many_results_come_in_the_order_of_their_headings(empty: SearchEngine) -> None:
    """As the words of titles weigh most, then those of tags, and a phrase more than its words apart."""
    rows: list[dict[str, Any]] = [
        document(f"reste-{number}", site_id="apart", notes="eau vive") for number in range(ranking.MOST_WEIGHED_WHOLE)
    ]
    rows += [
        document("etiquette", site_id="apart", title="Autre", tags=["eau"], notes="vive"),
        document("titre", site_id="apart", title="Eau du soir", notes="vive"),
        document("mots", site_id="apart", title="Vive la belle eau"),
        document("ensemble", site_id="apart", title="La belle eau vive"),
    ]
    empty.add(rows)
    asked = {"q": "eau vive", "fq": "+site_id:apart", "fl": "name", "rows": 5, **TYPED}
    answer = empty.search(read_request(asked), NOW)
    assert answer.hits == ranking.MOST_WEIGHED_WHOLE + 4
    names = [each["name"] for each in answer.documents]
    assert names[:4] == ["ensemble", "mots", "titre", "etiquette"]
