"""Files of the territory that hierarchies and populations are read from: found, read, and judged line by line.

Only their form is judged here, so that a steward learns file and line before anything runs; the anonymization room
builds the hierarchies themselves, and refuses on its own what is not one. A file never leaves the territory's folder.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from policies.errors import Finding

RULE = "hierarchy-file"
COUNT = "effectif"  # the column of a population file that says how many members a line stands for


def read_file(folder: Path, name: str) -> str | None:
    """The text of a file of `folder`; None if there is none, or it is elsewhere, or not UTF-8."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def csv_findings(path: Path, content: str) -> Iterator[Finding]:
    """What keeps a CSV file (a line a value, a column a level, no header) from being a hierarchy."""
    lines = list(_lines(content))
    if not lines or len(lines[0][1]) < 2:
        yield Finding(path, 1, RULE, "la hiérarchie demande au moins une valeur et deux niveaux par ligne")
        return
    width, leaves = len(lines[0][1]), set[str]()
    above: list[dict[str, str]] = [{} for _ in range(width - 1)]
    for number, values in lines:
        if len(values) != width:
            yield Finding(path, number, RULE, f"cette ligne a {len(values)} niveaux ; la première en a {width}")
            continue
        if values[0] in leaves:
            yield Finding(path, number, RULE, "cette valeur figure déjà plus haut")
        leaves.add(values[0])
        if not all(values[1:]):
            yield Finding(path, number, RULE, "chaque valeur doit en avoir une à tous les niveaux")
        for level, (low, high) in enumerate(pairwise(values)):
            if above[level].setdefault(low, high) != high:
                yield Finding(
                    path, number, RULE, f"les niveaux ne s'emboîtent pas : une valeur du niveau {level} en a deux"
                )
    if len({values[-1] for _, values in lines}) > 1:
        yield Finding(path, lines[-1][0], RULE, "le dernier niveau doit être une valeur unique pour toutes les lignes")


def tree_findings(path: Path, content: str) -> Iterator[Finding]:
    """What keeps a YAML file from being a tree: one root, mappings inside, lists of values, none of them twice."""
    try:
        tree = yaml.safe_load(content)
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        yield Finding(path, mark.line + 1 if mark else 1, RULE, "ce n'est pas du YAML correct")
        return
    if not isinstance(tree, dict) or len(tree) != 1:
        yield Finding(path, 1, RULE, "un arbre a une seule racine")
        return
    leaves = list(_leaves(tree))
    if len(set(leaves)) != len(leaves):
        yield Finding(path, 1, RULE, "une valeur figure deux fois dans l'arbre")


def population_findings(path: Path, content: str, columns: tuple[str, ...]) -> Iterator[Finding]:
    """What keeps a CSV file, with a header, from being a population over the published quasi-identifiers."""
    lines = list(_lines(content))
    header = lines[0][1] if lines else []
    missing = [name for name in (*columns, COUNT) if name not in header]
    if missing:
        yield Finding(path, 1, RULE, f"la population n'a pas de colonne {', '.join(f'« {name} »' for name in missing)}")
        return
    place = header.index(COUNT)
    for number, values in lines[1:]:
        if len(values) != len(header) or not values[place].isdigit():
            yield Finding(path, number, RULE, f"« {COUNT} » doit être un nombre entier de membres")


def _lines(content: str) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers."""
    separator = ";" if ";" in content.split("\n", 1)[0] else ","
    for number, values in enumerate(csv.reader(content.splitlines(), delimiter=separator), 1):
        if values:
            yield number, values


def _leaves(node: Any) -> Iterator[str]:
    """The values at the ends of the branches; a name with nothing under it is one."""
    named = node.items() if isinstance(node, dict) else ((under, under) for under in node)
    for name, under in named:
        if isinstance(under, (dict, list)) and under:
            yield from _leaves(under)
        else:
            yield str(name if under in (None, {}, []) else under)
