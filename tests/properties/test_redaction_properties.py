"""Names, addresses and numbers made up at random, planted in reports: none remains."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.text import redact
from anonymization.text.reading import read

_SYLLABLES = st.sampled_from(
    ("ba", "ker", "lou", "qui", "zan", "dor", "vre", "mi", "tchou", "gha", "wen", "fyr", "plo", "xia")
)
NAMES = st.lists(_SYLLABLES, min_size=3, max_size=4).map("".join)
Case = Callable[[str], str]
CASES: st.SearchStrategy[Case] = st.sampled_from([str.lower, str.upper, str.title])
TEMPLATES = st.sampled_from(
    [
        "Bonjour, {} gare sa voiture sur le trottoir tous les soirs.",
        "le chien de {} aboie toute la nuit",
        "LE LAMPADAIRE DEVANT CHEZ {} EST CASSE",
        "Voir avec Mme {} (gardienne) pour les clés",
        "La poubelle déborde.\nCordialement\n{}",
        "{} a déjà signalé la panne deux fois",
        "d'après {}, le banc est cassé depuis lundi",
        "contact : {}",
    ]
)
DIGITS = st.lists(st.integers(0, 99), min_size=4, max_size=4)
PREFIXES = st.sampled_from(["06", "07", "02", "+33 6", "+33(0)2", "0033 7"])
STREETS = st.sampled_from(
    ["rue", "rue de la", "avenue du", "bd", "allée des", "impasse", "place du", "chemin de", "rue du four à"]
)
SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", " . ", "\u00a0"])


def _redacted(texts: list[str]) -> list[str]:
    return [read(text).plain for text in redact(pa.array(texts)).texts.to_pylist()]


@given(st.lists(st.tuples(NAMES, NAMES, CASES, TEMPLATES), min_size=10, max_size=10))
@settings(max_examples=12, deadline=None)
def test_no_name_remains(cases: list[tuple[str, str, Case, str]]) -> None:
    texts = [template.format(case(f"{first} {last}")) for first, last, case, template in cases]
    for (first, last, *_), redacted in zip(cases, _redacted(texts), strict=True):
        assert first not in redacted
        assert last not in redacted


@given(st.lists(st.tuples(PREFIXES, DIGITS, SEPARATORS, TEMPLATES), min_size=10, max_size=10))
@settings(max_examples=10, deadline=None)
def test_no_telephone_remains(cases: list[tuple[str, list[int], str, str]]) -> None:
    texts = [
        template.format(separator.join([prefix, *(f"{pair:02d}" for pair in pairs)]))
        for prefix, pairs, separator, template in cases
    ]
    for redacted in _redacted(texts):
        assert not any(sign.isdigit() for sign in redacted)


@given(st.lists(st.tuples(st.integers(1, 999), STREETS, NAMES, CASES, TEMPLATES), min_size=10, max_size=10))
@settings(max_examples=10, deadline=None)
def test_no_address_remains(cases: list[tuple[int, str, str, Case, str]]) -> None:
    texts = [
        template.format(case(f"{number} {street} {name}") + ", 49100 Angers")
        for number, street, name, case, template in cases
    ]
    for (_, _, name, *_), redacted in zip(cases, _redacted(texts), strict=True):
        assert name not in redacted
        assert not any(sign.isdigit() for sign in redacted)
