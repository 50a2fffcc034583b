"""The short word lists of `words/`: folded words (small letters, no accents), spaces between, comments after #."""

from __future__ import annotations

from pathlib import Path

WORDS = Path(__file__).resolve().parent / "words"


def word_list(name: str) -> frozenset[str]:
    """The words of a file of `words/`; lines that begin with # are comments."""
    lines = (WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
