"""What the page makes of the certificate that the hub tells."""

from __future__ import annotations

import json

import pytest
from ckanext.ardoise.certificate import certificate, lineage

from catalog.certificate_facts import facts
from tests.catalog_pages import page, water


def test_the_picture_has_every_column_and_an_arrow_for_each_source() -> None:
    shown = page(water())
    told = certificate({"certificate": facts(shown.certificate, shown.certificate_url)})
    assert told
    picture = lineage(told)
    assert picture is not None
    assert [box.name for box in picture.published] == [column.name for column in shown.certificate.columns]
    assert {box.name for box in picture.sources if box.removed} == {"compteur", "adresse", "index_m3"}
    assert len(picture.curves) == sum(len(column.sources) for column in shown.certificate.columns)
    assert all(0 <= box.y <= picture.height - picture.row for box in (*picture.sources, *picture.published))


@pytest.mark.parametrize("given", [None, "", "not JSON", "[1]", "7"])
def test_what_is_no_certificate_is_none(given: str | None) -> None:
    assert certificate({"certificate": given}) is None


def test_without_columns_there_is_no_picture() -> None:
    assert lineage({"columns": [], "treatments": []}) is None
    assert lineage(json.loads('{"treatments": [["a", "A", "b", true]]}')) is None
