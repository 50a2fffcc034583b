"""Checks a published Parquet file against its certificate, from these two alone.

What can be recomputed without anything private: the file's digest, its number of rows, the smallest class of its
quasi-identifiers, and how many values of a sensitive column each class has. Classes are counted in rows, which are at
least as many as the protection units that the certificate speaks of; so a class under k here is one there too. That,
and the models that count units in other ways (entropy and recursive l, t-closeness, risks) or in a population, is what
the file can not show: :func:`beyond` says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.certificate_records import beyond_words
from catalog.errors import VerificationError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing recomputed: in French, what was found, and whether it is as the certificate says."""

    what: str
    found: str
    sound: bool


def verify(file: Path, certificate: Path) -> tuple[Check, ...]:
    """Recompute what the certificate says of the file.

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
        found += _counted(table, said)
    except (pa.ArrowException, KeyError, ValueError):
        raise VerificationError("ce n'est pas le fichier Parquet que décrit ce certificat") from None
    broken = [f"{check.what} ({check.found})" for check in found if not check.sound]
    if broken:
        raise VerificationError(f"le fichier n'est pas celui du certificat : {', '.join(broken)}")
    return tuple(found)


def beyond(certificate: Path) -> str:
    """What the certificate says that the file alone can not show, in a French sentence.

    Raises:
        VerificationError: it can not be read.
    """
    return beyond_words(_said(certificate).get("beyond", ()))


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
    found = [Check("lignes", str(table.num_rows), table.num_rows == said["rows"])]
    smallest = _least(groups["count_all"])
    found.append(Check("plus petit groupe, en lignes", str(smallest), smallest >= said["k"]))
    for name, least in diversity.items():
        fewest = _least(groups[f"{name}_count_distinct"])
        found.append(Check(f"valeurs de « {name} » par groupe", str(fewest), fewest >= least))
    return found


def _least(counts: pa.ChunkedArray) -> int:
    return int(pc.min(counts).as_py() or 0)
