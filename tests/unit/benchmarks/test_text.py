"""How the benchmark of text reads findings and shows figures; the systems themselves are not started."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pyarrow as pa
import pytest

from benchmarks import text as benchmark
from tests.evaluation.corpus import PEOPLE, STRUCTURED, Document, Entity

DOCUMENTS = [
    Document("a", "note", "Ana Roy, 06 11", (Entity(0, 7, "NOM"), Entity(9, 14, "TELEPHONE"))),
    Document("b", "note", "Rien", ()),
]


def test_findings_go_to_their_row_and_unknown_types_are_other() -> None:
    table = pa.table({"row": [1, 0], "start": [0, 9], "end": [4, 14], "type": ["LIEU", "NIR"]})
    assert benchmark.grouped(table, 3) == [[Entity(9, 14, "NIR")], [Entity(0, 4, "AUTRE")], []]


def test_presidio_names_become_annotated_types() -> None:
    assert set(benchmark.PRESIDIO_TYPES.values()) <= PEOPLE | STRUCTURED
    assert benchmark.OTHER not in PEOPLE | STRUCTURED


def test_figures_of_a_perfect_and_of_a_blind_system() -> None:
    perfect = benchmark.quality(DOCUMENTS, [list(document.entities) for document in DOCUMENTS])
    assert perfect[1].split() == ["NOM", "1", "1", *["1.000"] * 5]
    assert perfect[-3:] == [
        "  characters of personal data left: 0 of 10 (0.00%)",
        "  harmless characters masked: 0 of 4 (0.00%)",
        "  documents fully clean: 2 of 2 (100.0%)",
    ]
    blind = benchmark.quality(DOCUMENTS, [[], [Entity(0, 4, "AUTRE")]])
    assert blind[1].split() == ["NOM", "1", "0", "0.000", "0.000", "-", "0.000", "-"]
    assert blind[-3:] == [
        "  characters of personal data left: 10 of 10 (100.00%)",
        "  harmless characters masked: 4 of 4 (100.00%)",
        "  documents fully clean: 1 of 2 (50.0%)",
    ]


def test_errors_are_listed_both_ways() -> None:
    found = [[Entity(9, 11, "TELEPHONE"), Entity(0, 3, "NIR")], [Entity(0, 4, "NOM")]]
    assert [line.split() for line in benchmark.misses(DOCUMENTS, found)] == [
        ["a", "-", "NOM", "'Ana", "Roy'"],
        ["a", "+", "NIR", "'Ana'"],
        ["b", "+", "NOM", "'Rien'"],
    ]


def test_texts_for_the_speed_are_distinct() -> None:
    assert len(set(benchmark.lengthened(["a", "b"], 5))) == 10


def test_errors_of_the_test_half_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["text", "--half", "test", "--misses"])
    with pytest.raises(SystemExit, match="2"):
        benchmark.main()


def test_an_unknown_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["text", "--systems", "ours,theirs"])
    with pytest.raises(SystemExit, match="2"):
        benchmark.main()


def test_figures_and_speeds_are_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    read: list[int] = []

    def blind(texts: Sequence[str]) -> benchmark.Findings:
        read.append(len(texts))
        return [[] for _ in texts]

    monkeypatch.setitem(benchmark.SYSTEMS, "ours", lambda _: blind)
    monkeypatch.setattr(sys, "argv", ["text", "--systems", "ours", "--repeats", "2"])
    benchmark.main()
    printed = capsys.readouterr().out
    assert read == [300, 600]
    assert "documents fully clean: 91 of 300" in printed
    assert "speed over 600 distinct texts" in printed
