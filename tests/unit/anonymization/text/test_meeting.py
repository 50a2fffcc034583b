"""A known identifier in a text is somebody's; a word that somebody happens to be called is not."""

from __future__ import annotations

import secrets

import pyarrow as pa
import pytest

from anonymization.text.known import KnownIdentifiers, folded
from anonymization.text.leftovers import Leftover, leftovers, mask_leftovers
from anonymization.text.meeting import meets

PEOPLE = ("Petit", "Sauvage", "Martin", "Kerbrat", "Legrand", "Volney", "06 39 98 12 34", "3 rue Volney 49000 Angers")
PUBLIC = frozenset(map(folded, ("Saint-Martin-du-Fouilloux", "Angers", "Jean Petit")))


@pytest.fixture(scope="module")
def known() -> KnownIdentifiers:
    made = KnownIdentifiers(secrets.token_bytes(32))
    made.add(PEOPLE)
    return made


def streets(text: str) -> list[tuple[int, int]]:
    """A detector that takes « rue Volney » for a place, and an address for one too."""
    start = text.find("rue Volney")
    return [] if start < 0 else [(max(0, start - 2), len(text))]


def seen(known: KnownIdentifiers, text: str) -> bool:
    return meets(known, text, PUBLIC, streets)


@pytest.mark.parametrize(
    "text",
    [
        "kerbrat a rappelé",  # no word of the dictionary
        "chez M. Petit ce matin",  # a capital where no sentence begins
        "Petit",  # a label that is somebody's name
        "petit",
        "vu avec Legrand",
        "le portail de Martin est ouvert",
        "06.39.98.12.34",
        "au 3, rue Volney, 49000 ANGERS : portail cassé",  # an address is no place that bears a name
        "avec Sauvage, encore",
    ],
)
def test_somebody_is_met(known: KnownIdentifiers, text: str) -> None:
    assert seen(known, text)


@pytest.mark.parametrize(
    "text",
    [
        "un petit banc",
        "Petit banc cassé. Sauvage, ce dépôt !",  # a capital that any word would have
        "UN PETIT BANC CASSE",
        "le grand chêne menace",
        "à Saint-Martin-du-Fouilloux, près de l'église",
        "un trou rue Volney",
        "square Jean Petit",  # a public name, capitals and all
        "kerbra",
        "",
    ],
)
def test_a_word_like_any_other_is_nobody(known: KnownIdentifiers, text: str) -> None:
    assert not seen(known, text)


def test_marks_of_redaction_are_no_leftovers_and_hide_nothing() -> None:
    marked = ["carte <MAC>, IP <IP>.", "née en <NAISSANCE 1975>, <NOM k7vw2abcdefgh>", "<ADRESSE Angers>"]
    assert leftovers(pa.table({"texte": [marked[1], marked[2]]}), {}, ("Angers",)) == ()
    hidden = pa.table({"texte": ["<NOM 06 39 98 12 34>", "<NOM marie.lefevre@boite.example>"]})
    assert [found.kind for found in leftovers(hidden, {}, ())] == ["COURRIEL", "TELEPHONE"]
    assert leftovers(pa.table({"texte": ["carte <MAC> ici"]}), {}, ()) == ()


def test_what_the_check_would_find_is_masked_before_it_looks() -> None:
    texts = pa.array(["voir 06 39 98 12 34, ou Mme <NOM>", None, "rien", "voir 06 39 98 12 34, ou Mme <NOM>"])
    masked = mask_leftovers(texts, frozenset(), ())
    assert masked.to_pylist() == ["voir <TELEPHONE>, ou Mme <NOM>", None, "rien", "voir <TELEPHONE>, ou Mme <NOM>"]
    assert leftovers(pa.table({"texte": masked}), {}, ()) == ()
    held = mask_leftovers(texts, frozenset({"TELEPHONE"}), ())
    assert held.to_pylist() == texts.to_pylist()
    assert leftovers(pa.table({"texte": held}), {}, ()) == (Leftover("texte", "TELEPHONE", 1),)
