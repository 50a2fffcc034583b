"""What a certificate says of records under models, and what anybody can check of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from catalog.certificate_records import banded, beyond_words, level_words, model_words, records_sections
from catalog.errors import VerificationError
from catalog.verification import verify
from cli.app import application
from policies import DatasetId
from policies.generalized import HierarchyRule
from tests.catalog_pages import territory

ROWS = pa.table({"place": ["A"] * 5 + ["B"] * 6, "what": list("xyxxxxyzxxx")})


def details(**other: Any) -> dict[str, Any]:
    share = {"highest": 0.2, "average": 0.1, "above": 0.0}
    criteria = [
        {"name": name, "number": 0.0, "met": name != "linkability", "sentence": f"Phrase {name}."}
        for name in ("singling_out", "linkability", "inference")
    ]
    risk = {
        "prosecutor": share,
        "journalist": share,
        "marketer": 0.1,
        "sample_uniques": 0.0,
        "attributes": [{"attribute": "categorie", "known": 0.0, "probable": 0.0, "highest": 0.8}],
        "criteria": criteria,
    }
    steps = [{"mois": 0, "code_commune": 0, "maille": 1}, {"mois": 0, "code_commune": 1, "maille": 5}]
    made = {
        "steps": steps,
        "heights": {"mois": 0, "code_commune": 1, "maille": 5},
        "metric": "entropy",
        "utility_lost": 3482.48,
        "utility_lost_share": 0.12345,
        "proved": True,
        "fixed": {"since": "2026-01", "until": "2027-01", "chosen_for": "2026-10"},
        "minimality": {"before": 0.5, "after": 0.55},
        "models": [{"model": "k_anonymity", "measured": 5, "satisfied": True}],
        "asked": [{"model": "k_anonymity", "k": 5}],
        "risk": risk,
        "earlier": {"compared": 2, "changed_classes": 3, "isolated": 0},
        "floor": 5,
        "suppressed": 2,
    }
    return made | other


def text(**other: Any) -> str:
    contract = territory().contracts[DatasetId("citizen-reports")]
    return "\n".join(section.to_text() for section in records_sections(contract, details(**other)))


def test_models_levels_risk_and_criteria_are_told() -> None:
    told = text()
    for words in (
        "k-anonymat, k = 5 : chaque combinaison publiée est celle d'au moins 5 personnes",
        "« maille » : carreau de 400 m ; sinon « territoire » (tout regroupé)",
        "Lignes retirées : moins de 5",
        "3\u202f480 (12,3\u00a0% de tout perdre), en entropie non uniforme (bits)",
        "prouvés les meilleurs",
        "sur les données d'octobre 2026, et gardés de janvier 2026 jusqu'à janvier 2027",
        "passe de 50\u00a0% à 55\u00a0%",
        "Corrélation : non rempli",
        "Phrase inference.",
        "2 publication(s) précédente(s)",
    ):
        assert words in told, words


def test_without_a_search_nothing_is_said_of_levels() -> None:
    told = text(steps=None, asked=[], earlier={"compared": 0, "changed_classes": 0, "isolated": 0})
    assert "niveaux" not in told
    assert "précédentes" not in told


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "distinct_l_diversity", "l": 2.0, "sensitive": "s"}, "au moins 2 valeurs de « s »"),
        ({"model": "entropy_l_diversity", "l": 1.5, "sensitive": "s"}, "par entropie, l = 1.5"),
        ({"model": "recursive_c_l_diversity", "c": 3.0, "l": 2.0, "sensitive": "s"}, "c = 3, l = 2"),
        ({"model": "t_closeness", "t": 0.2, "distance": "equal", "sensitive": "s"}, "t = 0.2 (distance equal)"),
        ({"model": "k_map", "k": 5, "population": "p.csv"}, "dans la population de p.csv"),
        ({"model": "delta_presence", "minimum": 0.0, "maximum": 0.5, "population": "p.csv"}, "de 0 à 0.5"),
        ({"model": "maximum_risk", "p": 0.1}, "d'au plus 10\u00a0% pour chacun"),
        ({"model": "average_risk", "p": 0.05}, "moyen d'au plus 5\u00a0%"),
    ],
)
def test_every_model_has_its_words(asked: dict[str, Any], words: str) -> None:
    assert words in model_words(asked, "personnes")


@pytest.mark.parametrize(
    ("rule", "level", "words"),
    [
        (HierarchyRule("c", "grid", sizes=(400, 800)), 0, "carreau de 200 m"),
        (HierarchyRule("c", "grid", sizes=(400, 800)), 2, "carreau de 800 m"),
        (HierarchyRule("c", "prefixes", lengths=(3, 2)), 1, "les 3 premiers caractères"),
        (HierarchyRule("c", "intervals", edges=((0, 1, 2), (0, 2))), 2, "1 tranches"),
        (HierarchyRule("c", "iris"), 1, "commune"),
        (HierarchyRule("c", "csv"), 1, "niveau 1 sur 3"),
        (HierarchyRule("c", "tree", root="tout"), 3, "« tout » (tout regroupé)"),
        (None, 0, "valeur la plus fine"),
    ],
)
def test_levels_in_words(rule: HierarchyRule | None, level: int, words: str) -> None:
    assert level_words(rule, level, 3) == words


def test_counts_under_the_floor_are_banded() -> None:
    assert [banded(count, 5) for count in (0, 1, 4, 5)] == ["0", "moins de 5", "moins de 5", "5"]


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path]:
    """A file and its certificate."""
    from hashlib import sha256

    file, certificate = tmp_path / "f.parquet", tmp_path / "certificat.json"
    pq.write_table(ROWS, file)
    digest = sha256(file.read_bytes()).hexdigest()
    said = {"digest": digest, "rows": 11, "quasi_identifiers": ["place"], "k": 5, "diversity": {"what": 2}}
    certificate.write_text(json.dumps({"verification": said}), encoding="utf-8")
    return file, certificate


def test_a_published_file_verifies(published: tuple[Path, Path]) -> None:
    file, certificate = published
    assert [check.found for check in verify(file, certificate)][1:] == ["11", "5", "2"]
    ran = CliRunner().invoke(application, ["verify", str(file), "--certificate", str(certificate)])
    assert ran.exit_code == 0, ran.output
    assert "plus petit groupe" in ran.output
    told = " ".join(ran.output.split())
    assert "Ce que le fichier seul ne montre pas" in told
    assert "n'y sont pas vérifiables" not in told


def test_models_that_the_file_can_not_show_are_named(published: tuple[Path, Path]) -> None:
    file, certificate = published
    said = json.loads(certificate.read_text(encoding="utf-8"))
    said["verification"]["beyond"] = ["t_closeness", "entropy_l_diversity"]
    certificate.write_text(json.dumps(said), encoding="utf-8")
    ran = CliRunner().invoke(application, ["verify", str(file), "--certificate", str(certificate)])
    told = " ".join(ran.output.split())
    assert "n'y sont pas vérifiables : t-proximité, l-diversité par entropie." in told
    assert told.count(beyond_words(("t_closeness", "entropy_l_diversity"))) == 1


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (ROWS.slice(1), "empreinte.*lignes.*plus petit groupe"),
        (ROWS.set_column(1, "what", pa.array(["x"] * 11)), "empreinte.*valeurs de « what »"),
        (ROWS.take(list(reversed(range(11)))), "empreinte"),
        (ROWS.drop_columns(["what"]), "n'est pas le fichier Parquet"),
    ],
)
def test_a_tampered_file_does_not(published: tuple[Path, Path], changed: pa.Table, what: str) -> None:
    file, certificate = published
    pq.write_table(changed, file)
    with pytest.raises(VerificationError, match=what):
        verify(file, certificate)
    assert CliRunner().invoke(application, ["verify", str(file), "--certificate", str(certificate)]).exit_code == 1


def test_what_is_no_certificate_or_no_file_is_refused(published: tuple[Path, Path], tmp_path: Path) -> None:
    file, certificate = published
    with pytest.raises(VerificationError, match="fichier"):
        verify(tmp_path / "none", certificate)
    for content in ("{}", "[", "[]"):
        certificate.write_text(content, encoding="utf-8")
        with pytest.raises(VerificationError, match="certificat"):
            verify(file, certificate)
