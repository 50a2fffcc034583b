"""The generalization « listed »: values and their labels read from a CSV file of the territory's folder.

A line a value, a column a level, no header, `;` or `,`: the layout of a hierarchy's file. The contract names `file` and
`level` (1 is the first above the values). The loader puts what it read under `values`, so that nothing reads the file
again, and the contract's digest covers it: another content is another contract.

What must not change: a value outside the file is an error where it is met, never a blank.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from policies.contract import ReleasedColumn

LISTED = "listed"
VALUES, PROBLEM = "values", "problem"


def listed(column: ReleasedColumn, folder: Path) -> ReleasedColumn:
    """`column` with its list under option `values`, or what is wrong with it (French) under `problem`."""
    if column.generalization != LISTED:
        return column
    found = _read(folder, column.options.get("file"), column.options.get("level", 1))
    extra = {PROBLEM: found} if isinstance(found, str) else {VALUES: found}
    return replace(column, options={**column.options, **extra})


def digest_with_lists(digest: str, columns: Sequence[ReleasedColumn]) -> str:
    """The digest of a contract's file, and of the lists its columns are made with; the first alone if there is none."""
    lists = {column.name: column.options[VALUES] for column in columns if VALUES in column.options}
    if not lists:
        return digest
    return sha256((digest + json.dumps(lists, sort_keys=True, ensure_ascii=False)).encode()).hexdigest()


def _read(folder: Path, name: object, level: object) -> dict[str, str] | str:
    if not isinstance(name, str) or not isinstance(level, int) or level < 1:
        return "« listed » demande les options « file » (un CSV du dossier du territoire) et « level » (1 ou plus)"
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return f"le fichier {name} n'est pas dans le dossier du territoire"
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return f"le fichier {name} ne se lit pas en UTF-8"
    separator = ";" if ";" in text.split("\n", 1)[0] else ","
    values: dict[str, str] = {}
    for number, line in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1):
        if not line:
            continue
        if len(line) <= level or not all(line):
            return f"{name}, ligne {number} : il manque une valeur au niveau {level}"
        if values.setdefault(line[0], line[level]) != line[level]:
            return f"{name}, ligne {number} : cette valeur figure deux fois, sous deux autres"
    return values or f"le fichier {name} est vide"
