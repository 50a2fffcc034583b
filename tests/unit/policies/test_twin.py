"""What a territory may say of its digital twin, and what a mistake in it takes away: nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies import ContractError, DatasetId, load_territory
from policies.twin import FILE, geographic

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "angers"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped territory with two of its datasets, to be edited."""
    target = tmp_path / "angers"
    shutil.copytree(SHIPPED, target, ignore=lambda where, names: names if where.endswith("contracts") else ())
    for name in ("parking", "water-meters"):
        shutil.copy(SHIPPED / "contracts" / f"{name}.odcs.yaml", target / "contracts")
    return target


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / FILE).read_text(encoding="utf-8")
    assert old in text
    (folder / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_twin_says_of_each_layer_what_its_contract_publishes() -> None:
    territory = load_territory(SHIPPED)
    assert territory.twin is not None
    assert {str(name) for name in territory.twin.layers} <= {str(one.id) for one in geographic(territory.contracts)}
    assert territory.twin.layer(territory.contracts[DatasetId("parking")]).entity == "OffStreetParking"


def test_a_layer_whose_contract_is_not_there_is_no_mistake_and_an_unnamed_one_has_its_contract_s_title(
    folder: Path,
) -> None:
    edit(folder, "- {dataset: parking,", "- {dataset: parkings,")
    twin, contracts = load_territory(folder).twin, load_territory(folder).contracts
    assert twin is not None
    layer = twin.layer(contracts[DatasetId("parking")])
    assert (layer.title, layer.key, layer.entity) == (contracts[layer.dataset].title, (), "GeographicRecord")


@pytest.mark.parametrize(
    ("old", "new", "rule", "sentence"),
    [
        ("latest: horodatage", "latest: nom", "digital-twin", "« nom » n'est pas une date publiée"),
        ("latest: horodatage", "latest: ancien", "digital-twin", "« ancien » n'est pas une date publiée"),
        ("key: [parking]", "key: [plaque]", "digital-twin", "« plaque » n'est pas une colonne publiée"),
        ("key: [parking], ", "", "digital-twin", "« latest » demande « key »"),
        ("dataset: parking,", "dataset: water-meters,", "digital-twin", "n'est pas publié avec une position"),
        ("dataset: traffic-flow,", "dataset: parking,", "digital-twin", "deux couches portent « parking »"),
        ("id: digital-twin", "id: parking", "digital-twin", "porte déjà cet identifiant"),
        ("theme: vues-d-ensemble", "theme: inconnu", "theme", "themes.yaml"),
        ("organization: territoire", "organization: moi", "organization", "organizations.yaml"),
        ("version: 1.0.0", "version: un", "digital-twin", "version"),
        ("layers:", "couches:", "digital-twin", "couches"),
    ],
)
def test_a_mistake_is_named_and_leaves_the_datasets_alone(
    folder: Path, old: str, new: str, rule: str, sentence: str
) -> None:
    edit(folder, old, new)
    with pytest.raises(ContractError) as caught:
        load_territory(folder)
    assert any(found.rule == rule and sentence in found.sentence for found in caught.value.findings)
    assert all(found.file == folder / FILE and found.line > 1 for found in caught.value.findings)
    refused: list[str] = []
    territory = load_territory(folder, refused=lambda file, error: refused.append(file.name))
    assert (set(territory.contracts), territory.twin, refused) == ({"parking", "water-meters"}, None, [FILE])


def test_a_territory_may_have_none(folder: Path) -> None:
    (folder / FILE).unlink()
    assert load_territory(folder).twin is None
