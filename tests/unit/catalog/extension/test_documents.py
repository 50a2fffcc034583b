"""What of a document is indexed, and how it is compared."""

from __future__ import annotations

import pytest
from ckanext.ardoise.search.documents import Kind, fold, instant, kind_of, stored, values, words

DOCUMENT = {
    "index_id": "i",
    "name": "eau",
    "title": "Qualité de l'Eau",
    "title_string": "Élan",
    "private": False,
    "tags": ["télérelève", "Eau"],
    "metadata_modified": "2026-10-03T12:00:00.5Z",
    "rubbish_date": "hier",
    "permission_labels": ["public"],
    "organization": None,
    "extras_theme": "http://theme",
    "contact": {"name": "x"},
    "data_dict": '{"secret": 1}',
    "views_recent": 3,
}


def test_values_are_text_by_field() -> None:
    found = values(DOCUMENT)
    assert found["private"] == ["false"]
    assert found["tags"] == ["télérelève", "Eau"]
    assert found["title_string"] == ["elan"]
    assert found["metadata_modified"] == ["2026-10-03T12:00:00.500000Z"]
    assert found["views_recent"] == ["3"]
    assert {"organization", "rubbish_date", "contact", "data_dict"}.isdisjoint(found)


def test_labels_of_permission_are_searched_and_never_given_back() -> None:
    assert values(DOCUMENT)["permission_labels"] == ["public"]
    assert {"permission_labels", "title_string", "contact"}.isdisjoint(stored(DOCUMENT))
    assert stored(DOCUMENT)["data_dict"] == '{"secret": 1}'


def test_words_are_weighed_by_where_they_stand() -> None:
    first, second, rest = words(values(DOCUMENT))
    assert first == "eau qualite de l'eau"
    assert second == "telereleve eau"
    assert "http://theme" in rest
    assert "secret" not in first + second + rest


def test_fold_drops_case_and_accents() -> None:
    assert fold("Été Œuvre ÇA") == "ete œuvre ca"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-10-03", "2026-10-03T00:00:00.000000Z"),
        ("2026-10-03T01:02Z", "2026-10-03T01:02:00.000000Z"),
        ("2026-10-03 01:02:03.4", "2026-10-03T01:02:03.400000Z"),
        ("2026-10-03T01:02:03+00:00", "2026-10-03T01:02:03.000000Z"),
        ("2026-10-03T01:02:03+02:00", None),
        ("NOW-1DAY", None),
    ],
)
def test_instants_sort_as_text(text: str, same: str | None) -> None:
    assert instant(text) == same


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
    ],
)
def test_kinds(field: str, kind: Kind) -> None:
    assert kind_of(field) is kind
