"""Checks a published Parquet file against its certificate, from these two alone.

What can be recomputed without anything private: the file's digest and its number of rows; of records, the smallest
class of their quasi-identifiers, and how many values of a sensitive column each class has; of a table, the smallest
published cell, whether a secret cell bears a figure, and whether one is told by its total and the cells beside it.
Classes are counted in rows, which are at least as many as the protection units that the certificate speaks of; so a
class under k here is one there too. The catalogue's page does the same in a browser, on the CSV; that both files hold
the same rows is shown here, where the CSV is given too.
That, and the models that count units in other ways (entropy and recursive l, t-closeness, risks) or in a population, is
what the file can not show: :func:`beyond` says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from catalog.certificate_records import BEYOND_TABLES, beyond_words
from catalog.errors import VerificationError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing recomputed: in French, what was found, and whether it is as the certificate says."""

    what: str
    found: str
    sound: bool


def verify(file: Path, certificate: Path, csv: Path | None = None) -> tuple[Check, ...]:
    """Recompute what the certificate says of the file, and of the CSV of the same release where it is given.

    Raises:
        VerificationError: something is not as it says, or one of them can not be read. Carries what was found.
    """
    said = _said(certificate)
    try:
        data = file.read_bytes()
    except OSError:
        raise VerificationError("le fichier ne peut pas être lu") from None
    digest = sha256(data).hexdigest()
    found = [Check("empreinte", f"{digest[:16]}…", digest == said["digest"])]
    try:
        table = pq.read_table(pa.BufferReader(data))
        found.append(Check("lignes", str(table.num_rows), table.num_rows == said["rows"]))
        found += _OF_KIND[said.get("kind", "records")](table, said)
        found += _same_rows(table, csv, certificate) if csv is not None else []
    except (pa.ArrowException, KeyError, ValueError):
        raise VerificationError("ce n'est pas le fichier Parquet que décrit ce certificat") from None
    broken = [f"{check.what} ({check.found})" for check in found if not check.sound]
    if broken:
        raise VerificationError(f"le fichier n'est pas celui du certificat : {', '.join(broken)}")
    return tuple(found)


def _same_rows(table: pa.Table, csv: Path, certificate: Path) -> list[Check]:
    """Whether the CSV is the certificate's, and holds the table's rows, in order, value for value; it tells seconds."""
    try:
        data = csv.read_bytes()
    except OSError:
        raise VerificationError("le fichier CSV ne peut pas être lu") from None
    files = json.loads(certificate.read_bytes()).get("files", ())
    digest, known = sha256(data).hexdigest(), [each["digest"] for each in files if each["format"] == "csv"]
    schema = pa.schema([(each.name, getattr(each.type, "value_type", each.type)) for each in table.schema])
    read = pacsv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    try:
        rows = pacsv.read_csv(
            pa.BufferReader(data), convert_options=read, parse_options=pacsv.ParseOptions(newlines_in_values=True)
        )
        same = rows.equals(_to_the_second(table.cast(schema)).replace_schema_metadata(None))
    except pa.ArrowException:
        same = False
    return [
        Check("CSV, empreinte", f"{digest[:16]}…", digest in known),
        Check("CSV, mêmes lignes que le Parquet", "oui" if same else "non", same),
    ]


def _to_the_second(table: pa.Table) -> pa.Table:
    for place, each in enumerate(table.schema):
        if pa.types.is_timestamp(each.type):
            table = table.set_column(place, each, pc.floor_temporal(table[place], unit="second"))
    return table


def beyond(certificate: Path) -> str:
    """What the certificate says that the file alone can not show, in a French sentence.

    Raises:
        VerificationError: it can not be read.
    """
    said = _said(certificate)
    return beyond_words(said.get("beyond", ())) if said.get("kind", "records") == "records" else BEYOND_TABLES


def _said(certificate: Path) -> Mapping[str, Any]:
    try:
        said = json.loads(certificate.read_bytes()).get("verification")
    except (OSError, ValueError, AttributeError):
        raise VerificationError("le certificat ne peut pas être lu : donnez certificat.json") from None
    if not isinstance(said, dict):
        raise VerificationError("ce certificat ne dit rien qui se vérifie sur le fichier seul")
    return said


def _counted(table: pa.Table, said: Mapping[str, Any]) -> list[Check]:
    keys: Sequence[str] = said["quasi_identifiers"]
    every = pc.CountOptions(mode="all")
    diversity: Mapping[str, int] = said["diversity"]
    asked: list[Any] = [([], "count_all"), *((name, "count_distinct", every) for name in diversity)]
    groups = table.group_by(list(keys)).aggregate(asked)
    smallest = _least(groups["count_all"])
    found = [Check("plus petit groupe, en lignes", str(smallest), smallest >= said["k"])]
    for name, least in diversity.items():
        fewest = _least(groups[f"{name}_count_distinct"])
        found.append(Check(f"valeurs de « {name} » par groupe", str(fewest), fewest >= least))
    return found


def _cells(table: pa.Table, said: Mapping[str, Any]) -> list[Check]:
    column, shown = said["status"] or (None, None)
    published = pc.equal(table[column], shown) if column else pa.array([True] * table.num_rows)
    units = pc.min(table[said["units"]].filter(published)).as_py()
    least = said["minimum_units"] if units is None else units
    found = [Check("plus petite case publiée, en unités", str(least), least >= said["minimum_units"])]
    if column:
        secret = pc.invert(published)
        told = sum(pc.sum(pc.and_(secret, table[name].is_valid())).as_py() or 0 for name in said["figures"])
        found.append(Check("chiffres dans une case secrète", str(told), told == 0))
        alone = lone_secrets(table.to_pylist(), said)
        found.append(Check("cases secrètes que leur total révèle", str(alone), alone == 0))
    return found


def lone_secrets(rows: Sequence[Mapping[str, Any]], said: Mapping[str, Any]) -> int:
    """Count the sums, a total and the cells just under it, in which one cell alone is secret: subtraction tells it.

    A table is small: at most a row for each cell that people read.
    """
    (column, shown), dimensions = said["status"], said["dimensions"]
    sums: dict[tuple[Any, ...], list[int]] = {}  # of each sum: its secret cells, and how many stand under its total
    for row in rows:
        secret = int(row[column] != shown)
        paths = [_path(row, levels, total) for levels, total in dimensions]
        apart = tuple(row[name] for name in said["apart"])
        for place, path in enumerate(paths):
            others = (apart, place, *paths[:place], *paths[place + 1 :])
            sums.setdefault((others, path), [0, 0])[0] += secret
            if path:
                under = sums.setdefault((others, path[:-1]), [0, 0])
                under[0], under[1] = under[0] + secret, under[1] + 1
    return sum(secrets == 1 and members > 0 for secrets, members in sums.values())


def _path(row: Mapping[str, Any], levels: Sequence[str], total: str) -> tuple[Any, ...]:
    values = [row[name] for name in levels]
    return tuple(values[: values.index(total)] if total in values else values)


def _nothing_more(table: pa.Table, said: Mapping[str, Any]) -> list[Check]:
    return []


_OF_KIND: Mapping[str, Callable[[pa.Table, Mapping[str, Any]], list[Check]]] = {
    "records": _counted,
    "table": _cells,
    "file": _nothing_more,
}


def _least(counts: pa.ChunkedArray) -> int:
    return int(pc.min(counts).as_py() or 0)
