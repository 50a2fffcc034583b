from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies import Contract, ContractChangeError, DatasetId, load_territory
from policies.changes import ChangeLevel, check_version, compare, level
from policies.contract import Column, PeriodUnit, ReleasedColumn, Version

CONTRACTS = load_territory(Path(__file__).resolve().parents[3] / "policies" / "angers").contracts
WATER, PARKING = CONTRACTS[DatasetId("water-meters")], CONTRACTS[DatasetId("parking")]


def with_column(contract: Contract, column: str, /, **values: object) -> Contract:
    columns = tuple(replace(one, **values) if one.name == column else one for one in contract.columns)  # type: ignore[arg-type]
    return replace(contract, columns=columns)


def released(contract: Contract, *columns: ReleasedColumn) -> Contract:
    return replace(contract, release=replace(contract.release, columns=columns))


EXTRA = Column(name="pression", physical_name="PRESSION", logical_type="number")
LEVELS = [
    (WATER, ChangeLevel.NONE),
    (replace(WATER, title="Autre titre"), ChangeLevel.PATCH),
    (with_column(WATER, "date", description="Autre description"), ChangeLevel.PATCH),
    (replace(WATER, columns=(*WATER.columns, EXTRA)), ChangeLevel.MINOR),
    (with_column(WATER, "consommation_l", quality=()), ChangeLevel.MINOR),
    (with_column(WATER, "compteur", physical_name="SERIE"), ChangeLevel.MINOR),
    (replace(WATER, release=replace(WATER.release, minimum_units=20)), ChangeLevel.MINOR),
    (replace(WATER, release=replace(WATER.release, formats=("parquet", "csv", "geojson"))), ChangeLevel.MINOR),
    (replace(WATER, columns=(*WATER.columns, replace(EXTRA, required=True))), ChangeLevel.MAJOR),
    (replace(WATER, columns=WATER.columns[:-1]), ChangeLevel.MAJOR),
    (with_column(WATER, "compteur", name="serie"), ChangeLevel.MAJOR),
    (with_column(WATER, "version", logical_type="string"), ChangeLevel.MAJOR),
    (with_column(WATER, "consommation_l", unit="m3"), ChangeLevel.MAJOR),
    (with_column(WATER, "compteur", required=True), ChangeLevel.MAJOR),
    (replace(WATER, period=PeriodUnit.DAY), ChangeLevel.MAJOR),
    (replace(WATER, purpose="autre-finalite"), ChangeLevel.MAJOR),
    (replace(WATER, release=replace(WATER.release, formats=("csv",))), ChangeLevel.MAJOR),
    (replace(WATER, release=replace(WATER.release, measures=WATER.release.measures[1:])), ChangeLevel.MAJOR),
    (released(WATER, *WATER.release.columns, replace(WATER.release.columns[0], name="annee")), ChangeLevel.MINOR),
    (released(WATER, *WATER.release.columns[1:]), ChangeLevel.MAJOR),
    (released(WATER, replace(WATER.release.columns[0], name="periode"), *WATER.release.columns[1:]), ChangeLevel.MAJOR),
]


@pytest.mark.parametrize(("new", "expected"), LEVELS)
def test_the_level_of_a_change(new: Contract, expected: ChangeLevel) -> None:
    assert level(compare(WATER, new)) is expected


@pytest.mark.parametrize(("new", "expected"), LEVELS)
def test_a_version_must_say_at_least_that_much(new: Contract, expected: ChangeLevel) -> None:
    honest = {
        ChangeLevel.NONE: Version(1, 0, 0),
        ChangeLevel.PATCH: Version(1, 0, 1),
        ChangeLevel.MINOR: Version(1, 1, 0),
        ChangeLevel.MAJOR: Version(2, 0, 0),
    }
    for said, version in honest.items():
        versioned = replace(new, version=version)
        if said >= expected:
            assert check_version(WATER, versioned) is expected
        else:
            with pytest.raises(ContractChangeError, match=r"\[version-change\]$"):
                check_version(WATER, versioned)


def test_a_version_never_goes_back() -> None:
    with pytest.raises(ContractChangeError):
        check_version(replace(WATER, version=Version(2, 0, 0)), replace(WATER, version=Version(1, 9, 0)))


def test_two_datasets_are_not_two_versions() -> None:
    with pytest.raises(ValueError, match="two datasets"):
        compare(WATER, PARKING)
