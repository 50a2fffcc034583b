"""Sentences in which what stands between braces is an identifier, after its kind; what the detector makes of them."""

from __future__ import annotations

import re

from anonymization.text import RedactionSettings, detect

PATTERNS = RedactionSettings(model=None)
MARK = re.compile(r"\{(\w+)\|(.*?)\}")


def wanted(marked: list[str]) -> dict[str, list[tuple[str, str]]]:
    """What shall be found in each text."""
    return {MARK.sub(r"\2", each): MARK.findall(each) for each in marked}


def shaped(texts: list[str]) -> dict[str, list[tuple[str, str]]]:
    """What is found in each text, but names of people."""
    found = detect(texts, PATTERNS)
    return {
        text: [(hit.kind, text[hit.start : hit.end]) for hit in hits if hit.kind != "NOM"]
        for text, hits in zip(texts, found, strict=True)
    }


def births(texts: list[str]) -> dict[str, list[str]]:
    """The dates of birth that are found in each text."""
    found = detect(texts, PATTERNS)
    return {
        text: [text[hit.start : hit.end] for hit in hits if hit.kind == "NAISSANCE"]
        for text, hits in zip(texts, found, strict=True)
    }
