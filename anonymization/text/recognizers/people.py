"""Names of people, from three signals: the gazetteers, the words around, and the language model where these two leave a doubt.

Each word gets the weight of the best reason found for it; a capital counts where capitals are used, and nothing in a text
written in capitals. In order:

1. titles, roles, phrases (« Mme », « ma voisine », « je m'appelle », « signé ») and the end of a letter;
2. first names; those that are ordinary words (Rose, Pierre) need a capital, or a name beside them;
3. family names and unknown words with a capital; the model, if there is one, has its say on the doubtful ones only;
4. what stands beside a sure name: a family name, an initial, an unknown word, particles between.

A word inside the name of a place is never a person's; a place that follows a title is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from anonymization.text.hit import Hit
from anonymization.text.reading import Reading, Word
from anonymization.text.recognizers.titles import CLOSING, LABEL, NAME_PARTICLES, OFFICES, OWNED, PET, PET_NAME, PLACED_ROLES, ROLES, SLOT, TITLES
from anonymization.text.vocabulary import (
    BRAND,
    COMMUNE,
    FAMILY,
    FAMILY_COMMON,
    FIRST,
    FIRST_WORD,
    FREQUENT_FIRST,
    FUNCTION,
    ORDINARY,
    RARE_FIRST,
    Vocabulary,
    word_list,
)

_OPENS = re.compile(r"(?:^|[.!?…:;|]\s*|\n\s*|[«\"“(]\s*|[•*\-–—]\s+)$")
_NEAR = re.compile(r"[ \t]{1,2}|\s?[.,]\s?|\s?-\s?|'|\n")
_TIGHT = re.compile(r"[ \t\u00a0]{1,2}|-|'")
_BESIDE_CONTACT = re.compile(r"\s{0,2}[:,(–—-]?\s{0,2}|\s?(?::\s)?(?:au|tel\.?)\s?:?\s?|[).,]?\s")
_ENUMERATED = re.compile(r",\s|\s(?:et|ou|puis|&|\+)\s|\s?/\s?|\s\+\s")
_MOST_STRANGERS = 6
_END_OF_TEXT = 70  # signs: a longer end is not a signature
LOWER, TITLE, UPPER, INITIAL = range(4)
_SURE, _LIKELY, _POSSIBLE, _DOUBT = 0.9, 0.7, 0.5, 0.3
Spans = Sequence[tuple[int, int]]


@dataclass(slots=True)
class Scan:
    """What is known of each word of one text while it is judged."""

    reading: Reading
    flags: list[int]
    shapes: list[int]
    opens: list[bool]  # begins a sentence
    placed: list[bool]  # inside the name of a place
    score: list[float]
    reason: list[str]
    shouted: bool  # capitals say nothing
    small: bool  # no word has a capital inside a sentence
    doubtful: list[int] = field(default_factory=list)

    def raise_to(self, index: int, score: float, reason: str) -> None:
        """Keep the best reason."""
        if score > self.score[index]:
            self.score[index], self.reason[index] = score, reason


class PeopleRecognizer:
    """Finds names (`NOM`) in a reading; :meth:`scan` and :meth:`hits` are apart so that a model can speak between them."""

    name = "personnes"
    kinds = ("NOM",)

    def __init__(self, vocabulary: Vocabulary, known: Sequence[str] = ()) -> None:
        """`known`: folded phrases that are never hits: public figures, the territory's communes."""
        self._vocabulary = vocabulary
        self._not_names = word_list("not_names")
        alternatives = "|".join(re.escape(phrase) for phrase in sorted(known, key=len, reverse=True))
        self._known = re.compile(rf"(?<![\w])(?:{alternatives})(?![\w])") if alternatives else None

    def scan(self, reading: Reading, places: Spans, taken: Spans, contacts: Spans = ()) -> Scan | None:
        """Judge each word of a text, apart from what the model would say; None if no word may be a name.

        Args:
            places: spans of places' names.
            taken: spans that other recognizers are sure of.
            contacts: telephone numbers and e-mail addresses: a name often stands beside.
        """
        scan = self._described(reading, places, taken)
        if scan is None:
            return None
        self._titles(scan)
        self._first_names(scan)
        self._capitals(scan)
        self._strangers(scan)
        self._signature(scan)
        self._contacts(scan, contacts)
        return scan

    def hits(self, scan: Scan, seen: Sequence[tuple[int, int, str]] | None) -> Iterator[Hit]:
        """Yield the names. `seen`: what the model found, as (start, end, label); None if there is no model."""
        if seen is not None:
            self._heed(scan, seen)
        self._neighbors(scan)
        yield from self._joined(scan)

    def _described(self, reading: Reading, places: Spans, taken: Spans) -> Scan | None:
        words, cased = reading.words, reading.cased
        table = self._vocabulary.table
        flags, shapes, opens = [], [], []
        maybe = False
        for word in words:
            flag = table.get(word.plain, 0)
            if not flag & (ORDINARY | FUNCTION) and "-" in word.plain and not flag & FIRST:
                flag |= self._compound(word.plain)
            elif not flag and self._vocabulary.ordinary(word.plain):
                flag = ORDINARY
            flags.append(flag)
            shape = _shape(cased, word)
            shapes.append(shape)
            maybe = maybe or shape != LOWER or not flag & ORDINARY or bool(flag & (FIRST | FIRST_WORD | FAMILY))
        if not maybe or not words:
            return None
        previous = 0
        for word in words:
            opens.append(_OPENS.search(cased[max(0, previous) : word.start]) is not None or previous == 0 and word.start == 0)
            previous = word.end
        upper = sum(shape == UPPER for shape in shapes)
        shouted = upper * 2 > sum(shape != INITIAL for shape in shapes)
        small = not any(shape == TITLE and not start for shape, start in zip(shapes, opens, strict=True))
        count = len(words)
        scan = Scan(reading, flags, shapes, opens, [False] * count, [0.0] * count, [""] * count, shouted, small)
        pets = [match.span(1) for match in PET_NAME.finditer(reading.plain)]
        for start, end in (*places, *taken, *pets):
            for index, word in enumerate(words):
                if start <= word.start < end:
                    scan.placed[index] = True
        for index, word in enumerate(words):
            if word.plain.startswith(("saint-", "sainte-", "st-", "ste-")):
                scan.placed[index] = True
        return scan

    def _compound(self, word: str) -> int:
        """What a hyphenated word is: a first name if each part is one, ordinary if each part is."""
        parts = [self._vocabulary.flags(part) for part in word.split("-")]
        if all(part & (FIRST | FIRST_WORD) for part in parts) and any(part & FIRST for part in parts):
            return FIRST | FREQUENT_FIRST
        if parts[0] & FIRST and not parts[0] & RARE_FIRST:
            return FIRST
        if all(part & (ORDINARY | FUNCTION) for part in parts) or self._vocabulary.ordinary(word):
            return ORDINARY
        return FAMILY if any(part & FAMILY and not part & ORDINARY for part in parts) else 0

    # 1. titles, roles, phrases

    def _titles(self, scan: Scan) -> None:
        words, plain = scan.reading.words, scan.reading.plain
        for index, word in enumerate(words):
            if word.plain in TITLES or self._is_m(scan, index):
                if word.plain in ("m", "mm", "me") and not self._is_m(scan, index):
                    continue
                self._after(scan, index + 1, _SURE, "titre", strict=False)
            elif word.plain in ROLES and not (word.plain in PLACED_ROLES and _next_is(words, index, ("de", "du", "des"))):
                self._after(scan, index + 1, _LIKELY, "rôle", strict=True)
            if scan.shapes[index] == INITIAL:
                self._initial(scan, index)
        for slots, strict in ((SLOT, True), (OWNED, True), (LABEL, False)):
            for slot in slots.finditer(plain):
                place = _first_at(words, slot.end())
                if place is not None and not PET.search(plain[max(0, slot.start() - 24) : slot.start()]):
                    self._after(scan, place, _LIKELY, "formule", strict=strict, start=slot.end())

    @staticmethod
    def _is_m(scan: Scan, index: int) -> bool:
        """« M. » or « Me » before a capital, and not « 10 m. »."""
        word, reading = scan.reading.words[index], scan.reading
        if word.plain not in ("m", "mm", "me") or index + 1 >= len(scan.shapes):
            return False
        following = scan.shapes[index + 1]
        if word.plain == "me":
            return scan.shapes[index] == TITLE and following != LOWER
        before = reading.plain[max(0, word.start - 2) : word.start].strip()
        if before[-1:].isdigit() or before[-1:] == "'" or reading.plain[word.end : word.end + 1] == "'":
            return False
        flag = scan.flags[index + 1]
        named = bool(flag & (FAMILY | FIRST)) and not flag & (ORDINARY | FUNCTION) or bool(flag & FAMILY_COMMON and not flag & FUNCTION)
        return (following != LOWER and reading.cased[word.start].isupper()) or (following == LOWER and named) or (
            scan.shouted and named
        )

    def _initial(self, scan: Scan, index: int) -> None:
        """« J. Pineau », « M.-L. Rabouin »."""
        words, reading = scan.reading.words, scan.reading
        place = index
        while place + 1 < len(words) and scan.shapes[place] == INITIAL:
            gap = reading.plain[words[place].end : words[place + 1].start]
            if gap not in (".", ". ", ".-", "-"):
                return
            place += 1
        if scan.shapes[place] == TITLE or (scan.shapes[place] == UPPER and (not scan.shouted or scan.flags[place] & FAMILY)):
            flag = scan.flags[place]
            if scan.placed[place] or flag & FUNCTION and not flag & FAMILY or words[place].plain in ROLES:
                return
            if words[index].plain in ("m", "n") and place == index + 1:
                return
            for one in range(index, place + 1):
                scan.raise_to(one, _LIKELY, "initiale et nom")

    def _after(self, scan: Scan, index: int, score: float, reason: str, *, strict: bool, start: int | None = None) -> None:
        """The name that follows: its first word must be right there; `strict` asks it to look like a name."""
        words, plain = scan.reading.words, scan.reading.plain
        taken, particles = 0, list[int]()
        begin = words[index - 1].end if start is None and index else (start or 0)
        while index < len(words) and taken < 4:
            word, flag = words[index], scan.flags[index]
            gap = plain[begin : word.start]
            allowed = r"\.?\s{0,2}(?:[:=]\s?)?[«\"“(]?\s?|,\s|\s?:\s|\s?\(" if not taken else r"[ \t]{1,2}|-|'|\.\s?"
            if taken and gap.startswith(".") and scan.shapes[index - 1] != INITIAL:
                return
            if not re.fullmatch(allowed, gap) and not (taken == 0 and start is not None and gap == ""):
                return
            if gap.startswith(",") and scan.shapes[index] == LOWER and not flag & FIRST:
                return
            if word.plain in NAME_PARTICLES and not (scan.shapes[index] == TITLE and flag & FAMILY and not flag & FUNCTION):
                if not self._particle(scan, index):
                    return
                if not strict:
                    particles.append(index)
                begin, index = word.end, index + 1
                continue
            if word.plain in TITLES and not taken:
                return
            if not self._nameable(scan, index, strict=strict, first=taken == 0):
                return
            scan.placed[index] = scan.placed[index] and strict
            for particle in particles:
                scan.raise_to(particle, score, reason)
            particles.clear()
            scan.raise_to(index, score, reason)
            begin, taken, index = word.end, taken + 1, index + 1

    def _particle(self, scan: Scan, index: int) -> bool:
        """Whether a particle here leads to a name: a capital or an unknown word follows."""
        following = index + 1
        if following >= len(scan.flags):
            return False
        plain = scan.reading.words[following].plain
        if plain in NAME_PARTICLES:
            return self._particle(scan, following)
        if scan.shapes[following] in (TITLE, UPPER) and not scan.shouted:
            return not scan.placed[following]
        flag = scan.flags[following]
        return (scan.small or scan.shouted) and bool(flag & FAMILY) and not flag & (ORDINARY | FUNCTION)

    def _nameable(self, scan: Scan, index: int, *, strict: bool, first: bool) -> bool:
        flag, shape = scan.flags[index], scan.shapes[index]
        plain = scan.reading.words[index].plain
        if scan.placed[index] and strict:
            return False
        if shape == INITIAL:
            return not scan.shouted and plain != "m" and (first is False or scan.reading.cased[scan.reading.words[index].end : scan.reading.words[index].end + 1] == ".")
        if flag & FUNCTION or (plain in self._not_names and (strict or not first)) or flag & BRAND and strict:
            return False
        if plain in OFFICES:
            return False
        capital = shape in (TITLE, UPPER) and not scan.shouted
        if strict and shape == UPPER and len(plain) < 4 and not flag & (FIRST | FAMILY):
            return False
        if capital:
            if strict and first and flag & ORDINARY and not flag & (FIRST | FIRST_WORD | FAMILY_COMMON):
                return False
            return not (strict and flag & COMMUNE and not flag & (FIRST | FIRST_WORD | FAMILY_COMMON))
        if flag & FIRST:
            return not flag & RARE_FIRST or not strict or not scan.small or True
        if flag & ORDINARY:
            if strict:
                return False
            return first and bool(flag & (FIRST_WORD | FAMILY_COMMON))
        if flag & FAMILY:
            return not strict or bool(flag & FAMILY_COMMON) or not self._vocabulary.mistyped(plain)
        return not strict and not (not first and self._vocabulary.mistyped(plain)) or (strict and not self._vocabulary.mistyped(plain))

    # 2. first names

    def _first_names(self, scan: Scan) -> None:
        reading = scan.reading
        for index, word in enumerate(scan.reading.words):
            flag, shape = scan.flags[index], scan.shapes[index]
            if not flag & (FIRST | FIRST_WORD) or flag & (FUNCTION | BRAND) or scan.placed[index]:
                continue
            if word.plain in self._not_names or word.plain in OFFICES:
                continue
            if word.plain == "marie" and shape == LOWER and reading.text[reading.place(word.start, word.end)[1] - 1] != "e":
                continue  # « le marié »
            capital = shape in (TITLE, UPPER) and not scan.shouted
            if flag & FIRST:
                if flag & BRAND or flag & COMMUNE and flag & RARE_FIRST:
                    continue
                if capital:
                    rare = bool(flag & RARE_FIRST)
                    scan.raise_to(index, _POSSIBLE if rare else _LIKELY, "prénom")
                    if rare:
                        scan.doubtful.append(index)
                elif flag & FREQUENT_FIRST:
                    scan.raise_to(index, 0.6, "prénom")
                elif not flag & RARE_FIRST and not self._vocabulary.mistyped(word.plain):
                    scan.raise_to(index, _POSSIBLE, "prénom")
            elif capital and shape == TITLE:
                if not scan.opens[index]:
                    scan.raise_to(index, 0.55, "prénom qui est aussi un mot")
                    scan.doubtful.append(index)
                elif flag & FREQUENT_FIRST:
                    scan.raise_to(index, 0.45, "prénom qui est aussi un mot")
                    scan.doubtful.append(index)

    # 3. capitals

    def _capitals(self, scan: Scan) -> None:
        words = scan.reading.words
        for index, word in enumerate(words):
            flag, shape = scan.flags[index], scan.shapes[index]
            if scan.placed[index] or scan.score[index] >= _POSSIBLE or flag & (FUNCTION | BRAND) or shape in (LOWER, INITIAL):
                continue
            if word.plain in self._not_names or word.plain in OFFICES or flag & COMMUNE and not flag & FAMILY_COMMON or len(word.plain) < 3:
                continue
            if scan.shouted:
                if flag & FAMILY_COMMON and not flag & (ORDINARY | COMMUNE) and not self._vocabulary.mistyped(word.plain):
                    scan.raise_to(index, 0.45, "nom de famille")
                continue
            self._capital(scan, index, flag, shape)

    def _capital(self, scan: Scan, index: int, flag: int, shape: int) -> None:
        """A word with a capital that is no first name."""
        ordinary = bool(flag & ORDINARY)
        word = scan.reading.words[index]
        if scan.opens[index] and len(word.plain) <= 5 and scan.reading.plain[word.end : word.end + 1] == "." and not flag & FAMILY:
            return  # an abbreviation
        if shape == UPPER:
            if ordinary and flag & FAMILY and index and words_upper_particle(scan, index):
                scan.raise_to(index, 0.6, "nom de famille en capitales")
                scan.raise_to(index - 1, 0.6, "nom de famille en capitales")
            elif not ordinary and len(word.plain) >= 4 and flag & FAMILY:
                scan.raise_to(index, 0.6 if flag & FAMILY_COMMON else 0.45, "nom de famille en capitales")
                scan.doubtful.append(index)
            return
        if ordinary:
            if flag & FAMILY and not scan.opens[index]:
                scan.raise_to(index, 0.2, "nom de famille qui est aussi un mot")
                scan.doubtful.append(index)
            return
        if scan.opens[index]:
            scan.raise_to(index, 0.35 if flag & FAMILY_COMMON else 0.25, "mot inconnu avec une capitale")
        else:
            scan.raise_to(index, 0.5 if flag & FAMILY_COMMON else 0.4 if flag & FAMILY else 0.35, "nom propre")
        scan.doubtful.append(index)

    def _strangers(self, scan: Scan) -> None:
        """Two words side by side that nothing knows, without a capital to tell: more likely a name than two mistakes."""
        words, plain = scan.reading.words, scan.reading.plain
        strange = [
            not flag & (ORDINARY | FUNCTION | BRAND) and not flag & COMMUNE and not placed and len(word.plain) > 3
            for flag, placed, word in zip(scan.flags, scan.placed, words, strict=True)
        ]
        if sum(strange) > _MOST_STRANGERS:
            return  # another language
        for index in range(1, len(words)):
            one, two = index - 1, index
            if not (strange[one] and strange[two]) or plain[words[one].end : words[two].start] != " ":
                continue
            if not scan.shouted and scan.shapes[one] != scan.shapes[two]:
                continue
            if self._vocabulary.mistyped(words[one].plain) and self._vocabulary.mistyped(words[two].plain):
                continue
            scan.raise_to(one, 0.45, "deux mots inconnus qui se suivent")
            scan.raise_to(two, 0.45, "deux mots inconnus qui se suivent")

    # the end of a letter

    def _signature(self, scan: Scan) -> None:
        words, plain = scan.reading.words, scan.reading.plain
        starts = [closing.end() for closing in CLOSING.finditer(plain) if len(plain) - closing.end() <= _END_OF_TEXT * 3]
        for start in starts:
            place = _first_at(words, start)
            if place is not None and words[place].start <= start + 3:
                self._after(scan, place, _LIKELY, "signature", strict=True, start=start)
                if self._last(scan, place):
                    self._signed(scan, place)
        last = max(plain.rfind("\n"), plain.rfind(". "), plain.rfind("! "), plain.rfind("? "), plain.rfind(", "), plain.rfind("- "))
        if last >= 0 and len(plain) - last <= _END_OF_TEXT:
            place = _first_at(words, last + 1)
            if place is not None and self._last(scan, place):
                self._signed(scan, place)

    @staticmethod
    def _last(scan: Scan, place: int) -> bool:
        """Whether at most four words are left, and nothing that ends a sentence between them."""
        words = scan.reading.words[place:]
        rest = scan.reading.plain[words[0].start :]
        return len(words) <= 4 and not re.search(r"[!?;:\d@/]|\w{3}\.\s", rest)

    def _signed(self, scan: Scan, place: int) -> None:
        rest = range(place, len(scan.flags))
        if any(scan.flags[index] & (FUNCTION | BRAND) and scan.reading.words[index].plain not in NAME_PARTICLES for index in rest):
            return
        if any(scan.reading.words[index].plain in self._not_names for index in rest):
            return
        if any(scan.placed[index] for index in rest):
            return
        likely = [index for index in rest if self._signs(scan, index)]
        if not likely or any(scan.shapes[index] == LOWER and scan.flags[index] & ORDINARY and not scan.flags[index] & FAMILY for index in rest):
            return
        for index in rest:
            if scan.reading.words[index].plain not in NAME_PARTICLES or scan.shapes[index] == INITIAL:
                scan.raise_to(index, 0.65, "signature")

    def _signs(self, scan: Scan, index: int) -> bool:
        flag, shape = scan.flags[index], scan.shapes[index]
        if flag & COMMUNE and not flag & (FIRST | FAMILY_COMMON) or scan.reading.words[index].plain in self._not_names:
            return False
        if flag & FIRST or flag & FIRST_WORD and shape != LOWER:
            return True
        if flag & ORDINARY:
            return bool(flag & FAMILY_COMMON) and shape == TITLE
        if shape == UPPER and not flag & FAMILY:
            return False
        return shape in (TITLE, UPPER) and (bool(flag & FAMILY) or not self._vocabulary.mistyped(scan.reading.words[index].plain))

    def _contacts(self, scan: Scan, contacts: Spans) -> None:
        """« GUYOMARD 06… », « Chevrier : 06… », « 06… Chevrier »."""
        words, plain = scan.reading.words, scan.reading.plain
        for start, end in contacts:
            after = _first_at(words, end)
            before = (_first_at(words, start) if _first_at(words, start) is not None else len(words)) or 0
            if before and _BESIDE_CONTACT.fullmatch(plain, words[before - 1].end, start):
                self._by_contact(scan, before - 1)
            if after is not None and _BESIDE_CONTACT.fullmatch(plain, end, words[after].start):
                self._by_contact(scan, after)

    def _by_contact(self, scan: Scan, index: int) -> None:
        flag, shape = scan.flags[index], scan.shapes[index]
        if scan.placed[index] or flag & (FUNCTION | BRAND) or shape == INITIAL or scan.reading.words[index].plain in self._not_names:
            return
        capital = shape != LOWER and not scan.shouted
        if capital and flag & (FIRST | FIRST_WORD | FAMILY) or flag & (FIRST | FAMILY) and not flag & (ORDINARY | COMMUNE):
            scan.raise_to(index, 0.6, "à côté d'un moyen de joindre")
        elif flag & FIRST_WORD and index and scan.flags[index - 1] & FAMILY and not scan.flags[index - 1] & ORDINARY:
            scan.raise_to(index, 0.6, "à côté d'un moyen de joindre")

    # the model

    def _heed(self, scan: Scan, seen: Sequence[tuple[int, int, str]]) -> None:
        words = scan.reading.words
        for index in set(scan.doubtful):
            label = next((name for start, end, name in seen if start <= words[index].start < end), None)
            if label == "PER":
                scan.score[index] = max(scan.score[index], min(0.85, scan.score[index] + 0.3))
                scan.reason[index] += ", confirmé par le modèle"
            elif label is not None and scan.score[index] <= _POSSIBLE and not scan.reason[index].startswith("deux"):
                scan.score[index] -= 0.15 if label == "LOC" else 0.05

    # 4. neighbors

    def _neighbors(self, scan: Scan) -> None:
        self._enumerated(scan)
        sure = [index for index, score in enumerate(scan.score) if score >= 0.4]
        for index in sure:
            self._spread(scan, index, 1)
            self._spread(scan, index, -1)

    def _enumerated(self, scan: Scan) -> None:
        """In a list of names, a capital that nothing forbids is one more."""
        words, plain = scan.reading.words, scan.reading.plain
        for index in range(1, len(words)):
            before = index - 2 if words[index - 1].plain in ("et", "ou", "puis") else index - 1
            if before < 0 or not _ENUMERATED.fullmatch(plain, words[before].end, words[index].start):
                continue
            for sure, other in ((before, index), (index, before)):
                flag = scan.flags[other]
                if scan.score[sure] < 0.45 or scan.score[other] >= 0.45 or scan.placed[other] or flag & (FUNCTION | BRAND):
                    continue
                if (scan.score[other] >= 0.2 and not flag & (ORDINARY | COMMUNE)) or (flag & FIRST_WORD and before < index - 1):
                    scan.raise_to(other, 0.45, "dans une énumération de noms")

    def _spread(self, scan: Scan, index: int, step: int) -> None:
        """To the words beside a name, as far as they can be part of it."""
        words, plain = scan.reading.words, scan.reading.plain
        last, place, steps = index, index + step, 0
        while 0 <= place < len(words) and steps < 4:
            left, right = (last, place) if step > 0 else (place, last)
            gap = plain[words[left].end : words[right].start]
            if not (_TIGHT.fullmatch(gap) or (gap in (". ", ".") and scan.shapes[left] == INITIAL)):
                return
            word = words[place]
            if word.plain in NAME_PARTICLES and scan.shapes[place] != INITIAL and (scan.flags[place] & FUNCTION or scan.shapes[place] == LOWER):
                if step < 0 or not self._particle(scan, place) or plain[word.start - 1] == "'":
                    return
            elif word.plain == "h" and gap == "'" and step > 0:
                scan.raise_to(place, 0.6, "à côté d'un nom")
            elif scan.score[place] < 0.4:
                if not self._beside(scan, place, step, anchor=index) and not self._between(scan, place, step):
                    return
                scan.raise_to(place, 0.6, "à côté d'un nom")
            last, place, steps = place, place + step, steps + 1

    def _beside(self, scan: Scan, place: int, step: int, anchor: int) -> bool:
        flag, shape, plain = scan.flags[place], scan.shapes[place], scan.reading.words[place].plain
        if scan.placed[place] or flag & FUNCTION and shape != INITIAL or plain in TITLES:
            return False
        if shape == INITIAL:
            dotted = scan.reading.plain[scan.reading.words[place].end] in ".-"
            return not scan.shouted and (step > 0 or (dotted and plain != "m") or "-" in plain)
        if plain in self._not_names or (plain in ROLES and step < 0):
            return False
        if shape in (TITLE, UPPER) and not scan.shouted:
            if step < 0 and scan.opens[place] and flag & ORDINARY:
                named = shape == UPPER or (flag & FAMILY_COMMON and self._listed(plain))
                return bool(named and scan.flags[anchor] & FIRST)
            return step > 0 or bool(flag & (FAMILY | FIRST | FIRST_WORD)) or not flag & ORDINARY
        first = bool(scan.flags[anchor] & (FIRST | FIRST_WORD))
        if flag & ORDINARY:
            common = bool(flag & FAMILY_COMMON) and step > 0 and first and scan.shapes[anchor] == shape
            return common and (scan.shouted or self._listed(plain))
        if flag & COMMUNE and not flag & FAMILY:
            return False
        if flag & (FAMILY | FIRST):
            return step > 0 or not self._vocabulary.mistyped(plain) or scan.shouted
        return not self._vocabulary.mistyped(plain)

    def _between(self, scan: Scan, place: int, step: int) -> bool:
        """« Hoàng Mai Phương », « Thiên Ân Lê »: a short word of grammar with a capital, in or at the end of a name."""
        if step < 0 or scan.shouted or scan.shapes[place] != TITLE or scan.placed[place] or not scan.flags[place] & (FAMILY | FIRST_WORD):
            return False
        words, plain = scan.reading.words, scan.reading.plain
        following = place + 1
        ends = following >= len(words) or plain[words[place].end : words[following].start] != " "
        return ends or (scan.shapes[following] == TITLE and scan.score[following] >= 0.25)

    def _listed(self, word: str) -> bool:
        return word in _COMMON_NAMES

    def _joined(self, scan: Scan) -> Iterator[Hit]:
        words, plain = scan.reading.words, scan.reading.plain
        known = [match.span() for match in self._known.finditer(plain)] if self._known else []
        start = end = -1
        score, reason = 0.0, ""
        for index, word in enumerate(words):
            value = scan.score[index]
            if value <= 0 or any(first <= word.start and word.end <= last for first, last in known) and scan.reason[index] not in ("titre",):
                continue
            if start >= 0 and (value >= 0.4) == (score >= 0.4) and self._linked(scan, index, end):
                end, score = word.end, max(score, value)
                continue
            if start >= 0:
                yield Hit("NOM", start, _dotted(scan, end), min(score, 0.95), self.name, reason)
            start, end, score, reason = word.start, word.end, value, scan.reason[index]
        if start >= 0:
            yield Hit("NOM", start, _dotted(scan, end), min(score, 0.95), self.name, reason)

    @staticmethod
    def _linked(scan: Scan, index: int, end: int) -> bool:
        """Whether word `index` continues the name that ends at `end`: only a space, a hyphen or particles between."""
        words, plain = scan.reading.words, scan.reading.plain
        gap = plain[end : words[index].start]
        if re.fullmatch(r"[ \t]{1,2}|-|'", gap):
            return True
        if re.fullmatch(r"\.[\s\-]?", gap):
            return scan.shapes[index - 1] == INITIAL
        return _PARTICLES_BETWEEN.fullmatch(gap) is not None


_COMMON_NAMES = word_list("family_names")
_PARTICLES_BETWEEN = re.compile(rf"[\s']((?:(?:{'|'.join(sorted(NAME_PARTICLES))})[\s']{{1,2}}){{1,3}})")


def _dotted(scan: Scan, end: int) -> int:
    """With the dot of a last initial: « Hervé B. »."""
    plain = scan.reading.plain
    alone = end >= 2 and not plain[end - 2].isalpha()
    return end + 1 if alone and plain[end : end + 1] == "." and scan.reading.cased[end - 1].isupper() else end


def _next_is(words: Sequence[Word], index: int, among: Sequence[str]) -> bool:
    return index + 1 < len(words) and words[index + 1].plain in among


def words_upper_particle(scan: Scan, index: int) -> bool:
    """« LE ROUX » in a text that is not in capitals."""
    previous, word = scan.reading.words[index - 1], scan.reading.words[index]
    return previous.plain in NAME_PARTICLES and scan.shapes[index - 1] == UPPER and word.start - previous.end == 1


def _shape(cased: str, word: Word) -> int:
    first = cased[word.start]
    if word.end - word.start == 1 or (word.end - word.start == 3 and cased[word.start + 1] == "-"):
        return INITIAL if first.isupper() else LOWER
    if not first.isupper():
        return LOWER
    return UPPER if cased[word.start : word.end].isupper() else TITLE


def _first_at(words: Sequence[Word], start: int) -> int | None:
    """The first word that begins at `start` or after."""
    low, high = 0, len(words)
    while low < high:
        middle = (low + high) // 2
        if words[middle].start < start:
            low = middle + 1
        else:
            high = middle
    return low if low < len(words) else None
