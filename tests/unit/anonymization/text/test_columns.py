"""Columns profiled, candidates looked through."""

from __future__ import annotations

import pyarrow as pa
import pytest

from anonymization.text.leftovers import Leftover, leftovers
from anonymization.text.profile import profile

NUMBERS = range(40)
FIRST = ("Camille", "Jeanne", "Mohamed", "Yannick", "Fatima", "Kevin", "Solange", "Gwenaëlle")
FAMILY = ("Lefèvre", "Kerbrat", "Benali", "Nguyen", "Ferreira")
TABLE = pa.table(
    {
        "tel_usager": [f"06 39 98 12 {number:02d}" for number in NUMBERS],
        "x1": [f"personne{number}@boite.example" for number in NUMBERS],
        "x2": [f"{FIRST[number % 8]} {FAMILY[number % 5]}" for number in NUMBERS],
        "x3": ["Lampadaire éteint depuis hier soir ici"] * 20
        + [f"rappeler Mme Kerbrat au 06 39 98 12 {number:02d} vite" for number in range(20)],
        "statut": ["ouvert", "clos"] * 20,
        "commune": ["Angers", "Trélazé", "Avrillé", "Cholet"] * 10,
        "places": list(NUMBERS),
        "quand": pa.array([0] * 40, pa.timestamp("s")),
    }
)


def test_each_column_says_what_it_holds_with_counts_and_no_value() -> None:
    found = {one.column: one for one in profile(TABLE)}
    assert found["tel_usager"].kinds() == ("TELEPHONE",)
    assert found["x1"].kinds() == ("COURRIEL",)
    assert found["x2"].kinds() == ("NOM",)
    assert set(found["x3"].kinds()) == {"NOM", "TELEPHONE"}
    assert [found[name].kinds() for name in ("statut", "commune", "places")] == [(), (), ()]
    assert "quand" not in found
    header, validator = (one for one in found["tel_usager"].evidence if one.kind == "TELEPHONE")
    assert (header.source, validator.source, validator.values, validator.looked_at) == ("header", "validator", 40, 40)
    assert "Kerbrat" not in repr(found)
    assert "98 12" not in repr(found)


def test_a_candidate_is_looked_through_column_by_column() -> None:
    table = pa.table(
        {
            "commune": ["Angers", "Trélazé"],
            "adresse": ["12 rue des Lices", "3 place Molière"],
            "note": ["rien", "voir 06 39 98 12 34"],
            "k": [5, 6],
        }
    )
    communes = ("Angers", "Trélazé")
    assert leftovers(table, {"adresse": frozenset({"ADRESSE"})}, communes) == (Leftover("note", "TELEPHONE", 1),)
    assert Leftover("adresse", "ADRESSE", 2) in leftovers(table, {}, communes)


def test_small_whole_numbers_are_looked_at_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(name: str) -> None:
        raise AssertionError(f"{name} is loaded for small numbers")

    monkeypatch.setattr("anonymization.text.vocabulary.load_vocabulary", unwanted)
    (found,) = profile(pa.table({"version": pa.array([1, 2, None, 999, -3])}))
    assert (found.looked_at, found.kinds()) == (0, ())
    with pytest.raises(AssertionError, match="is loaded"):
        profile(pa.table({"version": pa.array([1, 1_000])}))
