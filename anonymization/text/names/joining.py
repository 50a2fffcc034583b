"""From words to names: what stands beside a sure name is part of it, or one more; words are then joined into spans."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anonymization.text.flags import (
    BRAND,
    COMMUNE,
    FAMILY,
    FAMILY_COMMON,
    FIRST,
    FIRST_WORD,
    FUNCTION,
    NOT_NAME,
    OFFICE,
    ORDINARY,
    PARTICLE,
    ROLE,
    TITLE_WORD,
)
from anonymization.text.hit import Hit
from anonymization.text.lists import word_list
from anonymization.text.names.scan import INITIAL, LOWER, NAME, NEAR, TITLE, UPPER, Scan, Spans
from anonymization.text.recognizers.titles import NAME_PARTICLES
from anonymization.text.vocabulary import Vocabulary

SURELY = 0.6  # a name that the model would not unmake
_LISTED = 0.45
_TIGHT = frozenset({" ", "  ", "\t", "-", "'"})
_ENUMERATED = re.compile(r",\s|\s(?:et|ou|puis|&|\+)\s|\s?/\s?|\s\+\s")
_AND = frozenset({"et", "ou", "puis"})
_PARTICLES_BETWEEN = re.compile(rf"[\s']((?:(?:{'|'.join(sorted(NAME_PARTICLES))})[\s']{{1,2}}){{1,3}})")
_COMMON_NAMES = word_list("family_names")  # ordinary words, and family names beside a first name even in small letters
_BESIDE = "à côté d'un nom"


def spread(scan: Scan, vocabulary: Vocabulary, least: float = NAME) -> None:
    """Raise what stands beside the names found so far with at least this score."""
    if max(scan.score) < least:
        return
    _enumerate(scan)
    for index in [place for place, score in enumerate(scan.score) if score >= least]:
        _walk(scan, vocabulary, index, 1)
        _walk(scan, vocabulary, index, -1)


def join(scan: Scan, recognizer: str, known: Spans) -> Iterator[Hit]:
    """Yield the spans of words that are one name; `known`: of people everyone may name, unless a title precedes."""
    start = end = -1
    score, reason = 0.0, ""
    for index in [place for place, value in enumerate(scan.score) if value > 0]:
        value, begins, ends = scan.score[index], scan.words.starts[index], scan.words.ends[index]
        if scan.reason[index] != "titre" and any(low <= begins and ends <= high for low, high in known):
            continue
        if start >= 0 and (value >= NAME) == (score >= NAME) and _linked(scan, index, end):
            end, score = ends, max(score, value)
            continue
        if start >= 0:
            yield Hit("NOM", start, _dotted(scan, end), min(score, 0.95), recognizer, reason)
        start, end, score, reason = begins, ends, value, scan.reason[index]
    if start >= 0:
        yield Hit("NOM", start, _dotted(scan, end), min(score, 0.95), recognizer, reason)


def _enumerate(scan: Scan) -> None:
    """In a list of names, a capital that nothing forbids is one more."""
    words, plain = scan.words, scan.reading.plain
    scores = scan.score
    for index in range(1, len(words)):
        if scores[index] < _LISTED and scores[index - 1] < _LISTED and (index < 2 or scores[index - 2] < _LISTED):
            continue
        before = index - 2 if words.plains[index - 1] in _AND else index - 1
        if before < 0 or (scan.score[before] < _LISTED) == (scan.score[index] < _LISTED):
            continue
        if not _ENUMERATED.fullmatch(plain, words.ends[before], words.starts[index]):
            continue
        other = index if scan.score[before] >= _LISTED else before
        flag = scan.flags[other]
        if scan.placed[other] or flag & (FUNCTION | BRAND):
            continue
        if (scan.score[other] >= 0.2 and not flag & (ORDINARY | COMMUNE)) or (flag & FIRST_WORD and before < index - 1):
            scan.raise_to(other, _LISTED, "dans une énumération de noms")


def _walk(scan: Scan, vocabulary: Vocabulary, anchor: int, step: int) -> None:
    """From a name to the words beside it, as far as they can be part of it."""
    words = scan.words
    last, place, steps = anchor, anchor + step, 0
    count = len(scan.flags)
    while 0 <= place < count and steps < 4:
        left, right = (last, place) if step > 0 else (place, last)
        gap = scan.gap(left, right)
        if gap not in _TIGHT and not (gap in (". ", ".") and scan.shapes[left] == INITIAL):
            return
        flag, shape = scan.flags[place], scan.shapes[place]
        if flag & PARTICLE and shape != INITIAL and (flag & FUNCTION or shape == LOWER):
            joins = step > 0 and scan.leads_to_name(place) and scan.reading.plain[words.starts[place] - 1] != "'"
            if not joins and not _in_name(scan, place, step):
                return
        elif words.plains[place] == "h" and gap == "'" and step > 0:
            scan.raise_to(place, NEAR, _BESIDE)
        elif scan.score[place] < NEAR:
            if not _beside(scan, vocabulary, place, step, anchor) and not _in_name(scan, place, step):
                return
            scan.raise_to(place, NEAR, _BESIDE)
        last, place, steps = place, place + step, steps + 1


def _beside(scan: Scan, vocabulary: Vocabulary, place: int, step: int, anchor: int) -> bool:
    """Whether the word is part of the name beside it."""
    flag, shape, word = scan.flags[place], scan.shapes[place], scan.words.plains[place]
    if scan.placed[place] or flag & (NOT_NAME | TITLE_WORD) or (flag & FUNCTION and shape != INITIAL):
        return False
    if shape == INITIAL:
        end = scan.words.ends[place]
        dotted = scan.reading.plain[end : end + 1] in (".", "-")
        return not scan.shouted and (step > 0 or (dotted and word != "m") or "-" in word)
    if flag & (ROLE | OFFICE) and step < 0 and not flag & FAMILY_COMMON:
        return False
    first = bool(scan.flags[anchor] & (FIRST | FIRST_WORD))
    if scan.capital(place):
        if step > 0:
            return True
        if scan.opens[place] and flag & ORDINARY:
            return bool(shape == UPPER or (flag & FAMILY_COMMON and word in _COMMON_NAMES)) and first
        return bool(flag & (FAMILY | FIRST | FIRST_WORD)) or not flag & ORDINARY
    if flag & ORDINARY:
        common = flag & FAMILY_COMMON and step > 0 and first and scan.shapes[anchor] == shape
        return bool(common) and (scan.shouted or word in _COMMON_NAMES)
    if flag & COMMUNE and not flag & FAMILY:
        return False
    if flag & (FAMILY | FIRST) and (step > 0 or scan.shouted):
        return True
    return not vocabulary.mistyped(word)


def _in_name(scan: Scan, place: int, step: int) -> bool:
    """« Hoàng Mai Phương », « Thiên Ân Lê »: a short word of grammar with a capital, in or at the end of a name."""
    if step < 0 or scan.shouted or scan.shapes[place] != TITLE or scan.placed[place]:
        return False
    if not scan.flags[place] & (FAMILY | FIRST_WORD):
        return False
    following = place + 1
    if following >= len(scan.words) or scan.gap(place, following) != " " or scan.shapes[following] in (LOWER, UPPER):
        scan.raise_to(place, NEAR, _BESIDE)
        return True
    if scan.shapes[following] == TITLE and scan.score[following] >= 0.25:
        scan.raise_to(place, NEAR, _BESIDE)
        return True
    return False


def _linked(scan: Scan, index: int, end: int) -> bool:
    """Whether word `index` continues the name that ends at `end`: only a space, a hyphen or particles between."""
    gap = scan.reading.plain[end : scan.words.starts[index]]
    if gap in _TIGHT:
        return True
    if gap in (".", ". ", ".-"):
        return scan.shapes[index - 1] == INITIAL
    return _PARTICLES_BETWEEN.fullmatch(gap) is not None


def _dotted(scan: Scan, end: int) -> int:
    """With the dot of a last initial: « Hervé B. »."""
    plain, cased = scan.reading.plain, scan.reading.cased
    alone = end == 1 or (end >= 2 and not plain[end - 2].isalpha())
    return end + 1 if alone and plain[end : end + 1] == "." and cased[end - 1].isupper() else end
