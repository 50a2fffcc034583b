"""The kept table of words: the same as its sources say, and never used when it does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymization.errors import TextModelError
from anonymization.text import gazetteers, packed

WORDS = {"rose": 10, "kerbrat": 16, "place": 65538, "œuf": 2, "saint-jean": 64, "le": 3}
KEY = b"k" * 32
LEXICON = "fr_core_news_md"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the table is kept, apart from the package; it is made of a few words, and says when it is made."""
    source = tmp_path / "source.txt"
    source.write_text("rose")
    monkeypatch.setattr(packed, "_path", lambda lexicon: tmp_path / "made" / f"{lexicon}.words")
    monkeypatch.setattr(gazetteers, "sources", lambda _: [source])
    monkeypatch.setattr(gazetteers, "build", lambda _: (tmp_path / "count").open("a").write("x") and dict(WORDS))
    return tmp_path


def made(folder: Path) -> int:
    return len((folder / "count").read_text())


def test_the_kept_table_is_what_the_sources_say() -> None:
    packed.table(LEXICON)
    assert packed.table(LEXICON) == gazetteers.build(LEXICON)


def test_a_table_is_read_back_as_it_was() -> None:
    assert packed.unpacked(packed.packed(WORDS, KEY), KEY) == WORDS


def test_it_is_made_once(kept: Path) -> None:
    assert [packed.table("fr") for _ in range(3)] == [WORDS] * 3
    assert made(kept) == 1
    assert [path.name for path in (kept / "made").iterdir()] == ["fr.words"]


def test_another_source_makes_another_table(kept: Path) -> None:
    packed.table("fr")
    (kept / "source.txt").write_text("Rose")
    assert packed.table("fr") == WORDS
    assert made(kept) == 2


@pytest.mark.parametrize("place", [0, 20, 50, 80, -1])
def test_an_altered_file_is_not_used(kept: Path, place: int) -> None:
    packed.table("fr")
    path = kept / "made" / "fr.words"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert packed.table("fr") == WORDS
    assert made(kept) == 2
    assert packed.table("fr") == WORDS
    assert made(kept) == 2


@pytest.mark.parametrize("length", [0, 5, 60])
def test_a_cut_file_is_not_used(kept: Path, length: int) -> None:
    packed.table("fr")
    path = kept / "made" / "fr.words"
    path.write_bytes(path.read_bytes()[:length])
    assert packed.table("fr") == WORDS
    assert made(kept) == 2


def test_where_nothing_can_be_kept_it_is_made_each_time(kept: Path) -> None:
    (kept / "made").write_text("no folder")
    assert [packed.table("fr"), packed.table("fr")] == [WORDS] * 2
    assert made(kept) == 2


def test_a_kept_table_does_not_hide_a_missing_source(kept: Path) -> None:
    packed.table("fr")
    (kept / "source.txt").unlink()
    with pytest.raises(TextModelError, match=r"source\.txt"):
        packed.table("fr")
