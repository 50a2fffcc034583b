"""Texts as they come: huge, broken, marked up, in other scripts, many; and dictionaries or models that are missing."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from anonymization.errors import TextModelError
from anonymization.text import RedactionSettings, detect, redact

PATTERNS = RedactionSettings(model=None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ã‰crire Ã\u00a0 M. LefÃ¨vre", "Ã‰crire Ã\u00a0 M. <NOM>"),
        ("M. Lef\ufffdvre attend", "M. <NOM> attend"),
        ("M. Lefe\u0300vre attend", "M. <NOM> attend"),
        ("M. Lef&egrave;vre<br>06&nbsp;39&nbsp;98&nbsp;12&nbsp;34", "M. <NOM><br><TELEPHONE>"),
        ('<a href="mailto:lou@boite.example">écrire</a>', '<a href="mailto:<COURRIEL>">écrire</a>'),
        ("😀😀 Mme Kerbrat 😡 06 39 98 12 34 👍🏽", "😀😀 Mme <NOM> 😡 <TELEPHONE> 👍🏽"),
        ("شكرا جزيلا 06 39 98 12 34", "شكرا جزيلا <TELEPHONE>"),
        ("\u202eMme Kerbrat\u202c attend", "\u202eMme <NOM> attend"),
        ("M. Du\u200dpont", "M. <NOM>"),
        ("０６ ３９ ９８ １２ ３４", "<TELEPHONE>"),
        ("", ""),
        ("\x00\x01 rien", "\x00\x01 rien"),
    ],
)
def test_odd_texts(text: str, left: str) -> None:
    assert redact(pa.array([text]), PATTERNS).texts.to_pylist() == [left]


@pytest.mark.parametrize("piece", ["Le banc. ", "1 ", "a", "Martin ", "@", "12 rue ", "né le ", "(((", "0 6 "])
def test_no_text_is_slow_to_read(piece: str) -> None:
    """Time grows with the length of a text, whatever is repeated in it."""
    text = piece * (40_000 // len(piece)) + " Mme Kerbrat, 06 39 98 12 34"
    started = time.process_time()
    found = {hit.kind for hit in detect([text], PATTERNS)[0]}
    assert "TELEPHONE" in found
    assert time.process_time() - started < 20


def test_each_distinct_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from anonymization.text.detector import Detector

    read: list[int] = []
    whole = Detector.detect

    def counted(self: Detector, texts: list[str]) -> object:
        read.append(len(texts))
        return whole(self, texts)

    monkeypatch.setattr(Detector, "detect", counted)
    column = pa.chunked_array([["Mme Kerbrat", None, "rien"], ["Mme Kerbrat"] * 1_000])
    result = redact(column, PATTERNS)
    assert sum(read) == 2
    assert result.texts.to_pylist() == ["Mme <NOM>", None, "rien", *["Mme <NOM>"] * 1_000]
    assert result.findings.num_rows == 1_001


def test_several_processes_answer_as_one_does() -> None:
    texts = [f"Mme Kerbrat a vu le {number}, 06 39 98 12 {number % 100:02d}" for number in range(4_100)]
    alone = redact(pa.array(texts), PATTERNS)
    apart = redact(pa.array(texts), RedactionSettings(model=None, workers=2))
    assert apart.texts.equals(alone.texts)
    assert apart.findings.equals(alone.findings)


def test_a_model_that_is_missing_stops_it_rather_than_finding_less() -> None:
    with pytest.raises(TextModelError, match="no_such_model"):
        redact(pa.array(["rien"]), RedactionSettings(model="no_such_model"))
    with pytest.raises(TextModelError, match="no_such_model"):
        redact(pa.array(["rien"]), RedactionSettings(model=None, lexicon="no_such_model"))
