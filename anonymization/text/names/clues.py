"""What is said around a name: titles, roles, the phrases that introduce one, initials, the end of a letter, a number
to call.

Each clue raises the words that follow it (or that end the text) as far as they look like a name; how far depends on
the clue: after « Mme » almost anything is one, after « ma voisine » it must look like one.
"""

from __future__ import annotations

import re

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
    OPENER,
    ORDINARY,
    PARTICLE,
    ROLE,
    TITLE_WORD,
)
from anonymization.text.names.scan import INITIAL, LIKELY, LOWER, NEAR, SURE, TITLE, UPPER, Scan, Spans, first_at
from anonymization.text.recognizers.titles import CLOSING, LABEL, OWNED, PET, PLACED_ROLES, SLOT
from anonymization.text.vocabulary import Vocabulary

_END_OF_TEXT = 70  # signs: a longer end is not a signature
_FIRST_GAP = re.compile(r"\.?\s{0,2}(?:[:=]\s?)?[«\"“(]?\s?|,\s|\s?:\s|\s?\(")
_NEXT_GAP = re.compile(r"[ \t]{1,2}|-|'|\.\s?")
_BESIDE_CONTACT = re.compile(r"\s{0,2}[:,(–—-]?\s{0,2}|\s?(?::\s)?(?:au|tel\.?)\s?:?\s?|[).,]?\s")
_ENDS_OTHERWISE = re.compile(r"[!?;:\d@/]|\w{3}\.\s")
_M = frozenset({"m", "mm", "me"})


def follow_clues(scan: Scan, vocabulary: Vocabulary, contacts: Spans) -> None:
    """Raise the words that titles, roles, phrases, initials, signatures and contacts speak for."""
    _titles(scan, vocabulary)
    if scan.any & OPENER:
        _phrases(scan, vocabulary)
    _last_line(scan, vocabulary)
    for start, end in contacts:
        _contact(scan, start, end)


def _titles(scan: Scan, vocabulary: Vocabulary) -> None:
    words = scan.words
    clues = TITLE_WORD | ROLE
    shapes = scan.shapes
    for index in [place for place, flag in enumerate(scan.flags) if flag & clues or shapes[place] == INITIAL]:
        flag = scan.flags[index]
        if flag & TITLE_WORD:
            if words.plains[index] not in _M or _is_m(scan, index):
                _after(scan, vocabulary, index + 1, SURE, "titre", strict=False)
        elif flag & ROLE:
            placed = (
                words.plains[index] in PLACED_ROLES
                and index + 1 < len(words)
                and words.plains[index + 1] in ("de", "du", "des")
            )
            if not placed:
                _after(scan, vocabulary, index + 1, LIKELY, "rôle", strict=True)
        if scan.shapes[index] == INITIAL:
            _initial(scan, index)


def _phrases(scan: Scan, vocabulary: Vocabulary) -> None:
    words, plain = scan.words, scan.reading.plain
    for index in [place for place, flag in enumerate(scan.flags) if flag & OPENER]:
        start = words.starts[index]
        for phrases, strict in ((SLOT, True), (OWNED, True), (LABEL, False)):
            phrase = phrases.match(plain, start)
            if phrase and not PET.search(plain[max(0, start - 24) : start]):
                _after(
                    scan,
                    vocabulary,
                    first_at(words, phrase.end()),
                    LIKELY,
                    "formule",
                    strict=strict,
                    start=phrase.end(),
                )
        if len(plain) - start <= _END_OF_TEXT * 4 and (closing := CLOSING.match(plain, start)):
            place = first_at(words, closing.end())
            if place < len(words) and words.starts[place] <= closing.end() + 3:
                _after(scan, vocabulary, place, LIKELY, "signature", strict=True, start=closing.end())
                if _ends_text(scan, place):
                    _signed(scan, vocabulary, place)


def _is_m(scan: Scan, index: int) -> bool:
    """« M. » or « Me » before a name, and not « 10 m. »."""
    word, reading = scan.words[index], scan.reading
    if index + 1 >= len(scan.shapes):
        return False
    following, flag = scan.shapes[index + 1], scan.flags[index + 1]
    if word.plain == "me":
        return scan.shapes[index] == TITLE and following != LOWER
    before = reading.plain[max(0, word.start - 2) : word.start].strip()
    if before[-1:].isdigit() or before[-1:] == "'" or reading.plain[word.end : word.end + 1] == "'":
        return False
    if following != LOWER and not scan.shouted:
        return reading.cased[word.start].isupper()
    return not flag & FUNCTION and bool(flag & FAMILY_COMMON or (flag & (FAMILY | FIRST) and not flag & ORDINARY))


def _initial(scan: Scan, index: int) -> None:
    """« J. Pineau », « M.-L. Rabouin »."""
    words, place = scan.words, index
    while place + 1 < len(words) and scan.shapes[place] == INITIAL:
        if scan.gap(place, place + 1) not in (".", ". ", ".-", "-"):
            return
        place += 1
    flag, shape = scan.flags[place], scan.shapes[place]
    if place == index or not (shape == TITLE or (shape == UPPER and (not scan.shouted or flag & FAMILY))):
        return
    before = scan.reading.plain[max(0, words.starts[index] - 6) : words.starts[index]].rstrip()[-1:]
    alone = words.plains[index] in ("m", "n") and place == index + 1
    if alone or before.isdigit() or scan.placed[place] or flag & ROLE or (flag & FUNCTION and not flag & FAMILY):
        return
    for one in range(index, place + 1):
        scan.raise_to(one, LIKELY, "initiale et nom")


def _after(
    scan: Scan, vocabulary: Vocabulary, index: int, score: float, reason: str, *, strict: bool, start: int | None = None
) -> None:
    """Raise the name that begins with the word `index`, right after the clue; `strict` asks it to look like a name."""
    words, plain = scan.words, scan.reading.plain
    begin = words.ends[index - 1] if start is None else start
    taken, particles = 0, list[int]()
    count = len(scan.flags)
    while index < count and taken < 4:
        flag = scan.flags[index]
        gap = plain[begin : words.starts[index]]
        inside = taken or (index > 0 and begin == words.ends[index - 1] and scan.flags[index - 1] & PARTICLE)
        if not (_NEXT_GAP if inside else _FIRST_GAP).fullmatch(gap):
            return
        if taken and gap.startswith(".") and scan.shapes[index - 1] != INITIAL:
            return
        if gap.startswith(",") and scan.shapes[index] == LOWER and not flag & FIRST:
            return
        if flag & PARTICLE and not (scan.shapes[index] == TITLE and flag & FAMILY and not flag & FUNCTION):
            if not scan.leads_to_name(index):
                return
            particles += [] if strict else [index]
        elif not (flag & TITLE_WORD and not taken) and _nameable(
            scan, vocabulary, index, strict=strict, first=not taken
        ):
            scan.placed[index] = scan.placed[index] and strict
            for place in (*particles, index):
                scan.raise_to(place, score, reason)
            particles.clear()
            taken += 1
        else:
            return
        begin, index = words.ends[index], index + 1


def _nameable(scan: Scan, vocabulary: Vocabulary, index: int, *, strict: bool, first: bool) -> bool:
    """Whether the word may be part of a name that a clue announces."""
    flag, shape, word = scan.flags[index], scan.shapes[index], scan.words.plains[index]
    if scan.placed[index] and strict:
        return False
    if shape == INITIAL:
        end = scan.words.ends[index]
        dotted = scan.reading.cased[end : end + 1] == "."
        return not scan.shouted and word != "m" and (not first or dotted)
    if flag & (FUNCTION | OFFICE) or (flag & NOT_NAME and (strict or not first)) or (flag & BRAND and strict):
        return False
    if strict and shape == UPPER and len(word) < 4 and not flag & (FIRST | FAMILY):
        return False
    if scan.capital(index):
        named = bool(flag & (FIRST | FIRST_WORD | FAMILY_COMMON))
        return named or not strict or not (flag & COMMUNE or (first and flag & ORDINARY))
    if flag & FIRST:
        return True
    if flag & ORDINARY:
        return not strict and first and bool(flag & (FIRST_WORD | FAMILY_COMMON))
    if flag & FAMILY and (not strict or flag & FAMILY_COMMON):
        return True
    return (not strict and first) or not vocabulary.mistyped(word)


def _last_line(scan: Scan, vocabulary: Vocabulary) -> None:
    """The few words after the last sentence, if they can be a signature."""
    plain = scan.reading.plain
    last = max(plain.rfind(end, max(0, len(plain) - _END_OF_TEXT)) for end in ("\n", ". ", "! ", "? ", ", ", "- "))
    if last >= 0:
        place = first_at(scan.words, last + 1)
        if place < len(scan.words) and _ends_text(scan, place):
            _signed(scan, vocabulary, place)


def _ends_text(scan: Scan, place: int) -> bool:
    """Whether at most four words are left, and no other sentence or number."""
    return len(scan.words) - place <= 4 and not _ENDS_OTHERWISE.search(scan.reading.plain, scan.words.starts[place])


def _signed(scan: Scan, vocabulary: Vocabulary, place: int) -> None:
    """Raise the words from `place` to the end, if all may be of a name and one is likely to be."""
    likely = False
    for index in range(place, len(scan.flags)):
        flag = scan.flags[index]
        if scan.placed[index] or flag & NOT_NAME or (flag & (FUNCTION | BRAND) and not flag & PARTICLE):
            return
        if scan.shapes[index] == LOWER and flag & ORDINARY and not flag & (FAMILY | PARTICLE):
            return
        likely = likely or _signs(scan, vocabulary, index)
    for index in range(place, len(scan.flags)):
        if likely and (not scan.flags[index] & PARTICLE or scan.shapes[index] == INITIAL):
            scan.raise_to(index, 0.65, "signature")


def _signs(scan: Scan, vocabulary: Vocabulary, index: int) -> bool:
    flag, shape = scan.flags[index], scan.shapes[index]
    if flag & COMMUNE and not flag & (FIRST | FAMILY_COMMON):
        return False
    if flag & FIRST or (flag & FIRST_WORD and shape != LOWER):
        return True
    if flag & ORDINARY:
        return bool(flag & FAMILY_COMMON) and shape == TITLE
    if flag & FAMILY:
        return shape in (TITLE, UPPER)
    return shape == TITLE and not vocabulary.mistyped(scan.words.plains[index])


def _contact(scan: Scan, start: int, end: int) -> None:
    """« GUYOMARD 06… », « Chevrier : 06… », « 06… Chevrier »."""
    words, plain = scan.words, scan.reading.plain
    before, after = first_at(words, start) - 1, first_at(words, end)
    if before >= 0 and _BESIDE_CONTACT.fullmatch(plain, words.ends[before], start):
        _by_contact(scan, before)
    if after < len(words) and _BESIDE_CONTACT.fullmatch(plain, end, words.starts[after]):
        _by_contact(scan, after)


def _by_contact(scan: Scan, index: int) -> None:
    flag = scan.flags[index]
    if scan.placed[index] or flag & (FUNCTION | BRAND | NOT_NAME) or scan.shapes[index] == INITIAL:
        return
    strange = flag & (FIRST | FAMILY) and not flag & (ORDINARY | COMMUNE)
    previous = scan.flags[index - 1] if index else 0
    followed = flag & FIRST_WORD and previous & FAMILY and not previous & ORDINARY
    if strange or followed or (scan.capital(index) and flag & (FIRST | FIRST_WORD | FAMILY)):
        scan.raise_to(index, NEAR, "à côté d'un moyen de joindre")
