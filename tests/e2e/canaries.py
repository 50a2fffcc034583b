"""Looks for planted values in any bytes, under every encoding and inside every container that a hub might use.

A value is turned into *patterns*: its spellings (case, accents, separators) times its encodings (UTF-8, UTF-16,
Latin-1, Base64 at each of the three offsets, hexadecimal, percent, JSON, HTML and Python escapes). All patterns, some
hundreds of thousands, are looked for in one pass: eight bytes of the middle of each make an anchor, the eight-byte
windows of the data are tested against a table of hashed anchors by column, and only what passes is compared in full.
The cost per byte does not depend on the number of patterns.

What is found is told by the number of the value in the list and how it was written: never the value.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, quote_plus

import numpy as np
import numpy.typing as npt

ANCHOR = 8  # bytes
TABLE_BITS = 24
CHUNK = 16 * 1024 * 1024
SHORTEST_DIGITS = 10  # a shorter run of digits alone is no evidence
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_DIGITS = re.compile(rb"\d+")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class TooShortError(ValueError):
    """A value is too short to be looked for."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: bytes
    anchor: int  # where its anchor starts
    labels: tuple[tuple[int, str], ...]
    digits: bool


class Needles:
    """The patterns of a list of values, ready to be looked for."""

    def __init__(self, values: Sequence[str]) -> None:
        labels: dict[bytes, dict[tuple[int, str], None]] = {}
        for number, value in enumerate(values):
            if len(value.encode()) < ANCHOR:
                raise TooShortError(f"value {number} is too short to be looked for")
            for name, text in patterns(value):
                if len(text) >= ANCHOR:
                    labels.setdefault(text, {}).setdefault((number, name))
        self.patterns = tuple(
            _Pattern(text, (len(text) - ANCHOR) // 2, tuple(of), _DIGITS.fullmatch(text) is not None)
            for text, of in labels.items()
        )
        self.longest = max(len(pattern.text) for pattern in self.patterns)
        self._buckets: dict[int, list[_Pattern]] = {}
        for pattern in self.patterns:
            anchor = pattern.text[pattern.anchor : pattern.anchor + ANCHOR]
            self._buckets.setdefault(int.from_bytes(anchor, "little"), []).append(pattern)
        self._anchors = np.array(sorted(self._buckets), dtype=np.uint64)
        self._table = np.zeros(1 << TABLE_BITS, dtype=np.bool_)
        self._table[_hashed(self._anchors)] = True

    def find(self, data: bytes | memoryview) -> set[tuple[int, str]]:
        """The values in `data`, with how they are written."""
        found: set[tuple[int, str]] = set()
        view = memoryview(data)
        for start in range(0, max(1, len(view)), CHUNK):
            begin = max(0, start - self.longest)
            chunk = view[begin : start + CHUNK + self.longest]
            for position in self._candidates(chunk):
                found |= self._at(chunk, position)
        return found

    def _candidates(self, chunk: memoryview) -> Iterator[int]:
        """Positions where an anchor stands."""
        for shift in range(min(ANCHOR, max(0, len(chunk) - ANCHOR + 1))):
            windows = np.frombuffer(chunk, dtype="<u8", offset=shift, count=(len(chunk) - shift) // ANCHOR)
            likely = np.flatnonzero(self._table[_hashed(windows)])
            values = windows[likely]
            places = np.minimum(np.searchsorted(self._anchors, values), len(self._anchors) - 1)
            for index in likely[self._anchors[places] == values].tolist():
                yield shift + index * ANCHOR

    def _at(self, chunk: memoryview, position: int) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()
        for pattern in self._buckets[int.from_bytes(chunk[position : position + ANCHOR], "little")]:
            start = position - pattern.anchor
            end = start + len(pattern.text)
            if start < 0 or chunk[start:end] != pattern.text:
                continue
            if pattern.digits and (_is_digit(chunk[max(0, start - 1) : start]) or _is_digit(chunk[end : end + 1])):
                continue
            found.update(pattern.labels)
        return found


def patterns(value: str) -> Iterator[tuple[str, bytes]]:
    """Every way to write `value` that is looked for: a name, and the bytes."""
    for spelling, text in spellings(value):
        plain = text.encode()
        yield spelling, plain
        yield f"{spelling} utf-16-le", text.encode("utf-16-le")
        yield f"{spelling} utf-16-be", text.encode("utf-16-be")
        yield f"{spelling} latin-1", text.encode("latin-1", "replace")
        for offset, coded in enumerate(_base64(plain)):
            yield f"{spelling} base64+{offset}", coded
            if b"+" in coded or b"/" in coded:
                yield f"{spelling} base64url+{offset}", coded.translate(_URL_SAFE)
        yield f"{spelling} hex", plain.hex().encode()
        yield f"{spelling} HEX", plain.hex().upper().encode()
        if not (text.isascii() and text.isalnum()):
            for name, written in _escaped(text):
                if written != text:
                    yield f"{spelling} {name}", written.encode()


def spellings(value: str) -> Iterator[tuple[str, str]]:
    """How people and programs rewrite a text: case, accents, separators, telephone prefixes."""
    seen: dict[str, str] = {}
    decomposed = unicodedata.normalize("NFD", value)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    seen.setdefault(value, "as planted")
    seen.setdefault(unicodedata.normalize("NFC", value), "composed")
    seen.setdefault(decomposed, "decomposed")
    for name, text in (("", value), (" without accents", bare)):
        seen.setdefault(text, name.strip() or "as planted")
        seen.setdefault(text.upper(), f"upper{name}")
        seen.setdefault(text.lower(), f"lower{name}")
        seen.setdefault(text.title(), f"title{name}")
        seen.setdefault(re.sub(r"[\s.\-]", "", text).upper(), f"joined upper{name}")
        seen.setdefault(re.sub(r"[\s.\-]", "", text).lower(), f"joined lower{name}")
    for name, text in _telephone(value):
        seen.setdefault(text, name)
    for text, name in seen.items():
        if not text.isdigit() or len(text) >= SHORTEST_DIGITS:
            yield name, text


def _telephone(value: str) -> Iterator[tuple[str, str]]:
    """A French number in its national and international forms."""
    digits = re.sub(r"\D", "", value)
    national = "0" + digits.removeprefix("0033").removeprefix("33") if value.startswith(("+33", "0033")) else digits
    if len(national) != 10 or not national.startswith("0") or re.search(r"[^\d\s.+()\-]", value):
        return
    pairs = re.findall("..", national)
    for separator, name in ((" ", "spaces"), (".", "dots"), ("-", "dashes"), ("", "digits")):
        yield f"national {name}", separator.join(pairs)
        yield (
            f"international {name}",
            separator.join([f"+33{separator if separator else ''}{pairs[0][1]}", *pairs[1:]]),
        )
    yield "international without plus", f"33{national[1:]}"
    yield "international 00", f"0033{national[1:]}"


def _base64(plain: bytes) -> Iterator[bytes]:
    """The part of the Base64 text that does not depend on what surrounds `plain`, at each offset."""
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + plain)
        first = -(-offset * 8 // 6) if offset else 0
        last = (offset + len(plain)) * 8 // 6
        yield coded[first:last]


def _escaped(text: str) -> Iterator[tuple[str, str]]:
    ascii_json = json.dumps(text)[1:-1]
    yield "json", ascii_json
    yield "JSON", re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), ascii_json)
    yield "json twice", json.dumps(ascii_json)[1:-1]
    yield "percent", quote(text, safe="")
    yield "percent lower", re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe=""))
    yield "percent plus", quote_plus(text)
    yield "percent path", quote(text, safe="/@:+,")
    yield "html", escape(text)
    if text.isascii():
        return
    yield "html numbers", "".join(char if char.isascii() else f"&#{ord(char)};" for char in text)
    yield "html hex", "".join(char if char.isascii() else f"&#x{ord(char):x};" for char in text)
    yield "bytes repr", repr(text.encode())[2:-1]
    yield "string repr", ascii(text)[1:-1]
    yield "octal", "".join(chr(byte) if byte < 128 else f"\\{byte:03o}" for byte in text.encode())


def _hashed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return (values * _MULTIPLIER) >> np.uint64(64 - TABLE_BITS)


def _is_digit(byte: memoryview) -> bool:
    return bytes(byte).isdigit()
