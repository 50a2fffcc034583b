"""The two developer guides as the tests read them: headings, and fenced blocks of code with their language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
FRENCH, ENGLISH = DOCS / "guide-developpeurs.md", DOCS / "developer-guide.md"
CARRIED = DOCS.parent / "catalog" / "ckanext" / "ckanext" / "ardoise" / "guides"  # what the catalogue shows
RUN = ("python", "js", "sh")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(#([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """One example."""

    language: str
    code: str


def blocks(guide: Path) -> list[Block]:
    """Return a guide's examples in order."""
    return [Block(*found) for found in _FENCE.findall(guide.read_text(encoding="utf-8"))]


def anchors(guide: Path) -> list[str]:
    """Return the anchors of a guide's headings, as forges make them."""
    headings = _HEADING.findall(_FENCE.sub("", guide.read_text(encoding="utf-8")))
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def contents(guide: Path) -> list[str]:
    """Return the anchors that a guide's table of contents leads to."""
    return _LINK.findall(guide.read_text(encoding="utf-8"))
