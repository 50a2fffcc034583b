"""What takes the place of what was found."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.errors import RedactionError
from anonymization.text import Operator, RedactionSettings, redact

TEXT = "Mme Le Gall, née le 12/03/1975, 3 rue Volney, 49000 Angers, 06 39 98 12 34. Rappelez Mme Le Gall."


def _one(text: str, **operators: Operator) -> str:
    answer: str = redact(pa.array([text]), RedactionSettings(model=None, operators=operators)).texts[0].as_py()
    return answer


def test_a_tag_by_default() -> None:
    assert _one(TEXT) == "Mme <NOM>, née le <NAISSANCE>, <ADRESSE>, <TELEPHONE>. Rappelez Mme <NOM>."


def test_dates_and_addresses_made_coarser() -> None:
    made = _one(TEXT, NAISSANCE=Operator.GENERALIZE, ADRESSE=Operator.GENERALIZE, NOM=Operator.GENERALIZE)
    assert made == "Mme <NOM>, née le <NAISSANCE 1975>, <ADRESSE Angers>, <TELEPHONE>. Rappelez Mme <NOM>."
    assert "<ADRESSE>" in _one("au 3 rue Volney depuis lundi", ADRESSE=Operator.GENERALIZE)


def test_stand_ins_are_the_same_all_through_a_document_and_nobody_s() -> None:
    every = dict.fromkeys(("NOM", "TELEPHONE", "ADRESSE", "NAISSANCE"), Operator.REPLACE)
    made = [_one(TEXT, **every) for _ in range(6)]
    for one in made:
        first, second = one.split("Mme ")[1].split(",")[0], one.rsplit("Mme ", 1)[1].rstrip(".")
        assert first == second
        assert "Le Gall" not in one
        assert "06 39 98 12 34" not in one
        assert "Volney" not in one
    assert len(set(made)) > 1, "another document has other stand-ins"


def test_what_is_kept_is_not_counted() -> None:
    settings = RedactionSettings(model=None, operators={"NOM": Operator.KEEP})
    result = redact(pa.array([TEXT]), settings)
    assert "Le Gall" in result.texts[0].as_py()
    assert result.counts() == {"NAISSANCE": 1, "ADRESSE": 1, "TELEPHONE": 1}


def test_pseudonyms_are_custody_s_and_asked_for_once() -> None:
    asked: list[list[str]] = []

    def custody(values: pa.Array) -> pa.Array:
        asked.append(values.to_pylist())
        return pa.array([bytes([number] * 16) for number in range(len(values))], pa.binary(16))

    settings = RedactionSettings(model=None, operators={"NOM": Operator.HASH})
    made = redact(pa.array([TEXT, "Appelez Mme Le Gall"]), settings, pseudonymize=custody).texts.to_pylist()
    assert asked == [["NOM:le gall"]]
    tags = {part.split(">")[0] for text in made for part in text.split("<NOM ")[1:]}
    assert len(tags) == 1
    assert "Le Gall" not in "".join(made)


def test_no_pseudonym_without_custody() -> None:
    settings = RedactionSettings(model=None, operators={"NOM": Operator.HASH})
    with pytest.raises(RedactionError, match="custody"):
        redact(pa.array([TEXT]), settings)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RedactionError, match="PRENOM"):
        RedactionSettings(thresholds={"PRENOM": 0.5})
