"""Names, addresses and numbers made up at random, planted in reports: none remains."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.text import redact
from anonymization.text.plain import normalized, plain

_SYLLABLES = st.sampled_from(
    ("ba", "ker", "lou", "qui", "zan", "dor", "vre", "mi", "tchou", "gha", "wen", "fyr", "plo", "xia")
)
NAMES = st.lists(_SYLLABLES, min_size=3, max_size=4).map("".join)
CASES = st.sampled_from([str.lower, str.upper, str.title])
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
SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", " . ", "\u00a0"])


@given(NAMES, NAMES, CASES, TEMPLATES)
@settings(max_examples=120, deadline=None)
def test_no_name_remains(first: str, last: str, case: object, template: str) -> None:
    text = template.format(case(f"{first} {last}"))  # type: ignore[operator]
    folded = plain(normalized(redact(pa.array([text])).texts.to_pylist()[0]))
    assert first not in folded
    assert last not in folded


@given(st.sampled_from(["06", "07", "02", "+33 6", "+33(0)2", "0033 7"]), DIGITS, SEPARATORS, TEMPLATES)
@settings(max_examples=80, deadline=None)
def test_no_telephone_remains(prefix: str, pairs: list[int], separator: str, template: str) -> None:
    number = separator.join([prefix, *(f"{pair:02d}" for pair in pairs)])
    redacted = redact(pa.array([template.format(number)])).texts.to_pylist()[0]
    assert not any(sign.isdigit() for sign in redacted)


@given(
    st.integers(1, 999),
    st.sampled_from(["rue", "avenue", "bd", "allée", "impasse", "place", "chemin"]),
    st.sampled_from(["", "de la ", "du ", "des ", "d'"]),
    NAMES,
    CASES,
    TEMPLATES,
)
@settings(max_examples=80, deadline=None)
def test_no_address_remains(number: int, street: str, particle: str, name: str, case: object, template: str) -> None:
    address = case(f"{number} {street} {particle}{name}")  # type: ignore[operator]
    redacted = redact(pa.array([template.format(f"{address}, 49100 Angers")])).texts.to_pylist()[0]
    folded = plain(normalized(redacted))
    assert name not in folded
    assert not any(sign.isdigit() for sign in folded)
