"""Scores, facets, pages, orders; what each reader finds."""

from __future__ import annotations

from typing import Any

from ckanext.ardoise.search.engine import SearchEngine
from ckanext.ardoise.search.request import read_request

from tests.integration.catalog.search.documents import TYPED, Ask, names


def test_scores_follow_weights_boosts_and_nearness(ask: Ask) -> None:
    def order(q: str, **more: Any) -> list[str]:
        return [each["name"].partition("-")[0] for each in ask(q, fl="name,score", **more).documents]

    assert order("potable", **TYPED) == ["potable", "qualite"]  # the shorter title
    assert order("title:qualite^5 OR title:elagage") == ["qualite", "forets"]
    assert order("title:qualite OR title:elagage^5") == ["forets", "qualite"]
    assert order("eau qualité", **{**TYPED, "qf": "text^4 title^0.1"})[0] in ("qualite", "potable")
    scores = [each["score"] for each in ask("eau qualité", fl="score", **TYPED).documents]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0


def test_facets_count_the_whole_result(ask: Ask) -> None:
    facets = {"facet": "true", "facet.field": ["res_format", "groups", "organization", "creator_user_id", "unheard"]}
    answer = ask(rows=1, **facets)
    assert answer.facets == {
        "res_format": ["CSV", 2, "JSON", 1],
        "groups": ["environnement", 2, "voirie", 1],
        "organization": ["ville", 2, "regie", 1],
        "creator_user_id": ["u1", 1],
        "unheard": [],
    }
    limited = ask(rows=0, **facets, **{"facet.limit": 1, "facet.mincount": 2})
    assert limited.facets["groups"] == ["environnement", 2]
    assert limited.facets["creator_user_id"] == []
    assert limited.documents == []


def test_pages_orders_and_fields(ask: Ask) -> None:
    def order(sort: str, **more: Any) -> list[str]:
        return [each["name"].partition("-")[0] for each in ask(sort=sort, **more).documents]

    assert order("title_string asc") == ["forets", "potable", "qualite"]
    assert order("name desc") == ["qualite", "potable", "forets"]
    assert order("views_total desc") == ["qualite", "forets", "potable"]
    assert order("views_total asc") == ["forets", "qualite", "potable"]
    assert order("metadata_modified desc, name asc") == ["forets", "potable", "qualite"]
    assert order("issued_date asc, name desc") == ["forets", "qualite", "potable"]
    assert order("name asc", start=1, rows=1) == ["potable"]
    assert order("name asc", start=2**31 - 1) == []
    (found,) = ask("name:qualite-eau", fl="id,title,extras_theme,permission_labels,validated_data_dict").documents
    assert found == {
        "id": "id-qualite-eau", "title": "Qualité de l'eau potable", "extras_theme": "http://theme/ENVI",
        "validated_data_dict": '{"name": "x"}',
    }  # fmt: skip
    (whole,) = ask("name:qualite-eau", fl="*").documents
    assert whole["metadata_modified"] == "2026-09-01T10:00:00.123Z"
    assert whole["res_format"] == ["CSV", "CSV", "JSON"]
    assert "permission_labels" not in whole


def test_other_sites_and_hidden_documents_stay_away(ask: Ask, filled: SearchEngine) -> None:
    assert names(ask("eau", **TYPED)) == {"qualite", "forets", "potable"}
    everything = filled.search(read_request({"q": "eau", "fl": "name"}))
    assert everything.hits == 5


def test_parts_of_titles_are_counted_with_their_page(ask: Ask) -> None:
    part = 'title_ngram:"eau" OR name_ngram:"eau"'
    assert ask(part, rows=1).hits == ask(part, rows=0).hits == ask(part, rows=5, start=9).hits == 1
    assert ask('title_ngram:"nowhere"').hits == 0
    assert ask(part, **{"facet.field": ["organization"]}).facets == {"organization": ["regie", 1]}


def test_each_reader_finds_what_he_may_see_whoever_asked_before(filled: SearchEngine) -> None:
    hidden = {"q": "secret*", **TYPED, "facet.field": ["tags"]}
    for labels, hits in (("member-1", 1), ("public", 0), ("member-1", 1)):
        request = {**hidden, "fq": f"+permission_labels:({labels})"}
        assert filled.search(read_request(request)).hits == hits
