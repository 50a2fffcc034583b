"""Carry the pseudonyms of one table to another epoch, and make sure that it is the same table under other names.

Custody sees each distinct pseudonym of a column once. What comes back must be as many, all different and none of them
missing; rows, nulls and every other column stay. The rows are then put in the order of their key again: the order they
had is that of the old pseudonyms, and would tell which is which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import Origin, RotationCounts, RotationCustodian, pseudonym_metadata
from pipeline.deidentification.merge import DELIVERY, POSITION, merge
from pipeline.deidentification.origins import pseudonym_origins
from pipeline.errors import BadInputError, RefusedError

SLICE = 1 << 20  # pseudonyms sent at a time


@dataclass(frozen=True, slots=True)
class Carried:
    """A table at its new epoch, and what of it was carried."""

    table: pa.Table
    counts: RotationCounts


def rotating_columns(schema: pa.Schema, domain: str, epoch: int) -> list[str]:
    """The columns that hold pseudonyms of `domain`, all of the epoch before `epoch`.

    Raises:
        BadInputError: one of them is of another epoch: it can not be carried.
    """
    names = []
    for name, origin in pseudonym_origins(schema).items():
        if origin.domain != domain:
            continue
        if origin.epoch != epoch - 1:
            raise BadInputError(
                f"column {name} has pseudonyms of domain {domain} at epoch {origin.epoch}, which can not be carried to "
                f"epoch {epoch}; make its periods again from their deliveries"
            )
        names.append(name)
    return names


def carry(
    table: pa.Table, names: list[str], custody: RotationCustodian, run_id: str, target: Origin, key: tuple[str, ...]
) -> Carried:
    """Return `table` with the columns `names` at the epoch of `target`, sorted by `key`.

    Args:
        key: the contract's primary key; where there is no contract any more, empty.

    Raises:
        RefusedError: what custody answered is no bijection: nothing of it is used.
    """
    counts = RotationCounts()
    for name in names:
        column = table.column(name).combine_chunks()
        old = pc.unique(column).drop_null()
        new = _rotate(old, custody, run_id, target)
        index = table.schema.get_field_index(name)
        field = table.schema.field(name)
        metadata = dict(field.metadata) | {
            name.encode(): value.encode()
            for name, value in pseudonym_metadata(target.domain, target.epoch, target.algorithm).items()
        }
        table = table.set_column(index, field.with_metadata(metadata), new.take(pc.index_in(column, value_set=old)))
        counts += RotationCounts(1, len(column) - column.null_count, len(old))
    order = key or (*names, DELIVERY, POSITION)
    merged = merge([table], table.schema, order)
    if merged.replaced:
        raise RefusedError("rows that had keys of their own would have the same one: nothing is carried")
    return Carried(merged.table, counts)


def check_carried(old: pa.Table, new: pa.Table, domain: str, epoch: int) -> RotationCounts:
    """What was carried from `old` to `new`, both read back.

    Raises:
        BadInputError: `new` is not `old` under other pseudonyms.
    """
    counts = RotationCounts()
    if old.num_rows != new.num_rows or old.schema.names != new.schema.names:
        raise BadInputError(
            "a period was carried over with other rows or columns; remove its new pointer and run again"
        )
    for name in rotating_columns(old.schema, domain, epoch):
        origin = pseudonym_origins(new.schema)[name]
        before, after = (table.column(name).combine_chunks() for table in (old, new))
        distinct = pc.count_distinct(before).as_py()
        same = (before.null_count, distinct) == (after.null_count, pc.count_distinct(after).as_py())
        if not same or (origin.domain, origin.epoch) != (domain, epoch):
            raise BadInputError(f"column {name} was not carried over whole; remove its new pointer and run again")
        counts += RotationCounts(1, len(before) - before.null_count, distinct)
    return counts


def _rotate(old: pa.Array, custody: RotationCustodian, run_id: str, target: Origin) -> pa.Array:
    """The pseudonyms of `old` at the epoch of `target`, in the same order."""
    token = custody.create_rotation_run(run_id, target.domain, quota=len(old))
    answer = custody.with_token(token).rotate(target.domain, _slices(old))
    arrays = list(answer)
    if answer.origin != target:
        raise RefusedError(f"custody carried pseudonyms of domain {target.domain} to something else than was asked")
    new = pa.concat_arrays(arrays) if arrays else old
    if len(new) != len(old) or new.null_count or pc.count_distinct(new).as_py() != len(old):
        raise RefusedError(f"custody's answer for domain {target.domain} is no bijection: nothing of it is used")
    return new


def _slices(array: pa.Array) -> Iterator[pa.Array]:
    for start in range(0, len(array), SLICE):
        yield array.slice(start, SLICE)
