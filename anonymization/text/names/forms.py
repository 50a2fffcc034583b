"""What a word is by itself: a first name, a family name with a capital, two words side by side that nothing knows.

A first name that is no ordinary word is enough, in any case; Rose or Pierre want a capital; a family name wants one
inside a sentence. What stays doubtful is listed, for the language model to have its say: it can confirm, and hardly
ever forbids.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from anonymization.text.flags import (
    BRAND,
    COMMUNE,
    FAMILY,
    FAMILY_COMMON,
    FIRST,
    FIRST_WORD,
    FREQUENT_FIRST,
    FUNCTION,
    NOT_NAME,
    OFFICE,
    ORDINARY,
    PARTICLE,
    RARE_FIRST,
)
from anonymization.text.names.scan import INITIAL, LIKELY, LOWER, NEAR, POSSIBLE, TITLE, UPPER, Scan
from anonymization.text.vocabulary import Vocabulary

_LISTED = 0.45
_MOST_STRANGERS = 6
_NOBODY = FUNCTION | BRAND | NOT_NAME | OFFICE
_SIDE_BY_SIDE = "deux mots inconnus qui se suivent"


def judge_forms(scan: Scan, vocabulary: Vocabulary) -> None:
    """Raise the words that are names by themselves; list those that may be."""
    if scan.any & (FIRST | FIRST_WORD):
        _first_names(scan, vocabulary)
    _capitals(scan, vocabulary)
    _strangers(scan, vocabulary)


def doubtful(scan: Scan) -> list[int]:
    """The words that the model could still make a name, or unmake."""
    return sorted({index for index in scan.doubtful if scan.score[index] <= POSSIBLE})


def heed(scan: Scan, seen: Sequence[tuple[int, int, str]]) -> None:
    """What the model found, as (start, end, label), weighed for the doubtful words only."""
    words = scan.words
    for index in doubtful(scan):
        label = next((name for start, end, name in seen if start <= words.starts[index] < end), None)
        if label == "PER":
            scan.score[index] = max(scan.score[index], min(0.85, scan.score[index] + 0.3))
            scan.reason[index] += ", confirmé par le modèle"
        elif label is not None and scan.score[index] <= POSSIBLE and scan.reason[index] != _SIDE_BY_SIDE:
            scan.score[index] -= 0.15 if label == "LOC" else 0.05


def _first_names(scan: Scan, vocabulary: Vocabulary) -> None:
    for index, flag in enumerate(scan.flags):
        if not flag & (FIRST | FIRST_WORD) or flag & _NOBODY or scan.placed[index]:
            continue
        if flag & FIRST:
            if not (flag & COMMUNE and flag & RARE_FIRST) and not _participle(scan, index):
                _first_name(scan, vocabulary, index, flag)
        elif scan.shapes[index] == TITLE and not scan.shouted and (not scan.opens[index] or flag & FREQUENT_FIRST):
            scan.raise_to(index, _LISTED if scan.opens[index] else 0.55, "prénom qui est aussi un mot")
            scan.doubtful.append(index)


def _first_name(scan: Scan, vocabulary: Vocabulary, index: int, flag: int) -> None:
    if scan.capital(index):
        scan.raise_to(index, POSSIBLE if flag & RARE_FIRST else LIKELY, "prénom")
        if flag & RARE_FIRST:
            scan.doubtful.append(index)
    elif flag & FREQUENT_FIRST:
        scan.raise_to(index, NEAR, "prénom")
    elif not flag & RARE_FIRST and not vocabulary.mistyped(scan.words.plains[index]):
        scan.raise_to(index, POSSIBLE, "prénom")


def _participle(scan: Scan, index: int) -> bool:
    """« le marié »: an accent that folding took away."""
    if scan.words.plains[index] != "marie" or scan.shapes[index] != LOWER:
        return False
    word, reading = scan.words[index], scan.reading
    return reading.text[reading.place(word.start, word.end)[1] - 1] != "e"


def _capitals(scan: Scan, vocabulary: Vocabulary) -> None:
    for index, shape in enumerate(scan.shapes):
        if shape in (LOWER, INITIAL):
            continue
        flag, plain = scan.flags[index], scan.words.plains[index]
        if scan.placed[index] or scan.score[index] >= POSSIBLE or flag & _NOBODY or len(plain) < 3:
            continue
        if flag & COMMUNE and not flag & FAMILY_COMMON:
            continue
        if not scan.shouted:
            _capital(scan, index, flag, shape)
        elif flag & FAMILY_COMMON and not flag & (ORDINARY | COMMUNE) and not vocabulary.mistyped(plain):
            scan.raise_to(index, _LISTED, "nom de famille")


def _capital(scan: Scan, index: int, flag: int, shape: int) -> None:
    """A word with a capital that is no first name."""
    if shape == UPPER:
        _family_in_capitals(scan, index, flag)
    elif flag & ORDINARY:
        if flag & FAMILY and not scan.opens[index]:
            scan.raise_to(index, 0.2, "nom de famille qui est aussi un mot")
            scan.doubtful.append(index)
    elif not scan.opens[index]:
        score = POSSIBLE if flag & FAMILY_COMMON else 0.4 if flag & FAMILY else 0.35
        scan.raise_to(index, score, "nom propre")
        scan.doubtful.append(index)
    elif flag & FAMILY or not _abbreviated(scan, index):
        scan.raise_to(index, 0.35 if flag & FAMILY_COMMON else 0.25, "mot inconnu avec une capitale")
        scan.doubtful.append(index)


def _abbreviated(scan: Scan, index: int) -> bool:
    end = scan.words.ends[index]
    return end - scan.words.starts[index] <= 5 and scan.reading.plain[end : end + 1] == "."


def _family_in_capitals(scan: Scan, index: int, flag: int) -> None:
    """« DUPONT », « LE ROUX », in a text that is not in capitals."""
    if not flag & FAMILY:
        return
    particle = (
        index > 0
        and scan.flags[index - 1] & PARTICLE
        and scan.shapes[index - 1] == UPPER
        and scan.gap(index - 1, index) == " "
    )
    if flag & ORDINARY:
        for place in (index - 1, index) if particle else ():
            scan.raise_to(place, NEAR, "nom de famille en capitales")
    elif len(scan.words.plains[index]) >= 4:
        scan.raise_to(index, NEAR if flag & FAMILY_COMMON else _LISTED, "nom de famille en capitales")
        scan.doubtful.append(index)


def _strangers(scan: Scan, vocabulary: Vocabulary) -> None:
    """Two words side by side that nothing knows: more likely a name than two mistakes, except in another language."""
    words, known = scan.words, ORDINARY | FUNCTION | BRAND | COMMUNE
    unknown = [index for index, flag in enumerate(scan.flags) if not flag & known and not scan.placed[index]]
    strange = [index for index in unknown if len(words.plains[index]) > 3 and words.plains[index].isascii()]
    if not 2 <= len(strange) <= _MOST_STRANGERS:
        return
    for one, two in itertools.pairwise(strange):
        if two != one + 1 or scan.gap(one, two) != " ":
            continue
        if not scan.shouted and scan.shapes[one] != scan.shapes[two]:
            continue
        if not all(vocabulary.mistyped(words.plains[index]) for index in (one, two)):
            scan.raise_to(one, _LISTED, _SIDE_BY_SIDE)
            scan.raise_to(two, _LISTED, _SIDE_BY_SIDE)
