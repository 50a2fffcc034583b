"""Names in free text replaced by pseudonyms: asked of the real custody, under the token of the delivery's own run."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import replace

import pyarrow as pa
import pytest

from pipeline.errors import JourneyError
from pipeline.hub import RunRequest
from policies.contract import Contract, Privacy, PrivacyCategory, Redaction, Technique
from storage import list_known, read_pointer
from tests.journey_behaviour import trusted
from tests.journey_world import World, days, meters, readings

NOTES = ("chez Mme Kerbrat, au fond", "Mme KERBRAT absente", "rappeler M. Lefèvre", "rien à dire")
TAG = re.compile(r"<NOM ([a-z2-7]{13})>")


def noted(world: World) -> Contract:
    """The water meters' contract, with what agents write where the address stood, and no consent to ask for."""
    contract = world.water
    redaction = Redaction(operators={"NOM": "hash"}, model=False)
    domain = contract.column("contrat").privacy.domain
    text = Privacy(PrivacyCategory.FREE_TEXT, Technique.REDACT, domain=domain, redaction=redaction)
    columns = tuple(
        replace(column, privacy=text) if column.name == "adresse" else column for column in contract.columns
    )
    return replace(contract, columns=columns, coverage=None, digest="0" * 64)


def written(notes: tuple[str, ...]) -> list[str]:
    lines = readings(meters(len(notes)), days(1))
    return [re.sub(r"\d+ rue de la Loire 49000 Angers", note, line) for line, note in zip(lines, notes, strict=True)]


def test_a_name_becomes_custody_s_pseudonym_of_its_domain(world: World) -> None:
    contract = noted(world)
    world.drop("releves_a.csv", written(NOTES))
    world.collect(contract)
    texts = [str(one) for one in trusted(world, "2026-10")["adresse"].to_pylist()]
    assert not re.search("kerbrat|lef", " ".join(texts), re.IGNORECASE)
    assert "rien à dire" in texts
    tags = {text: TAG.findall(text) for text in texts}
    (at_the_back,) = next(found for text, found in tags.items() if "au fond" in text)
    (away,) = next(found for text, found in tags.items() if "absente" in text)
    (other,) = next(found for text, found in tags.items() if "rappeler" in text)
    assert at_the_back == away != other

    domain = str(contract.column("adresse").privacy.domain)
    custody = world.hub.run_custody(RunRequest("asked", "water-meters", domains=(domain, "citizen-reports"), quota=2))
    asked = pa.array(["NOM:kerbrat"], pa.string())
    (ours,), (elsewhere,) = (next(custody.pseudonymize(name, [asked])) for name in (domain, "citizen-reports"))
    assert b32encode(ours.as_py())[:13].decode().lower() == away
    assert ours != elsewhere


def test_without_custody_no_text_is_stored(world: World, refusing_custody) -> None:
    contract = noted(world)
    world.drop("releves_a.csv", written(NOTES))
    with refusing_custody(), pytest.raises(JourneyError) as caught:
        world.collect(contract)
    assert "kerbrat" not in str(caught.value).lower()
    assert read_pointer(world.hub.private, "water-meters", 1, "2026-10") is None
    assert list(list_known(world.hub.private, "water-meters")) == []
