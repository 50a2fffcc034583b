"""NGSI-LD entities (ETSI GS CIM 009 v1.8, 4.5 and 5.2), normalised or key-values, one or in batches, to typed batches.

A document is an entity, an array of entities (batches, query results), or a notification with its entities in `data`.
A part called `….ndjson`, as messages come in, has a document a line. A row is an entity. Physical names, by short names
of attributes:

- `id`, `type`, `scope`;
- `<attribute>`: its value (`value`, `object`, `languageMap`, `vocab` or `json`; in key-values the attribute itself);
- `<attribute>.<key>`: a key of a structured value (`activePower.L1`), or of a Point `longitude` and `latitude`; else
  of the normalised form `observedAt`, `unitCode`, `datasetId`, or a sub-attribute's value.

`unitCode` (UN/ECE Recommendation 20) tells the unit of a value; it is converted to the contract's. An attribute given
several times under different `datasetId` is read at its default instance, which has none (4.5.5); without one the
entity is rejected. `@context` is never fetched: the contract names what it wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import msgspec

from policies.contract import Contract, Territory
from sources.decoders.documents import Document, documents
from sources.decoders.lines import blocks, split_lines
from sources.decoders.records import Segment, Unreadable, Values, decode_records, names_read, unit_of
from sources.decoders.shaped import Naming, Shaped, shown
from sources.decoders.shapes import Shape
from sources.errors import PayloadError
from sources.options import NgsiLdOptions, read_options
from sources.protocol import Decoded, PayloadPart
from sources.rules import reading_rules

_MEMBERS = {"id", "type", "scope"}
_VALUES = ("value", "object", "languageMap", "vocab", "json")
_POINT = {"longitude": 0, "latitude": 1}
_NOTIFIED = ("data",)


class NgsiLdDecoder:
    """Decodes parts that are entities, batches of them, or notifications."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        options = read_options(contract, NgsiLdOptions)
        self._contract = contract
        self._rules = reading_rules(contract, options, territory)
        self._type = options.entity_type
        self._names = names_read(contract)
        attributes = dict.fromkeys(name.partition(".")[0] for name in self._names)
        naming = Naming({name: name for name in attributes}, asked=("id", "type"))
        self._batch = Shaped(contract, naming, (), "a batch of NGSI-LD entities", self._concerned)
        self._notified = Shaped(contract, naming, _NOTIFIED, "an NGSI-LD notification", self._concerned)
        self._attributes = list(attributes)

    def decode(self, parts: Iterator[PayloadPart]) -> Iterator[Decoded]:
        """Yield batches. See :class:`sources.protocol.Decoder`."""
        return decode_records(self._contract, self._rules, self._segments(parts))

    def _segments(self, parts: Iterator[PayloadPart]) -> Iterator[Segment]:
        for part in parts:
            if part.name.endswith(".ndjson"):
                for block in blocks(part.stream, self._contract, part.name):
                    yield from self._lines(block, part.name)
                continue
            for document in documents(part, self._contract, [(), _NOTIFIED]):
                for segment in self._entities(document, part.name):
                    yield Segment(segment.records, self._values, segment.raw, segment.clean)

    def _lines(self, block: bytes, part: str) -> Iterator[Segment]:
        """A block of lines, a document each. One that is not JSON spoils itself alone."""
        lines = lru_cache(1)(partial(split_lines, block))
        if b"\n[" not in block and not block.startswith(b"[") and b'"Notification"' not in block:
            segment = self._batch.lines(block, lines)
            yield Segment(segment.records, self._values, segment.raw, segment.clean)
            return
        for line in lines():
            try:
                found = list(self._entities(Document(line), part))
            except PayloadError:
                yield Segment([Unreadable("badJson")], self._values, lambda _, line=line: shown(line))  # type: ignore[misc]
                continue
            for segment in found:
                yield Segment(segment.records, self._values, segment.raw, segment.clean)

    def _entities(self, document: Document, part: str) -> Iterator[Segment]:
        if document.content.lstrip()[:1] != b"{":
            return self._batch.segments(document, part)
        if _is_notification(document.content):
            return self._notified.segments(document, part)
        return self._batch.segments(document.in_array(), part)

    def _concerned(self, shape: Shape, records: Sequence[Any]) -> Mapping[int, Unreadable | None]:
        """Passes over entities of other types; sets aside what is no entity, or leaves open which value is meant."""
        judged: dict[int, Unreadable | None] = {}
        for name in self._attributes:
            for row, value in enumerate(shape.along(name, records)):
                if isinstance(value, list) and _is_plural(value) and _default(value) is None:
                    judged.setdefault(row, Unreadable("severalInstances", name))
        identifiers, types = shape.along("id", records), shape.along("type", records)
        for row, (identifier, kind) in enumerate(zip(identifiers, types, strict=True)):
            kinds = kind if isinstance(kind, list) else [kind]
            if not isinstance(identifier, str) or not all(isinstance(one, str) for one in kinds):
                judged[row] = Unreadable("notEntity")
            elif self._type is not None and self._type not in kinds:
                judged[row] = None
        return judged

    def _values(self, records: Sequence[Any]) -> Values:
        shape = self._batch.record
        if records and not isinstance(records[0], shape.type):
            shape = self._notified.record
        attributes = {name: [_instance(one) for one in shape.along(name, records)] for name in self._attributes}
        found: dict[str, list[Any]] = {}
        for name in self._names:
            attribute, _, key = name.partition(".")
            values = attributes[attribute]
            found[name] = [_inside(one, key) for one in values] if key else [_value(one) for one in values]
            if not key or key not in ("observedAt", "unitCode", "datasetId"):
                found[unit_of(name)] = [_unit(one) for one in values]
        return found


def _is_notification(document: bytes) -> bool:
    try:
        members = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
        return bytes(members.get("type", msgspec.Raw(b""))) == b'"Notification"' and "data" in members
    except (ValueError, RecursionError):
        return False  # whoever reads it says why


def _is_plural(attribute: Any) -> bool:
    """Whether these are several instances of one attribute, and not an array of values."""
    return (
        isinstance(attribute, list)
        and bool(attribute)
        and all(isinstance(one, dict) and "type" in one and any(key in one for key in _VALUES) for one in attribute)
    )


def _default(instances: list[dict[str, Any]]) -> dict[str, Any] | None:
    own = [one for one in instances if one.get("datasetId") is None]
    return own[0] if len(own) == 1 else None


def _instance(attribute: Any) -> Any:
    return _default(attribute) if _is_plural(attribute) else attribute


def _is_normalized(attribute: Any) -> bool:
    """Whether this is an attribute in its normalised form, and not a structured value of the key-values form."""
    if not isinstance(attribute, dict):
        return False
    kind = attribute.get("type")
    return isinstance(kind, str) and any(key in attribute for key in _VALUES)


def _value(attribute: Any) -> Any:
    value = attribute
    if _is_normalized(attribute):
        value = next(attribute[key] for key in _VALUES if key in attribute)
    if isinstance(value, dict) and "@value" in value:
        return value["@value"]
    return value


def _inside(attribute: Any, path: str) -> Any:
    """What stands under `path` in the value, or else in the attribute."""
    value = _value(attribute)
    if path in _POINT and isinstance(value, dict) and value.get("type") == "Point":
        position = value.get("coordinates")
        return position[_POINT[path]] if isinstance(position, list) and len(position) >= 2 else None
    found = _walk(value, path)
    return found if found is not None or not _is_normalized(attribute) else _value(_walk(attribute, path))


def _walk(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _unit(attribute: Any) -> Any:
    return attribute.get("unitCode") if _is_normalized(attribute) else None
