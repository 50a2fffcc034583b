"""Records of JSON documents read through a :class:`~sources.decoders.shapes.Shape`, in one go or one by one.

1. A document is parsed whole into structs that hold what the contract reads.
2. If a record in it is not of that shape, or no valid Unicode, the document is split into raw records and each is
   parsed by itself; those that can not be are rejected with the text they have.
3. If the document is not even JSON, or has no array of records where the format wants it, the payload is refused.

Both ways give the same rows: a property test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from policies.contract import Contract
from sources.batches import refused
from sources.decoders.documents import malformed
from sources.decoders.records import Segment, Unreadable, Values
from sources.decoders.shapes import Shape, wrapped

Judge = Callable[[Shape, Sequence[Any]], Sequence[Any]]  # each record, or Unreadable or None in its place


@dataclass(slots=True)
class Naming:
    """Which path of a record, or of what is around the records, each physical name is."""

    inner: dict[str, str]  # physical name -> path in a record
    outer: dict[str, str] = field(default_factory=dict)  # physical name -> path beside the array of records
    asked: tuple[str, ...] = ()  # further paths in a record, for the judge

    def columns(self, inner: Values, outer: Values, count: int) -> Values:
        """Columns by physical name."""
        found = {name: inner[path] for name, path in self.inner.items()}
        return found | {name: [outer[path][0]] * count for name, path in self.outer.items()}


class Shaped:
    """Reads documents whose records stand in an array behind some keys, maybe in several objects side by side."""

    def __init__(
        self, contract: Contract, naming: Naming, place: Sequence[str], what: str, judge: Judge | None = None
    ) -> None:
        """`place`: the keys; `what`: the format's name, for messages; `judge` sees the records that could be parsed."""
        self._contract, self._naming, self._place, self._what, self._judge = contract, naming, place, what, judge
        self.record = record = Shape((*naming.inner.values(), *naming.asked))
        self._one = msgspec.json.Decoder(self.record.type)
        self._around = Shape(naming.outer.values(), {place[-1]: record.array}) if place else None
        self._pieces = Shape(naming.outer.values(), {place[-1]: list[msgspec.Raw]}) if place else None
        self._whole = self._decoder(self._around, record.array)
        self._split = self._decoder(self._pieces, list[msgspec.Raw])

    def _decoder(self, around: Shape | None, records: Any) -> msgspec.json.Decoder[Any]:
        if around is None:
            return msgspec.json.Decoder(records)
        kind, array = around.type, around.array
        for key in reversed(self._place[:-1]):
            kind, array = wrapped(key, kind)
        return msgspec.json.Decoder(kind | array)

    def segments(self, document: bytes, part: str, alone: bool = False) -> Iterator[Segment]:
        """The records of one document; `alone`: the document is one record, and no array of them.

        Raises:
            PayloadError: it is not JSON, or not of the format.
        """
        document = b"[" + document + b"]" if alone else document
        try:
            found = self._whole.decode(document)
        except (ValueError, RecursionError):
            yield from self._one_by_one(document, part, int(alone))
            return
        raws = _Raws(lambda: [raws for _, raws in self._opened(self._split.decode(document), self._pieces)])
        for number, (outer, records) in enumerate(self._opened(found, self._around)):
            yield self._segment(records, outer, lambda row, number=number: raws.text(number, row))  # type: ignore[misc]

    def _one_by_one(self, document: bytes, part: str, added: int) -> Iterator[Segment]:
        try:
            found = list(self._opened(self._split.decode(document), self._pieces))
        except msgspec.ValidationError:
            raise refused(self._contract, part, f"this is not {self._what}") from None
        except (ValueError, RecursionError) as error:
            raise malformed(self._contract, part, error, added) from None
        for outer, pieces in found:
            records = [self.read(bytes(piece)) for piece in pieces]
            yield self._segment(records, outer, lambda row, pieces=pieces: shown(bytes(pieces[row])), clean=False)  # type: ignore[misc]

    def _opened(self, found: Any, around: Shape | None) -> Iterator[tuple[Values, Sequence[Any]]]:
        """What is around each array, and its records."""
        if around is None:
            yield {}, found
            return
        for one in found if isinstance(found, list) else [found]:
            inside = one
            for _ in self._place[:-1]:
                inside = inside.inside
            yield around.values([inside]), getattr(inside, around.extra[self._place[-1]])

    def _segment(self, records: Sequence[Any], outer: Values, raw: Callable[[int], str], clean: bool = True) -> Segment:
        def values(kept: Sequence[Any]) -> Values:
            return self._naming.columns(self.record.values(kept), outer, len(kept))

        if self._judge is not None:
            parsed = [record for record in records if not isinstance(record, Unreadable)]
            judged = iter(self._judge(self.record, parsed))
            records = [record if isinstance(record, Unreadable) else next(judged) for record in records]
        return Segment(records, values, raw, clean and self._judge is None)

    def lines(self, block: bytes, lines: Callable[[], Sequence[bytes]]) -> Segment:
        """The records of a block of lines, one a line; `lines` splits it, if somebody must look at them."""
        try:
            records = self._one.decode_lines(block)
            split = None if len(records) == block.count(b"\n") else lines()
        except (ValueError, RecursionError):
            records, split = [], lines()
        if split is not None and len(records) != len(split):
            records = [self.read(line) for line in split]
            return self._segment(records, {}, lambda row: shown(split[row]), clean=False)
        return self._segment(records, {}, lambda row: shown(lines()[row]))

    def read(self, raw: bytes) -> Any:
        """One record, or why it can not be read."""
        try:
            return self._one.decode(raw)
        except (ValueError, RecursionError):
            pass
        try:
            return msgspec.convert(json.loads(raw.decode(), parse_constant=_no_constant), self.record.type)
        except UnicodeDecodeError:
            return Unreadable("badEncoding")
        except msgspec.ValidationError:
            return Unreadable("notObject" if raw.lstrip()[:1] != b"{" else "badShape")
        except (ValueError, RecursionError):
            return Unreadable("badJson")


class _Raws:
    """The raw records of a document, split only if somebody must show one."""

    def __init__(self, split: Callable[[], Iterable[Sequence[msgspec.Raw]]]) -> None:
        self._make = split

    @cached_property
    def _split(self) -> list[Sequence[msgspec.Raw]]:
        return list(self._make())

    def text(self, number: int, row: int) -> str:
        """Record `row` of array `number`."""
        return shown(bytes(self._split[number][row]))


def shown(raw: bytes) -> str:
    """A raw record as well as it can be shown."""
    return raw.decode("utf-8", "replace").rstrip("\r")


def _no_constant(name: str) -> float:
    """NaN and infinities are Python's, not JSON's."""
    raise ValueError(f"{name} is not JSON")
