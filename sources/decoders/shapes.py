"""What a contract reads of a JSON record, as a type: the parser then builds nothing else.

Physical names are paths of keys with dots (`data.timestamp`). From those of a contract a tree of msgspec structs is
made; fields that nobody named are skipped without becoming objects, which is what makes JSON as fast here as in
Arrow's reader, and is why an unknown column can not be stored. Values of any JSON type are taken as they come: they
are judged by column.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec


@dataclass(slots=True)
class _Node:
    """A key that is read as an object: what is read inside of it."""

    inside: dict[str, _Node] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # paths that end here
    type: Any = Any
    empty: Any = None
    attributes: dict[str, str] = field(default_factory=dict)  # key -> attribute of the struct


class Shape:
    """The struct that reads some paths of an object, and their values by column.

    A path inside another that is read too (`a` and `a.b`) is taken out of the other's value.
    """

    def __init__(self, paths: Iterable[str], extra: dict[str, Any] | None = None) -> None:
        """`extra`: further keys of the object itself, with the type to read them as."""
        self._root = _Node()
        for path in paths:
            node = self._root
            for key in path.split("."):
                node = node.inside.setdefault(key, _Node())
            node.names.append(path)
        self.type: Any = _typed(self._root, extra or {})
        self.array = _array_of(self.type)
        self._quick = self._getters()
        self.extra = {key: f"x{number}" for number, key in enumerate(extra or {})}

    def values(self, objects: Sequence[Any]) -> dict[str, list[Any]]:
        """The value of each path in each object; None where a key on the way is missing or no object."""
        found: dict[str, list[Any]] = {}
        try:
            _collect(self._root, objects, found, bare=True)
        except AttributeError:  # null in place of an object somewhere
            _collect(self._root, objects, found, bare=False)
        return found

    def along(self, path: str, objects: Sequence[Any]) -> list[Any]:
        """The value of one path that lies inside no other, in each object."""
        try:
            return list(map(self._quick[path], objects))
        except AttributeError:
            return self.values(objects)[path]

    def _getters(self) -> dict[str, attrgetter[Any]]:
        """How to get at paths that lie inside no other path."""
        found = {}
        pending = [(self._root, "")]
        while pending:
            node, before = pending.pop()
            for key, child in node.inside.items():
                attribute = before + node.attributes[key]
                found.update(dict.fromkeys(child.names, attrgetter(attribute)))
                if not child.names:
                    pending.append((child, f"{attribute}."))
        return found


def wrapped(key: str, kind: Any) -> tuple[Any, Any]:
    """The struct of an object that must hold a `kind` under `key`, as `inside`; and the type of an array of those."""
    around = msgspec.defstruct("Around", [("inside", kind, msgspec.field(name=key))], gc=False)
    return around, _array_of(around)


def _array_of(kind: Any) -> Any:
    """The type of an array of `kind`: made at run time, so no type checker may look."""
    return types.GenericAlias(list, (kind,))


def _typed(node: _Node, extra: dict[str, Any]) -> Any:
    """The struct of `node`, all fields optional; `gc` is off as parsed values form no cycles."""
    fields: list[Any] = [
        (f"x{number}", kind, msgspec.field(name=key)) for number, (key, kind) in enumerate(extra.items())
    ]
    for number, (key, child) in enumerate(node.inside.items()):
        attribute = node.attributes[key] = f"f{number}"
        if child.inside and not child.names:
            fields.append((attribute, _typed(child, {}) | None, msgspec.field(name=key, default=None)))
        else:
            fields.append((attribute, Any, msgspec.field(name=key, default=None)))
    node.type = msgspec.defstruct("Record", fields, gc=False)
    node.empty = None if extra else node.type()
    return node.type


def _collect(node: _Node, objects: Sequence[Any], found: dict[str, list[Any]], bare: bool) -> None:
    """Values below `node`, level by level; `bare`: no object is null, which is dearer to look for than to find out."""
    for key, child in node.inside.items():
        values = list(map(attrgetter(node.attributes[key]), objects))
        for name in child.names:
            found[name] = values
        if child.inside and child.names:
            for inner, below in child.inside.items():
                _walk(below, [value.get(inner) if isinstance(value, dict) else None for value in values], found)
        elif child.inside:
            filled = values if bare else [child.empty if value is None else value for value in values]
            _collect(child, filled, found, bare)


def _walk(node: _Node, values: list[Any], found: dict[str, list[Any]]) -> None:
    """The same through parsed objects."""
    for name in node.names:
        found[name] = values
    for key, child in node.inside.items():
        _walk(child, [value.get(key) if isinstance(value, dict) else None for value in values], found)
