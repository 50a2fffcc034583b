"""DATEX II traffic publications (EN 16157, versions 2 and 3, XML) to typed batches; bombs are refused.

A row is a measurement (`measuredValue` of version 2, `physicalQuantity` of version 3, inside `siteMeasurements`), or,
with the option `publication: situation`, a `situationRecord`. Namespaces differ from version to version and are left
out. Physical names are paths of local names from anywhere in the row, `@` before an attribute:

- `vehicleFlow.vehicleFlowRate`, `averageVehicleSpeed.speed`, `occupancy.percentage`, `basicData.@type`, `@index`;
- what a row does not have is looked for around it: `measurementSiteReference.@id`, `measurementTimeDefault`,
  `situation.@id`, then `publicationTime`.

An element that only holds a `timeValue` or a `value` stands for it (version 3 writes times so).

What is refused: a document type declaration of any kind (so no entity is ever declared, EN 16157 needs none), an
encoding in which one could hide, and, by libxml2's own limits, texts of more than 10 MB and depths of more than 256.
Nothing is fetched. A site or situation is forgotten once read; more than :data:`OPEN_BYTES` without one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from policies.contract import Contract, Territory
from sources.batches import refused
from sources.decoders.records import Segment, decode_records, flat, names_read
from sources.options import DatexOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

OPEN_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_PAGE_ROWS = 4_096
_PLAIN = {"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
_DECLARED = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ROWS = {
    "measured": ("siteMeasurements", ("measuredValue", "physicalQuantity")),
    "situation": ("situation", ("situationRecord",)),
}
_STANDS_FOR = ("timeValue", "value")
_HEADER = "publicationTime"


class DatexDecoder:
    """Decodes parts that are publications; positions count rows over all parts."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, DatexOptions)
        self._contract = contract
        self._rules = reading_rules(contract, options, territory)
        self._group, self._row_names = _ROWS[options.publication]
        self._names = names_read(contract)
        self._wanted: dict[str, list[tuple[str, ...]]] = {}  # local name of the last element -> paths
        for name in self._names:
            path = tuple(name.split("."))
            last = path[-1] if not path[-1].startswith("@") else path[-2] if len(path) > 1 else ""
            self._wanted.setdefault(last, []).append(path)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._pages(parts))

    def _pages(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            page: list[Mapping[str, str]] = []
            for row in self._rows(part):
                page.append(row)
                if len(page) >= _PAGE_ROWS:
                    yield flat(page, self._names)
                    page = []
            yield flat(page, self._names)

    def _rows(self, part: PayloadPart) -> Iterator[Mapping[str, str]]:
        parser = etree.XMLPullParser(
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        header: dict[str, str] = {}
        since, first, started = 0, True, False
        while chunk := part.stream.read(_CHUNK_BYTES):
            if first:
                self._check_prolog(chunk, part.name)
                first = False
            since += len(chunk)
            self._feed(parser, chunk, part.name)
            for event, element in parser.read_events():
                if not started:
                    self._check_root(element, part.name)
                    started = True
                if event == "end" and self._ends(element, header):
                    yield from self._of_group(element, header)
                    _forget(element)
                    since = 0
            if since > OPEN_BYTES:
                raise refused(self._contract, part.name, f"more than {OPEN_BYTES} bytes without « {self._group} »")
        self._close(parser, part.name)

    def _feed(self, parser: Any, chunk: bytes, part: str) -> None:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            place = error.lineno
        else:
            return
        raise refused(self._contract, part, f"not well-formed XML, line {place}")

    def _close(self, parser: Any, part: str) -> None:
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            place = error.lineno
        else:
            return
        raise refused(self._contract, part, f"not well-formed XML, line {place}")

    def _check_prolog(self, chunk: bytes, part: str) -> None:
        """Before any parser sees it: an encoding of plain ASCII signs, and no document type before the root."""
        content = chunk.removeprefix(b"\xef\xbb\xbf").lstrip()
        declared = _DECLARED.match(content)
        if b"\0" in content[:4] or (declared and declared[1].decode().lower() not in _PLAIN):
            raise refused(self._contract, part, "XML in another encoding than UTF-8 or a Latin one")
        if b"<!DOCTYPE" in content.upper():
            raise refused(self._contract, part, "a document type declaration is not accepted")

    def _check_root(self, element: Any, part: str) -> None:
        """Whatever the prolog looked like, the parser must have seen no document type."""
        document = element.getroottree().docinfo
        if document.internalDTD is not None or document.externalDTD is not None or document.doctype:
            raise refused(self._contract, part, "a document type declaration is not accepted")

    def _ends(self, element: Any, header: dict[str, str]) -> bool:
        """Whether a group of rows ends here; notes what the header says."""
        name = _local(element)
        if name == _HEADER:
            header[name] = _text(element) or ""
        return name == self._group

    def _of_group(self, group: Any, header: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        rows = [child for child in group if _local(child) in self._row_names]
        around = dict(header)
        self._collect(group, group, around, skip=frozenset(self._row_names))
        for row in rows:
            values: dict[str, str] = {}
            self._collect(row, row, values)
            yield around | values

    def _collect(self, element: Any, top: Any, found: dict[str, str], skip: frozenset[str] = frozenset()) -> None:
        """First value of each wanted path in `element`; `top` is where paths may begin at the latest."""
        pending = [element]
        while pending:
            one = pending.pop()
            name = _local(one)
            for path in (*self._wanted.get(name, ()), *(self._wanted.get("", ()) if one is top else ())):
                value = _at(one, path)
                if value is not None:
                    found.setdefault(".".join(path), value)
            inside = [child for child in one if not (one is top and _local(child) in skip)]
            pending.extend(reversed(inside))


def _at(element: Any, path: tuple[str, ...]) -> str | None:
    """The value of `path` if it ends at `element`."""
    *above, last = path
    if not last.startswith("@"):
        above, value = [*above, last], _text(element)
    else:
        value = next((text for key, text in element.attrib.items() if _name(key) == last[1:]), None)
        if value is not None and last == "@type":
            value = value.rpartition(":")[2]  # a qualified name of xsi:type
    for name in reversed(above):
        if element is None or _local(element) != name:
            return None
        element = element.getparent()
    return value


def _text(element: Any) -> str | None:
    text = (element.text or "").strip()
    if text:
        return text
    for child in element:
        if _local(child) in _STANDS_FOR:
            return (child.text or "").strip() or None
    return None


def _local(element: Any) -> str:
    return _name(element.tag) if isinstance(element.tag, str) else ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _forget(element: Any) -> None:
    """Free a group and all that stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
