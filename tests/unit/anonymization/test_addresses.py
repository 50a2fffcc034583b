"""Postal addresses reduced to communes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.addresses import address_to_commune
from policies.contract import Commune

COMMUNES = (
    Commune("49007", "Angers"),
    Commune("49035", "Bouchemaine"),
    Commune("49246", "Les Ponts-de-Cé"),
    Commune("49267", "Saint-Barthélemy-d'Anjou"),
    Commune("49271", "Saint-Clément-de-la-Place"),
    Commune("49294", "Saint-Lambert-la-Potherie"),
    Commune("49307", "Loire-Authion"),
)


@pytest.mark.parametrize(
    ("address", "insee"),
    [
        ("12 rue des Lices, 49100 Angers", "49007"),
        ("12 RUE DES LICES 49100 ANGERS", "49007"),
        ("1 pl. du Ralliement 49100  ANGERS CEDEX 02", "49007"),
        ("3, allée des Prés\n49124 St Barthélemy d'Anjou", "49267"),
        ("3 allée des Prés, 49124 SAINT BARTHELEMY D’ANJOU, France", "49267"),
        ("5 rue Haute, 49130 Les Ponts de Cé", "49246"),
        ("5 rue Haute, Les Ponts-de-Cé", "49246"),
        ("F-49070 St-Lambert-la-Potherie", "49294"),
        ("Bouchemaine", "49035"),
        ("rue d'Angers, 49080 Bouchemaine", "49035"),
        ("8 rue d'Angers, 44000 Nantes", None),
        ("8 rue de Paris, 75011 Angers", None),
        ("12 rue d'Angers", None),
        ("12 rue Haute Angers", "49007"),
        ("lieu-dit la Croix", None),
        ("49100", None),
        ("", None),
        (None, None),
    ],
)
def test_a_commune_is_recognised_or_null(address: str | None, insee: str | None) -> None:
    assert address_to_commune(pa.array([address], pa.string()), COMMUNES).to_pylist() == [insee]


def test_a_column_keeps_its_order_and_length() -> None:
    addresses = pa.chunked_array([["49100 Angers", None, "49080 Bouchemaine"], ["49100 Angers"]])
    codes = address_to_commune(addresses, COMMUNES)
    assert codes.to_pylist() == ["49007", None, "49035", "49007"]
    assert codes.type == pa.string()


def test_without_communes_nothing_is_known() -> None:
    assert address_to_commune(pa.array(["49100 Angers"]), ()).to_pylist() == [None]


def test_an_empty_column_stays_empty() -> None:
    assert len(address_to_commune(pa.array([], pa.string()), COMMUNES)) == 0
