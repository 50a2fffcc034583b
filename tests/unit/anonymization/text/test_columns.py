"""Columns profiled, candidates looked through, identifiers remembered under a key."""

from __future__ import annotations

import secrets

import pyarrow as pa
import pytest

from anonymization.text.known import KnownIdentifiers, fold_column, folded
from anonymization.text.leftovers import Leftover, leftovers
from anonymization.text.meeting import meets
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


def nowhere(text: str) -> list[tuple[int, int]]:
    return []


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


def test_known_identifiers_are_met_however_they_are_written_and_only_with_the_key() -> None:
    key = secrets.token_bytes(32)
    known = KnownIdentifiers(key)
    known.add(["06 39 98 12 34", "Kerbrat", "ALM-10031521", "ab"])
    assert len(known) == 4  # a telephone number is written in two ways
    again = KnownIdentifiers(key, known.members())
    for text in ("tel 06.39.98.12.34 !", "chez KERBRAT", "alm 10031521", "0639981234", "(+33) 6 39 98 12 34"):
        assert meets(again, text, frozenset(), nowhere), text
    for text in ("tel 06 39 98 12 35", "kerbra", "ab", ""):
        assert not meets(again, text, frozenset(), nowhere), text
    other = KnownIdentifiers(secrets.token_bytes(32), known.members())
    assert not meets(other, "chez Kerbrat", frozenset(), nowhere)
    assert b"kerbrat" not in known.members().lower()
    assert "Kerbrat" not in repr(known)


def test_small_whole_numbers_are_looked_at_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(name: str) -> None:
        raise AssertionError(f"{name} is loaded for small numbers")

    monkeypatch.setattr("anonymization.text.vocabulary.load_vocabulary", unwanted)
    (found,) = profile(pa.table({"version": pa.array([1, 2, None, 999, -3])}))
    assert (found.looked_at, found.kinds()) == (0, ())
    with pytest.raises(AssertionError, match="is loaded"):
        profile(pa.table({"version": pa.array([1, 1_000])}))


@pytest.mark.parametrize(
    "identifiers",
    [
        ["ALM-10031521", "06 39 98 12 34", "Élodie", "élodie", None, "a", "ﬁn", "&eacute;ric &", "<b>Kerbrat</b>"],
        ["un 2 3 4 5 6 7 8 9 10 11 12", "un 2 3 4 5 6 7 8 9 10 11 12 13", "3 bis, rue de la Loire ; 49000 ANGERS"],
        [
            "à 2 3 4 5 6 7 8 9 10 11 12 13",
            "à é ù 4 5 6 7 8 9 10 11 à 13",
            "12 allée des Tilleuls, Trélazé",
            "e\u0301lodie",
        ],
        list("àâäáãåçéèêëìíîïñòóôõöùúûüýÿÀÂÄÁÃÅÇÉÈÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸœŒæßøİ"),
        [],
    ],
)
def test_a_column_is_folded_as_each_of_its_identifiers_is(identifiers: list[str | None]) -> None:
    together = fold_column(pa.array(identifiers, pa.string())).to_pylist()
    assert set(together) == {folded(one) for one in identifiers if one is not None}
    assert len(together) == len(set(together))


def test_a_set_at_rest_is_sorted_and_holds_each_once() -> None:
    key = secrets.token_bytes(32)
    known = KnownIdentifiers(key)
    for _ in range(2):
        known.add(["Kerbrat", "kerbrat", "Lefèvre"])
    whole = known.members()
    assert [whole[:16], whole[16:]] == sorted({whole[:16], whole[16:]})
    assert KnownIdentifiers(key).members() == b""


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KnownIdentifiers(b"short")
