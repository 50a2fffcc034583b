"""Hierarchies from texts: CSV files, prefixes of codes (INSEE, postal, NAF), and trees in YAML."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from anonymization.errors import HierarchyError
from anonymization.hierarchies.hierarchy import Hierarchy, text_of

ROOT = "*"


def from_csv(attribute: str, source: Path | str) -> Hierarchy:
    """Read one line per leaf and one column per level, separated by « ; » or « , »; no header.

    `source` is a path, or the content itself where it is a string with a line break. An empty first column is the
    leaf of missing values.

    Raises:
        HierarchyError: unreadable file, uneven lines, or not a hierarchy.
    """
    try:
        is_content = isinstance(source, str) and "\n" in source
        content = source if is_content else Path(source).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise HierarchyError(f"hierarchy of « {attribute} »: its CSV file can not be read") from None
    first_line = str(content).split("\n", 1)[0]
    separator = ";" if ";" in first_line else ","
    lines = [line for line in csv.reader(str(content).splitlines(), delimiter=separator) if line]
    if len({len(line) for line in lines}) > 1:
        raise HierarchyError(f"hierarchy of « {attribute} »: every line must have the same number of levels")
    columns: list[list[str | None]] = [list(column) for column in zip(*lines, strict=True)]
    if columns:
        columns[0] = [value or None for value in columns[0]]
        columns[1:] = [[value or None for value in column] for column in columns[1:]]
    return Hierarchy.from_levels(attribute, columns)


def from_prefixes(attribute: str, values: Iterable[object], lengths: Sequence[int], root: str = ROOT) -> Hierarchy:
    """Cut codes to ever shorter prefixes: `lengths` descending, such as (3, 2) for postal codes, then one root.

    Raises:
        HierarchyError: lengths that do not decrease, or a code shorter than the first.
    """
    leaves = [text_of(value) or "" for value in dict.fromkeys(values)]
    if list(lengths) != sorted(set(lengths), reverse=True) or any(length < 1 for length in lengths):
        raise HierarchyError(f"hierarchy of « {attribute} »: prefix lengths must decrease and be at least 1")
    if lengths and any(len(leaf) < lengths[0] for leaf in leaves):
        raise HierarchyError(f"hierarchy of « {attribute} »: a code is shorter than its longest prefix")
    levels = [[leaf[:length] for leaf in leaves] for length in lengths]
    return Hierarchy.from_levels(attribute, [leaves, *levels, [root] * len(leaves)])


def from_tree(attribute: str, source: Path | str | dict[str, Any]) -> Hierarchy:
    """Read a YAML tree: one root whose mappings are inner values and whose lists hold leaves.

    Leaves nearer to the root than others stand for themselves at the levels between, as in Iyengar's taxonomy trees.

    Raises:
        HierarchyError: not YAML, not one root, or a leaf found twice.
    """
    tree = source if isinstance(source, dict) else _yaml(attribute, source)
    if not isinstance(tree, dict) or len(tree) != 1:
        raise HierarchyError(f"hierarchy of « {attribute} »: a tree must have one root")
    paths: list[list[str]] = []
    _walk(attribute, tree, [], paths)
    depth = max(len(path) for path in paths)
    padded = [[path[-1]] * (depth - len(path)) + path[::-1] for path in paths]
    return Hierarchy.from_levels(attribute, [list(level) for level in zip(*padded, strict=True)])


def _yaml(attribute: str, source: Path | str) -> Any:
    try:
        text = source.read_text("utf-8") if isinstance(source, Path) else source
        return yaml.safe_load(text)
    except (OSError, yaml.YAMLError):
        raise HierarchyError(f"hierarchy of « {attribute} »: its YAML tree can not be read") from None


def _walk(attribute: str, node: Any, above: list[str], paths: list[list[str]]) -> None:
    """Collect the path from the root to each leaf."""
    if isinstance(node, dict) and node:
        for name, under in node.items():
            _walk(attribute, under, [*above, str(text_of(name))], paths)
    elif isinstance(node, list) and node:
        for under in node:
            _walk(attribute, under, above, paths)
    elif node is None or isinstance(node, (dict, list)):
        if not above:
            raise HierarchyError(f"hierarchy of « {attribute} »: it has no leaf")
        paths.append(above)
    else:
        paths.append([*above, str(text_of(node))])
