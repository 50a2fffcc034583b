"""The annotated texts' format: what is read, and what is refused with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation.corpus import CorpusError, Document, Entity, annotated, load, parse


def _write(folder: Path, content: str | bytes, name: str = "01-message.txt") -> Path:
    half = folder / "development"
    half.mkdir(exist_ok=True)
    (half / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_marks_are_removed_and_offsets_are_those_of_the_text_left() -> None:
    text, entities = annotated("Né le [[NAISSANCE|1er mars 1980]], 😀 [[NOM|Zoé]]\n[[NOM|É]].", 1, "f")
    assert text == "Né le 1er mars 1980, 😀 Zoé\nÉ."
    assert entities == (Entity(6, 19, "NAISSANCE"), Entity(23, 26, "NOM"), Entity(27, 28, "NOM"))
    assert [text[one.start : one.end] for one in entities] == ["1er mars 1980", "Zoé", "É"]


def test_a_file_holds_several_texts(tmp_path: Path) -> None:
    _write(tmp_path, "# a1 message\nBonjour [[NOM|Ana]]\n\nMerci\n\n---\n# a2 note\nRien.\n")
    assert load("development", tmp_path) == [
        Document("a1", "message", "Bonjour Ana\n\nMerci", (Entity(8, 11, "NOM"),)),
        Document("a2", "note", "Rien.", ()),
    ]


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("a\n[[NOMS|Ana]]", 3, "unknown type NOMS"),
        ("[[Ana]]", 2, "unknown type Ana"),
        ("a\nb\n[[NOM|Ana [[NOM|B]]]]", 4, "inside another"),
        ("[[NOM|]]", 2, "an empty entity"),
        ("[[NOM|  ]]", 2, "an empty entity"),
        ("[[NOM|Ana ]]", 2, "white space at the edge"),
        ("a\n\n[[NOM|Ana", 4, "never closed"),
        ("a\nAna]]", 3, "closes nothing"),
        ("\n\n[[NOM|]]", 4, "an empty entity"),
        ("e\u0301", 2, "not Unicode NFC"),
        ("a\r", 2, "carriage return"),
        ("  \n", 1, "no text"),
        ("a\n---\nb", 4, "is wanted"),
        ("a\n---\n", 5, "is wanted"),
        ("a\n---\n# x2 lettre\nb", 4, "unknown kind lettre"),
    ],
)
def test_what_is_not_in_the_format_is_refused_with_its_line(body: str, line: int, reason: str) -> None:
    with pytest.raises(CorpusError, match=rf"^f, line {line}: .*{reason}"):
        list(parse(f"# x1 message\n{body}", "f"))


def test_an_id_comes_once_in_a_half(tmp_path: Path) -> None:
    _write(tmp_path, "# a1 note\nun\n")
    _write(tmp_path, "# a2 note\nun\n---\n# a1 note\ndeux\n", "02-note.txt")
    with pytest.raises(CorpusError, match=r"^02-note\.txt, line 4: the id a1 comes twice"):
        load("development", tmp_path)


def test_other_files_and_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"^development: no text"):
        load("development", tmp_path)
    _write(tmp_path, b"# a1 note\nun\n" + "é".encode("latin-1"))
    with pytest.raises(CorpusError, match=r"^01-message\.txt, line 3: not UTF-8"):
        load("development", tmp_path)
    _write(tmp_path, "# a1 note\nun", "1-note.txt")
    (tmp_path / "development" / "01-message.txt").unlink()
    with pytest.raises(CorpusError, match="not named"):
        load("development", tmp_path)
