"""A YAML file together with the line each of its values stands on.

Plain loaders forget positions, let a repeated key win silently and read ``no`` as false where a word was meant; a
contract is judged by people, so every complaint must name a line. The node tree of PyYAML's C parser gives positions
at the speed of the plain loader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from policies.errors import Finding, PolicyError
from policies.french import explain_syntax, explain_system

Position = tuple[str | int, ...]  # keys and indexes from the root, as pydantic's `loc`

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, positions, and the digest of its bytes."""

    file: Path
    data: Any
    digest: str  # sha256, hex
    lines: dict[Position, int] = field(repr=False)

    def line(self, position: Position) -> int:
        """Line of the value at `position`, or of the nearest thing around it that exists."""
        while position and position not in self.lines:
            position = position[:-1]
        return self.lines.get(position, 1)

    def finding(self, position: Position, rule: str, sentence: str) -> Finding:
        """A complaint about the value at `position`."""
        return Finding(self.file, self.line(position), rule, sentence)


def read_document(file: Path, error: type[PolicyError]) -> Document:
    """Parse `file`.

    Raises:
        error: the file can not be read, is not YAML, or repeats a key.
    """
    try:
        content = file.read_bytes()
    except OSError as cause:
        raise error(
            Finding(file, 1, "unreadable", f"le fichier ne peut pas être lu ({explain_system(cause)})")
        ) from None
    lines: dict[Position, int] = {}
    loader = _LOADER(content)
    try:
        root = loader.get_single_node()
        repeated = [] if root is None else list(_index(root, (), lines))
        data = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as cause:
        line = cause.problem_mark.line + 1 if cause.problem_mark else 1
        raise error(
            Finding(file, line, "yaml", f"ce n'est pas du YAML correct : {explain_syntax(cause.problem)}")
        ) from None
    except (yaml.YAMLError, UnicodeError):
        raise error(Finding(file, 1, "yaml", "ce n'est pas du YAML correct, encodé en UTF-8")) from None
    finally:
        loader.dispose()
    document = Document(file, data, hashlib.sha256(content).hexdigest(), lines)
    if repeated:
        raise error(*(document.finding(p, "repeated-key", f"la clé « {p[-1]} » est répétée") for p in repeated))
    if not isinstance(data, dict):
        raise error(Finding(file, 1, "yaml", "le fichier doit contenir un objet à sa racine"))
    return document


def _index(node: yaml.Node, position: Position, lines: dict[Position, int]) -> Iterator[Position]:
    """Note the line of every value below `node`; yield the position of each repeated key."""
    lines.setdefault(position, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            below = (*position, str(key.value))
            lines[below] = key.start_mark.line + 1
            if key.value in seen:
                yield below
            seen.add(key.value)
            yield from _index(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _index(value, (*position, number), lines)
