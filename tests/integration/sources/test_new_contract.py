"""« ardoise contracts new » on the simulated operators' services: what it proposes loads, and reads the feed."""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.onboarding.answers import checked_answers
from pipeline.onboarding.looking import look
from pipeline.onboarding.proposing import NewContract, new_contract
from policies import Contract, load_territory
from policies.advice import MARK
from policies.contract import DatasetId
from settings import Settings
from settings.model import SHIPPED_TERRITORY
from sources import connector, decoder
from tests.integration.sources.conftest import Operators

FILLED = {"base légale, de": "A6-1-e", "finalité": "essai", "adresse électronique": "a@b.fr", "EU": "x"}


def settings(operators: Operators, folder: Path) -> Settings:
    return Settings(home=folder, territory=folder / "angers", operators_url=operators.url, drop_folder=operators.drop)


def proposed(operators: Operators, folder: Path, **answers: Any) -> NewContract:
    shutil.copytree(SHIPPED_TERRITORY, folder / "angers")
    given = {"identifiant": "essai", "titre": "Essai", "theme": "mobilite"} | answers
    territory = load_territory(folder / "angers")
    now = datetime.now(UTC) + timedelta(seconds=5)
    return new_contract(checked_answers(given, "test"), settings(operators, folder), territory, look, now)


def completed(made: NewContract, folder: Path) -> Contract:
    """The contract once a person has written what was asked; it loads beside the others."""

    def write(match: re.Match[str]) -> str:
        found = next((value for words, value in FILLED.items() if words in match[1]), "Un texte assez long.")
        return f"'{found}'"

    text = re.sub(rf"'?{MARK} : ((?:[^'\n]|'')*)'?", write, made.text)
    assert MARK not in text.split("apiVersion")[1]
    (folder / "angers" / "contracts" / "essai.odcs.yaml").write_text(text, encoding="utf-8")
    return load_territory(folder / "angers").contracts[DatasetId("essai")]


def techniques(contract: Contract) -> dict[str, str]:
    return {column.physical_name: column.privacy.technique.value for column in contract.columns}


def read_back(contract: Contract, operators: Operators, folder: Path) -> tuple[int, int]:
    """Rows and rejects of the feed, read under the proposed contract."""
    now = datetime.now(UTC) + timedelta(seconds=5)
    delivery = next(iter(connector(contract, settings(operators, folder)).fetch(None, now)))
    decoded = list(decoder(contract, load_territory(folder / "angers")).decode(delivery.parts))
    return sum(one.batch.num_rows for one in decoded), sum(one.rejects.num_rows for one in decoded)


def test_reports_of_residents(operators: Operators, tmp_path: Path) -> None:
    collection = {"path": "/open311/v2/requests.json", "paging": "page", "since": "updated_datetime"}
    made = proposed(
        operators,
        tmp_path,
        operateur="relation-usagers",
        theme="cadre-de-vie",
        source="http_pull",
        decodeur="open311",
        options={"collections": {"live": collection}},
        date="requested_datetime",
    )
    contract = completed(made, tmp_path)
    found = techniques(contract)
    assert {found[name] for name in ("email", "first_name", "last_name", "phone", "device_id", "description")} == {
        "drop"
    }
    assert found["account_id"] == "pseudonymize"
    assert found["address"] == "commune"
    assert contract.key == ("service_request_id",)
    assert contract.release.kind == "aggregate"
    rows, rejects = read_back(contract, operators, tmp_path)
    assert rows > 600
    assert rejects < 0.05 * rows


def test_free_places_joined_to_their_car_parks(operators: Operators, tmp_path: Path) -> None:
    options = load_territory(SHIPPED_TERRITORY).contracts[DatasetId("parking")].feed.options
    made = proposed(
        operators,
        tmp_path,
        operateur="stationnement-angers",
        source="http_pull",
        decodeur="opendatasoft",
        options=options,
        periode="day",
        cle=["live.nom", "live.horodatage"],
        sans_personne=["live.nom", "reference.nom", "reference.adresse"],
    )
    contract = completed(made, tmp_path)
    assert {"live.disponible", "live.horodatage", "reference.nb_places"} <= set(techniques(contract))
    assert contract.event_time == "horodatage"
    assert contract.column("nb_places").logical_type == "integer"


def test_readings_of_meters_in_a_dropped_file(operators: Operators, tmp_path: Path) -> None:
    for file in operators.drop.glob("*/*.csv"):
        then = datetime.now(UTC).timestamp() - 3600
        os.utime(file, (then, then))
    made = proposed(
        operators,
        tmp_path,
        operateur="eau-angers-loire-metropole",
        theme="eau",
        source="file_drop",
        decodeur="csv",
        options={"pattern": "water-meters/releves_2026-10.csv"},
    )
    contract = completed(made, tmp_path)
    assert techniques(contract)["CONTRAT"] == "pseudonymize"
    assert techniques(contract)["ADRESSE"] in ("commune", "drop")
    assert techniques(contract)["COMPTEUR"] == "drop"
    assert contract.feed.options["delimiter"] == ";"


def test_a_service_that_does_not_answer_is_told(operators: Operators, tmp_path: Path) -> None:
    collection = {"path": "/nulle-part", "paging": "page", "since": "maj"}
    with pytest.raises(Exception, match=r"/nulle-part : statut 404"):
        proposed(
            operators,
            tmp_path,
            operateur="relation-usagers",
            source="http_pull",
            decodeur="open311",
            options={"collections": {"live": collection}},
        )
