"""What of a document is indexed, and how it is compared."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ckanext.ardoise.search.documents import row, stored, texts, values
from ckanext.ardoise.search.fields import Kind, kind_of
from ckanext.ardoise.search.words import GAP, fold, indexed_text, phrase, words_of

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
DOCUMENT = {
    "index_id": "i",
    "name": "eau",
    "title": "Qualité de l'Eau",
    "title_string": "Élan",
    "private": False,
    "tags": ["télérelève", "Eau", "Eau"],
    "res_format": ["CSV", "", "CSV"],
    "metadata_modified": "2026-10-03T12:00:00.5Z",
    "rubbish_date": "hier",
    "permission_labels": ["public"],
    "organization": None,
    "extras_theme": "http://theme",
    "contact": {"name": "x"},
    "creator_user_id": "u",
    "data_dict": '{"secret": 1}',
    "views_recent": 3,
    "spatial": '{"type": "Point", "coordinates": [-0.55, 47.47]}',
}


def test_values_are_text_by_field() -> None:
    found = values(DOCUMENT)
    assert found["private"] == ["false"]
    assert found["tags"] == ["télérelève", "Eau"]
    assert found["res_format"] == ["CSV"]
    assert found["metadata_modified"] == ["2026-10-03T12:00:00.500Z"]
    assert found["views_recent"] == ["3"]
    assert {"organization", "rubbish_date", "contact", "data_dict"}.isdisjoint(found)


def test_only_what_solr_stores_is_given_back() -> None:
    kept = stored(DOCUMENT)
    assert kept["metadata_modified"] == "2026-10-03T12:00:00.500Z"
    assert kept["extras_theme"] == "http://theme"
    assert {"permission_labels", "title_string", "creator_user_id", "contact", "rubbish_date"}.isdisjoint(kept)


def test_words_are_weighed_by_where_they_stand() -> None:
    told = texts(values(DOCUMENT))
    assert told["title"] == f"{GAP} qualite de eau"
    assert told["labels"] == f"{GAP} telereleve {GAP} eau"
    assert "theme" in told["rest"].split()
    assert "secret" not in " ".join(told.values())


def test_a_row_has_columns_for_what_is_counted_and_the_rest_apart() -> None:
    made = row(DOCUMENT, NOW)
    assert (made["name"], made["tags"], made["permission_labels"]) == ("eau", ["télérelève", "Eau"], ["public"])
    assert made["bounds"] == "(-0.55,47.47),(-0.55,47.47)"
    assert made["others"]["creator_user_id"] == ["u"]
    assert "permission_labels" not in made["others"]
    assert made["others"]["indexed_ts"] == ["2026-10-03T12:00:00.000Z"]
    assert json.loads(made["stored"])["title"] == "Qualité de l'Eau"
    assert made["data_dict"] == '{"secret": 1}'


def test_hostile_documents_become_rows() -> None:
    hostile = {"title": "a\x00b" * 400_000, "tags": None, "metadata_modified": "x", "spatial": "{"}
    made = row({"index_id": "i", **hostile}, NOW)
    assert "\x00" not in made["title"] + made["stored"] + made["title_text"]
    assert len(made["title"]) <= 600
    assert len(made["title_text"]) <= 200_010
    assert (made["tags"], made["metadata_modified"], made["bounds"]) == ([], None, None)


def test_fold_drops_case_accents_and_ligatures() -> None:
    assert fold("Été Œuvre ÇA Straße") == "ete oeuvre ca strasse"


def test_words_have_no_elided_article() -> None:
    assert words_of("L'eau d\u2019Angers, aujourd'hui : PM10_max") == ["eau", "angers", "aujourd", "hui", "pm10", "max"]


def test_no_query_reaches_over_a_gap() -> None:
    assert GAP not in phrase(f"a {GAP} b").split()
    assert indexed_text(["un deux", "", "trois"], 100) == f"{GAP} un deux {GAP} trois"


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("tags", Kind.WHOLE),
        ("anything", Kind.WHOLE),
        ("title", Kind.TEXT),
        ("extras_theme", Kind.TEXT),
        ("title_ngram", Kind.SUBSTRING),
        ("metadata_created", Kind.DATE),
        ("revision_date", Kind.DATE),
        ("views_total", Kind.NUMBER),
        ("spatial_geom", Kind.AREA),
    ],
)
def test_kinds(field: str, kind: Kind) -> None:
    assert kind_of(field) is kind
