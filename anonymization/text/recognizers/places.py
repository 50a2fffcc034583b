"""Postal addresses, and places that bear somebody's name.

What leads to a door is an address: a way with a number, a residence with a building or a flat, a hamlet where someone says
to live. A way without a number, a school, a stadium, a square is a place (`LIEU`): it is found so that the name it bears is
not taken for a person, and stays in the text unless a contract asks otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from anonymization.text.flags import (
    BRAND,
    COMMUNE,
    FAMILY,
    FIRST,
    FIRST_WORD,
    FUNCTION,
    ORDINARY,
    PLACE_PART,
    PLACE_WORD,
)
from anonymization.text.hit import Hit
from anonymization.text.reading import Reading, Word, Words
from anonymization.text.recognizers.ways import (
    CEDEX,
    COMPLEMENT,
    HOMES,
    HONORS,
    HOUSE_AFTER,
    HOUSE_BEFORE,
    LEADING,
    NOT_A_HOUSE,
    ONLY_NUMBERED,
    PARTICLES,
    POSTCODE,
    VENUES,
    WAYS,
)
from anonymization.text.vocabulary import Vocabulary

_LINK = re.compile(r"[ \t'\-]{1,2}")
_AFTER_ABBREVIATION = re.compile(r"\.\s?")
_QUOTED = re.compile(r"\s?:?\s?[«\"“]\s?[^»\"”\n]{2,40}[»\"”]")
_BEFORE_POSTCODE = re.compile(
    r"(?:[A-Z][\w'\-]*(?:\s(?:(?:de|du|des|la|le|les|sur|en)\s|[dl]')*(?=[A-Z])|(?=,))){1,6},?$"
)
_POSTED = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-58])\d{3}\s(?=[A-Z])")
_NUMBER = re.compile(r"\s?(\d{1,4})(?![\d])")
_LIVES = re.compile(
    r"(?:j'habite|habitons|habite|habitant|demeurant|demeure|domiciliee?|reside|residant|loge|vis|adresse\s?:)\s(?:a|au|aux|en|le|la|les)?\s?$"
)
_POSTCODE_FURTHER = re.compile(r"[^.!?;:\n\d]{0,24}[\s,](?:0[1-9]|[1-8]\d|9[0-58])\d{3}(?=\s[a-z])")
_SAINT = re.compile(r"^st(e?)-")
_ARTICLE = re.compile(r"^(?:les?|la)-|^l'")
_WAYS_VENUES, _WAYS_HOMES = WAYS | VENUES, WAYS | HOMES
_DIGIT = re.compile(r"\d")
_MONTHS = frozenset(
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()  # noqa: SIM905
)
_MOST = 6  # words of a name
_FARMS = frozenset(["ferme", "manoir", "moulin", "logis", "closerie", "lieu-dit"])
_ABBREVIATED = frozenset(
    [
        "av",
        "ave",
        "bd",
        "bld",
        "blvd",
        "boul",
        "pl",
        "all",
        "imp",
        "ch",
        "che",
        "chem",
        "rte",
        "sq",
        "fg",
        "fbg",
        "res",
        "lot",
        "st",
        "ste",
        "gal",
        "mal",
        "dr",
        "pr",
        "cdt",
        "r",
        "ham",
        "ld",
        "qu",
    ]
)
_JOIN = re.compile(r"[\s,;\-(]{1,4}")


def _start(address: tuple[int, int, str]) -> int:
    return address[0]


class PlaceRecognizer:
    """Finds addresses (`ADRESSE`) and named places (`LIEU`)."""

    name = "adresses"
    kinds = ("ADRESSE", "LIEU")

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def find(self, reading: Reading, flags: Sequence[int]) -> Iterator[Hit]:
        """Yield addresses, joined where they follow each other, then places. `flags`: of each word of the text."""
        words = reading.words
        addresses: list[tuple[int, int, str]] = []
        places: list[tuple[int, int]] = []
        done = 0
        for index in [place for place, flag in enumerate(flags) if flag & (PLACE_WORD | PLACE_PART)]:
            word = words[index]
            if word.start < done:
                continue
            if not flags[index] & PLACE_WORD:
                places.append((word.start, word.end))
                continue
            found = self._from(reading, index)
            if found is None:
                continue
            start, done, reason = found
            if reason:
                addresses.append((start, done, reason))
            else:
                places.append((start, done))
        if reading.digits >= 5:
            addresses = sorted([*addresses, *self._posted(reading, addresses)])
        if addresses:
            yield from self._joined(reading.plain, addresses)
        for start, end in places:
            yield Hit("LIEU", start, end, 0.3, self.name, "voie ou lieu public")

    def _posted(self, reading: Reading, addresses: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
        """« La Grande Roche, 49125 Briollay »: a hamlet, a postcode and a commune."""
        for code in _POSTED.finditer(reading.cased):
            before = bisect_right(addresses, code.start(), key=_start) - 1
            if before >= 0 and code.start() < addresses[before][1]:
                continue
            line = reading.cased[max(0, code.start() - 60) : code.start()].rpartition("\n")[2]
            hamlet = _BEFORE_POSTCODE.search(line.rstrip())
            end = self._commune(reading, code.end(), sure=True)
            if hamlet and end and len(hamlet.group()) > 4:
                start = code.start() - len(line) + hamlet.start()
                name = reading.plain[start : code.start()].strip(" ,").replace(" ", "-")
                if not self._is_commune(name, self._vocabulary.flags):
                    yield start, end, "lieu avec son code postal"

    def _joined(self, plain: str, addresses: list[tuple[int, int, str]]) -> Iterator[Hit]:
        joined: list[tuple[int, int, str]] = []
        for start, end, reason in addresses:
            if joined and (start <= joined[-1][1] or _JOIN.fullmatch(plain, joined[-1][1], start)):
                joined[-1] = (joined[-1][0], end, joined[-1][2])
            else:
                joined.append((start, end, reason))
        for start, end, reason in joined:
            yield Hit("ADRESSE", start, end, 0.85, self.name, reason)

    def _from(self, reading: Reading, index: int) -> tuple[int, int, str] | None:
        """What begins with the word `index`: start, end and, for an address, why it is one."""
        words, plain = reading.words, reading.plain
        word = words[index]
        before = plain[max(0, word.start - 34) : word.start]
        house = None
        if reading.digits and word.plain in WAYS and before[-1:] not in ("'", "-") and _DIGIT.search(before):
            house = HOUSE_BEFORE.search(before)
        if house is not None and NOT_A_HOUSE.search(before[: house.start()]):
            house = None
        if (
            house is None
            and word.plain in ONLY_NUMBERED
            and word.plain not in HOMES
            and not self._bears_name(reading, index)
        ):
            return None
        quoted = _QUOTED.match(plain, word.end) if house is None and word.plain in _WAYS_VENUES else None
        if quoted:
            return word.start, quoted.end(), ""
        end = self._name_end(reading, index, house is not None)
        if end is None:
            return None  # « le 3 rue comme ailleurs »
        start = word.start - len(before) + house.start("number") if house else word.start
        if house and (led := LEADING.search(plain[max(0, start - 40) : start])):
            start = max(0, start - 40) + led.start("what")
        after = None if house else HOUSE_AFTER.match(plain, end)
        tail = self._tail(reading, after.end() if after else end)
        if house or (after and word.plain in WAYS):
            return start, tail, "voie et numéro"
        complement = COMPLEMENT.match(plain, end)
        if quoted := _QUOTED.match(plain, end):
            return start, quoted.end(), ""
        if complement and word.plain in _WAYS_HOMES:
            return start, tail, "résidence et logement"
        if word.plain in HOMES and tail > end and (POSTCODE.match(plain, end) or word.plain in _FARMS):
            return start, tail, "lieu avec son code postal"
        if word.plain in HOMES and (_LIVES.search(before) or word.plain in ("lieu-dit", "ld")):
            return start, tail, "lieu où quelqu'un dit habiter"
        return start, end, ""

    def _bears_name(self, reading: Reading, index: int) -> bool:
        """Whether a kind of way that is also an ordinary word is followed by a name with a capital."""
        words = reading.words
        if index + 1 >= len(words) or words.starts[index + 1] != words.ends[index] + 1:
            return False
        following = words[index + 1]
        flags = self._vocabulary.flags(following.plain) | self._vocabulary.flags(following.plain.partition("-")[0])
        capital = reading.cased[following.start].isupper() and not reading.upper
        return capital and (bool(flags & (FIRST | FIRST_WORD | FAMILY)) or following.plain in HONORS)

    def _name_end(self, reading: Reading, index: int, numbered: bool) -> int | None:
        """Where the name of the place ends; None if what follows is no name (« la rue est sale »)."""
        words, plain, flags = reading.words, reading.plain, self._vocabulary.flags
        end, taken, particle = words.ends[index], 0, False
        known: int | None = None  # flags of the last word taken
        got: int | None = None
        place = index + 1
        while True:
            number = (
                _NUMBER.match(plain, end) if (taken or particle or numbered) and plain[end : end + 1] == " " else None
            )
            if number and self._dated(words, place, number.end()):
                end = got = number.end()
                taken, particle = taken + 1, False
                continue
            if place >= len(words) or taken >= _MOST:
                return got
            linked = _LINK.fullmatch(plain, end, words.starts[place])
            if not linked and (
                words.plains[place - 1] not in _ABBREVIATED
                or not _AFTER_ABBREVIATION.fullmatch(plain, end, words.starts[place])
            ):
                return got
            word = words[place]
            if taken and COMPLEMENT.match(plain, end):
                return got
            if word.plain in PARTICLES and not (word.plain in ("et", "en", "au", "sur", "sous") and not taken):
                particle, end = True, word.end
            elif self._belongs(reading, word, flags(word.plain), known, particle, taken, numbered):
                end = got = word.end
                known, taken, particle = flags(word.plain), taken + 1, False
            else:
                return got
            place += 1

    @staticmethod
    def _dated(words: Words, place: int, end: int) -> bool:
        """« rue du 8 mai 1945 »: a number that a month follows, or that follows one."""
        after = place < len(words) and words.starts[place] - end <= 1 and words.plains[place] in _MONTHS
        return after or (place > 0 and words.plains[place - 1] in _MONTHS)

    def _belongs(
        self, reading: Reading, word: Word, flags: int, known: int | None, particle: bool, taken: int, numbered: bool
    ) -> bool:
        """Whether the word is part of the place's name."""
        if word.plain in HONORS:
            return True
        capital = reading.cased[word.start].isupper() and not reading.upper
        shouted = reading.upper or reading.cased[word.start : word.end].isupper()
        if capital and not shouted:
            return not (flags & FUNCTION and not particle and taken)
        if flags & FUNCTION:
            return particle and taken > 0 and numbered and word.plain == "ce"
        if flags & BRAND and taken:
            return False
        if flags & COMMUNE and taken and not particle:
            return False  # the commune after the street is not its name
        if not flags & ORDINARY:
            return taken < 3 or particle
        if particle or (numbered and not taken):
            return taken < 3
        if numbered and taken == 1 and reading.plain[word.end : word.end + 1] == ",":
            return True
        return taken < 3 and known is not None and bool(known & (FIRST | FIRST_WORD)) and bool(flags & FAMILY)

    def _tail(self, reading: Reading, end: int) -> int:
        """Past storey, building, postcode and commune."""
        plain = reading.plain
        while match := COMPLEMENT.match(plain, end):
            end = match.end()
        if match := POSTCODE.match(plain, end) or _POSTCODE_FURTHER.match(plain, end):
            end = self._commune(reading, match.end(), sure=True) or match.end()
        else:
            end = self._commune(reading, end, sure=False) or end
        if match := CEDEX.match(plain, end):
            end = match.end()
        while match := COMPLEMENT.match(plain, end):
            end = match.end()
        return end

    def _commune(self, reading: Reading, start: int, *, sure: bool) -> int | None:
        """Where the commune's name ends that follows; `sure` behind a postcode, otherwise only one that exists."""
        plain, flags = reading.plain, self._vocabulary.flags
        first = bisect_left(reading.words.starts, start)
        following = reading.words[first : first + 7]
        end, name = start, ""
        best: int | None = None
        for rank, word in enumerate(following):
            gap = plain[end : word.start]
            if rank == 0 and not sure and re.fullmatch(r"\s?[,(\-\n]?\s?", gap) is None:
                break
            if rank and re.fullmatch(r"[\s'\-]", gap) is None:
                break
            if rank == 0 and word.plain == "a" and not sure and gap.strip() == "":
                end = word.end
                continue
            name = f"{name}-{word.plain}" if name and gap != "'" else f"{name}'{word.plain}" if name else word.plain
            end = word.end
            if self._is_commune(name, flags) or (sure and rank == 0 and not flags(word.plain) & FUNCTION):
                best = end
            elif sure and best is not None and reading.cased[word.start].isupper() and not reading.upper:
                best = end if word.plain not in ("m", "mme", "mr") and not flags(word.plain) & FUNCTION else best
        return best

    @staticmethod
    def _is_commune(name: str, flags: Callable[[str], int]) -> bool:
        spelled = _SAINT.sub(r"saint\1-", name) if name.startswith("st") else name
        known = (
            flags(spelled)
            | flags(spelled.replace("-", " "))
            | flags(_ARTICLE.sub("", spelled) if spelled.startswith("l") else spelled)
        )
        return bool(known & COMMUNE)
