"""Pseudonyms that an operator had custody make before it delivered: told from anything else, and kept as they are.

Such a value says its own origin, ``domain:epoch:pseudonym``, the last in base32 (RFC 4648, section 6). The hub sends
custody nothing: it only asks which epoch the domain is in, with an empty stream. What is not a pseudonym of the
contract's domain, or is one of another epoch, goes to quarantine: pseudonyms of two epochs never stand for the same
person, and a name in place of a pseudonym must not reach the trusted zone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import PSEUDONYM_BYTES, Origin, from_base32
from pipeline.deidentification.check import Checked, rejects_of
from pipeline.deidentification.pseudonymize import Outcome, Pseudonymizer
from pipeline.errors import RefusedError
from policies.contract import Column, Contract
from sources.protocol import REJECT_SCHEMA

# Sixteen bytes are 26 characters, of which the last has two bits that are zero.
_SHAPE = r"^(?P<domain>[a-z0-9-]{1,64}):(?P<epoch>0|[1-9][0-9]{0,8}):(?P<text>[A-Z2-7]{25}[AEIMQUY4])$"


def recognize(
    checked: Iterator[Checked], contract: Contract, custody: Pseudonymizer, outcome: Outcome
) -> Iterator[Checked]:
    """Yield the batches with every column made at source as 16 bytes; rows that are not of the domain are rejects.

    Raises:
        RefusedError: custody answered for another domain.
    """
    columns = [column for column in contract.columns if column.privacy.at_source]
    if not columns:
        return checked
    return _recognized(checked, columns, custody, outcome)


def _recognized(
    checked: Iterator[Checked], columns: list[Column], custody: Pseudonymizer, outcome: Outcome
) -> Iterator[Checked]:
    for column in columns:
        outcome.origins[column.name] = _present(column, custody)
    for item in checked:
        for column in columns:
            item = _read(item, column, outcome.origins[column.name])
        yield item


def _present(column: Column, custody: Pseudonymizer) -> Origin:
    """Domain, algorithm and epoch in which custody would answer now."""
    answers = custody.pseudonymize(str(column.privacy.domain), [])
    for _ in answers:
        raise RefusedError(f"column {column.name}: custody answered pseudonyms that nobody asked for")
    if answers.origin.domain != str(column.privacy.domain):
        raise RefusedError(f"column {column.name} was asked for in another domain than custody answered in")
    return answers.origin


def _read(item: Checked, column: Column, origin: Origin) -> Checked:
    """Three kinds of rows: without a value, of the domain's present epoch, and rejects."""
    values = item.batch.column(column.name).cast(pa.string())
    parts = pc.extract_regex(values, _SHAPE)
    shaped = pc.and_(pc.is_valid(parts), pc.fill_null(pc.equal(pc.struct_field(parts, "domain"), origin.domain), False))
    present = pc.and_(shaped, pc.fill_null(pc.equal(pc.struct_field(parts, "epoch"), str(origin.epoch)), False))
    kept = pc.or_(present, pc.is_null(values))
    texts = pc.if_else(present, pc.struct_field(parts, "text"), pa.scalar(None, pa.string()))
    pseudonyms = from_base32(texts, PSEUDONYM_BYTES).dictionary_encode()
    index = item.batch.schema.get_field_index(column.name)
    batch = item.batch.set_column(index, pa.field(column.name, pseudonyms.type), pseudonyms).filter(kept)
    rejects = [item.rejects]
    for code, wrong in (
        ("badPseudonym", pc.and_(pc.is_valid(values), pc.invert(shaped))),
        ("otherEpoch", pc.and_(shaped, pc.invert(present))),
    ):
        if pc.any(wrong).as_py():
            rejects.append(rejects_of(item.batch.filter(wrong), item.positions.filter(wrong), code, column.name))
    told = pa.Table.from_batches(rejects, REJECT_SCHEMA).combine_chunks().to_batches()
    return Checked(batch, item.positions.filter(kept), told[0] if told else item.rejects)
