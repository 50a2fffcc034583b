"""Identifiers left in published texts."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.residuals import ResidualIdentifier, scan


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("écrire à j.martin@example.org", "COURRIEL"),
        ("06 12 34 56 78", "TELEPHONE"),
        ("tel:+33(0)612345678.", "TELEPHONE"),
        ("0241000000", "TELEPHONE"),
        ("NIR 2 85 05 49 007 123 45", "NIR"),
        ("185054900712345", "NIR"),
        ("FR76 3000 6000 0112 3456 7890 189", "IBAN"),
        ("garé : AB-123-CD", "PLAQUE"),
        ("point 19123456789012", "POINT_DE_LIVRAISON"),
        ("12 bis, rue des Lices", "ADRESSE"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    table = pa.table({"n": [1, 2], "texte": pa.array(["rien", text]).dictionary_encode()})
    assert ResidualIdentifier("texte", kind, 1) in scan(table)


@pytest.mark.parametrize(
    "text",
    [
        "CRS3035RES200mN2762800E3528200",
        "2026-10",
        "49007",
        "49007-P-010",
        "Saint-Barthélemy-d'Anjou",
        "de 2 à moins de 7",
        "2026-10-31T22:59:00Z",
        "FR76 3000 6000 0112 3456 7890 188",
    ],
)
def test_published_values_are_not_taken_for_identifiers(text: str) -> None:
    assert scan(pa.table({"texte": [text]})) == ()


def test_addresses_of_places_are_left_alone_where_nobody_is_concerned() -> None:
    assert scan(pa.table({"adresse": ["12 rue des Lices"]}), about_people=False) == ()


def test_texts_are_counted_once_and_never_quoted() -> None:
    table = pa.table({"texte": ["a@b.fr", "a@b.fr", None, "c@d.fr"]})
    assert scan(table) == (ResidualIdentifier("texte", "COURRIEL", 2),)
