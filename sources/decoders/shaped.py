"""Records of JSON documents read through a :class:`~sources.decoders.shapes.Shape`, in one go or one by one.

1. A document is parsed whole into structs that hold what the contract reads.
2. If a record in it is not of that shape, or no valid Unicode, the document is split into raw records and each is
   parsed by itself; those that can not be are rejected with the text they have.
3. If the document is not even JSON, or has no array of records where the format wants it, the payload is refused.

Both ways give the same rows: a property test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import msgspec

from policies.contract import Contract
from sources.batches import refused
from sources.decoders.documents import Document, malformed, mended
from sources.decoders.records import Segment, Unreadable, Values
from sources.decoders.shapes import Shape, wrapped

Judge = Callable[[Shape, Sequence[Any]], Mapping[int, Unreadable | None]]  # what stands in place of which records


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

    def segments(self, document: Document, part: str) -> Iterator[Segment]:
        """The records of one document.

        Raises:
            PayloadError: it is not JSON, or not of the format.
        """
        try:
            found = self._whole.decode(document.content)
        except (ValueError, RecursionError):
            yield from self._one_by_one(document, part)
            return
        raws = _Raws(lambda: [raws for _, raws in self._opened(self._split.decode(document.content), self._pieces)])
        for number, (outer, records) in enumerate(self._opened(found, self._around)):
            yield self._segment(records, outer, partial(raws.text, number))

    def _one_by_one(self, document: Document, part: str) -> Iterator[Segment]:
        try:
            found = list(self._opened(self._split.decode(mended(document.content)), self._pieces))
        except msgspec.ValidationError:
            raise refused(self._contract, part, f"this is not {self._what}") from None
        except (ValueError, RecursionError) as error:
            raise malformed(self._contract, part, error, document) from None
        raws = _Raws(lambda: [pieces for _, pieces in found])
        for number, (outer, pieces) in enumerate(found):
            records = [self.read(bytes(piece)) for piece in pieces]
            yield self._segment(records, outer, partial(raws.text, number), clean=False)

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

        rows = range(len(records)) if clean else [n for n, one in enumerate(records) if not isinstance(one, Unreadable)]
        judged = self._judge(self.record, records if clean else [records[n] for n in rows]) if self._judge else {}
        if judged:
            records = list(records)
            for number, verdict in judged.items():
                records[rows[number]] = verdict
        return Segment(records, values, raw, clean and not judged)

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
            return self._one.decode(mended(raw))
        except (ValueError, RecursionError):
            pass
        try:  # what numbers too large for a float need
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
