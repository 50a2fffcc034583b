"""One text, read once: the folded forms that recognizers look at, its words, and the way back to the text as it came.

Folding takes away what hides a value and changes nothing a reader sees: accents, case, full-width letters, invisible
and combining signs, HTML entities and bare tags, letters broken by a wrong encoding. Most texts fold sign for sign,
and then nothing has to be mapped; otherwise every folded sign remembers its place. Recognizers speak of folded places
only.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple, overload

_INVISIBLE_RANGES = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x2069), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
)  # fmt: skip
_INVISIBLE = frozenset(chr(code) for low, high in _INVISIBLE_RANGES for code in range(low, high + 1))
_AS = {
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-",
    "…": ".", "＠": "@", "\u2028": "\n", "\u2029": "\n", "\ufffd": "e",
}  # fmt: skip
_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
_TAG = r"</?(?:b|i|u|br|p|em|div|span|strong|li|ul|ol|td|tr|h[1-6])\s{0,3}/?>"
# UTF-8 read as Latin-1 or Windows-1252: « Ã© » for é, « â€™ » for an apostrophe.
_BROKEN = r"[ÃÂÅ][\u0080-\u00bfŒœŠšŽžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]|â€[\u0080-\u00bf™œ¦“”˜\u009d]"
_SPECIAL = re.compile(f"{_ENTITY}|{_TAG}|{_BROKEN}")
_MAYBE_SPECIAL = re.compile(r"[&<ÃÂÅâ]")
_WORD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)")
_WORD_OF_ASCII = re.compile(r"([a-z]+(?:-[a-z]+)*)")  # the same where every sign is, in a third of the time


class Word(NamedTuple):
    """A word of letters and hyphens; apostrophes part words."""

    start: int
    end: int
    plain: str


class Words(Sequence[Word]):
    """The words of a text, in order, as three lists side by side; a :class:`Word` is made of one that is asked for."""

    __slots__ = ("ends", "plains", "starts")

    def __init__(self, plain: str) -> None:
        pieces = (_WORD_OF_ASCII if plain.isascii() else _WORD).split(
            plain
        )  # no match objects: they cost as much again
        places = list(accumulate(map(len, pieces)))
        self.starts, self.ends, self.plains = places[0:-1:2], places[1::2], pieces[1::2]

    def __len__(self) -> int:
        return len(self.plains)

    @overload
    def __getitem__(self, index: int) -> Word: ...

    @overload
    def __getitem__(self, index: slice) -> list[Word]: ...

    def __getitem__(self, index: int | slice) -> Word | list[Word]:
        if isinstance(index, slice):
            return list(map(Word, self.starts[index], self.ends[index], self.plains[index]))
        return Word(self.starts[index], self.ends[index], self.plains[index])


class _Folding(dict[int, str]):
    """What becomes of each code point, made when it is first met; `odd` are those that are not one sign for one."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[str] = set()

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        folded = self[code] = _fold_sign(sign)
        if len(folded) != 1:
            self.odd.add(sign)
        return folded


def _fold_sign(sign: str) -> str:
    if sign in _AS:
        return _AS[sign]
    if sign in _INVISIBLE or unicodedata.combining(sign):
        return ""
    if sign.isspace():
        return sign if sign in "\n\r\t" else " "
    category = unicodedata.category(sign)
    if category[0] not in "LN":
        compatible = unicodedata.normalize("NFKC", sign)
        return compatible if len(compatible) == 1 else sign
    whole = unicodedata.normalize("NFKD", sign)
    return "".join(one for one in whole if not unicodedata.combining(one)) or sign


_FOLDING = _Folding()
_WESTERN = "cp1252"  # most French texts are in it, and bytes are folded far faster than letters


def _western() -> bytes:
    """For each byte of the western code page, the byte of its folded letter, or itself where that is not one."""
    table = bytearray(range(256))
    for byte in range(128, 256):
        try:
            table[byte] = _fold_sign(bytes([byte]).decode(_WESTERN)).encode(_WESTERN)[0]
        except (UnicodeError, IndexError):
            continue
    return bytes(table)


_WESTERN_TABLE = _western()
_WESTERN_ODD = "\u00ad"  # the only one of its signs that folds to nothing


@dataclass(slots=True)
class Reading:
    """A text as recognizers see it.

    Attributes:
        text: as it came.
        cased: letters without accents, case kept.
        plain: `cased` in lower case; as long.
        starts, ends: of each folded sign, its place in `text`; None where places are the same.
        digits: how many digits it has.
    """

    text: str
    cased: str
    plain: str
    starts: list[int] | None = None
    ends: list[int] | None = None
    digits: int = 0
    _words: Words | None = field(default=None, repr=False)
    _numbers: list[tuple[int, int]] | None = field(default=None, repr=False)
    _longest: int = -1
    _upper: bool | None = None
    _codes: list[int] | None = field(default=None, repr=False)

    @property
    def words(self) -> Words:
        """Its words, in order."""
        if self._words is None:
            self._words = Words(self.plain)
        return self._words

    @property
    def numbers(self) -> list[tuple[int, int]]:
        """Where a number may begin, and how many digits follow with nothing but separators between them."""
        if self._numbers is None:
            self._numbers = _numbers(self.plain) if self.digits else []
        return self._numbers

    @property
    def upper(self) -> bool:
        """Whether the whole text is in capitals."""
        if self._upper is None:
            self._upper = self.cased.isupper()
        return self._upper

    @property
    def longest(self) -> int:
        """The most digits that follow each other."""
        if self._longest < 0:
            self._longest = max((run for _, run in self.numbers), default=0)
        return self._longest

    @property
    def codes(self) -> list[int]:
        """Where a code that begins with a letter may begin: a word whose digits are near."""
        if self._codes is None:
            self._codes = _codes(self.plain) if self.digits else []
        return self._codes

    @property
    def parts(self) -> list[int]:
        """Where words begin, and their parts after a hyphen."""
        return [match.start() for match in _PART.finditer(self.plain)]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a folded span stands in the text as it came."""
        if self.starts is None or self.ends is None or end <= start:
            return start, end
        return self.starts[start], self.ends[end - 1]


_DIGIT = re.compile(r"\d")
_PART = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"[+(]{0,2}\d(?:[\s.\-/()_·,:*]{0,4}\do?)*")
_NUMBER = re.compile(r"\d(?<!\d\d)|[+(](?=[\s(]?[+\d])")
_DIGITS = re.compile(r"\d+")
_CODE = re.compile(r"(?<![^\W_])[a-z]{1,10}[\s.\-_·/]{0,3}$")
_LONGEST_CODE = 13  # signs before the first digit


def _numbers(plain: str) -> list[tuple[int, int]]:
    numbers = []
    for run in _RUN.finditer(plain):
        alone = run[0]
        left = len(alone)
        if alone.isdecimal():  # most of them, by far
            numbers.append((run.start(), left))
            continue
        left = len(_DIGIT.findall(alone))
        done = run.start()
        for number in _NUMBER.finditer(plain, done, run.end()):
            place = number.start()
            left -= len(_DIGIT.findall(plain, done, place)) if place > done else 0
            done = place
            numbers.append((done, left))
    return numbers


def _codes(plain: str) -> list[int]:
    codes = []
    for digits in _DIGITS.finditer(plain):
        start = digits.start()
        if code := _CODE.search(plain, max(0, start - _LONGEST_CODE), start):
            codes.append(code.start())
    return codes


def read(text: str) -> Reading:
    """Fold a text."""
    starts: list[int] | None = None
    ends: list[int] | None = None
    if text.isascii() and "&" not in text and "<" not in text:
        cased = text
    else:
        cased, even = _fold_at_once(text)
        if not even or (_MAYBE_SPECIAL.search(text) is not None and _SPECIAL.search(text) is not None):
            cased, starts, ends = _fold_slowly(text)
    plain = cased.lower()
    if len(plain) != len(cased):  # a capital whose small letter is two signs
        plain = "".join(one if len(low := one.lower()) != 1 else low for one in cased)
    return Reading(text, cased, plain, starts, ends, len(_DIGIT.findall(plain)))


def _fold_at_once(text: str) -> tuple[str, bool]:
    """The folded text, and whether it is so sign for sign."""
    try:
        return text.encode(_WESTERN).translate(_WESTERN_TABLE).decode(_WESTERN), _WESTERN_ODD not in text
    except UnicodeError:
        return text.translate(_FOLDING), _FOLDING.odd.isdisjoint(text)


def fold(word: str) -> str:
    """One word, without accents nor case."""
    if word.isascii():
        return word.lower()
    folded, even = _fold_at_once(word)
    return (folded if even else word.translate(_FOLDING)).lower()


def _fold_slowly(text: str) -> tuple[str, list[int], list[int]]:
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(folded: str, start: int, end: int) -> None:
        if not folded and ends:
            ends[-1] = end  # what is left out belongs to the sign before it
        signs.extend(folded)
        starts.extend([start] * len(folded))
        ends.extend([end] * len(folded))

    done = 0
    for special in [*_SPECIAL.finditer(text), None]:
        until = len(text) if special is None else special.start()
        for place in range(done, until):
            add(_FOLDING[ord(text[place])], place, place + 1)
        if special is not None:
            add(_mended(special.group()), special.start(), special.end())
            done = special.end()
    return "".join(signs), starts, ends


def _mended(special: str) -> str:
    if special.startswith("<"):
        return "\n"
    if special.startswith("&"):
        meant = html.unescape(special)
        return "".join(_FOLDING[ord(sign)] for sign in meant) if meant != special else special
    for encoding in ("cp1252", "latin-1"):
        try:
            return "".join(_FOLDING[ord(sign)] for sign in special.encode(encoding).decode("utf-8"))
        except UnicodeError:
            continue
    return "".join(_FOLDING[ord(sign)] for sign in special)
