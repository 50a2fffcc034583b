"""The trusted zone's schema of a contract: what remains of each source column, and the bookkeeping of merges."""

from __future__ import annotations

import pyarrow as pa

from anonymization.pseudonyms import PSEUDONYM_TYPE, pseudonym_metadata
from pipeline.deidentification.merge import ARRIVAL, DELIVERY, DELIVERY_TYPE, POSITION, VERSION
from policies.contract import Column, Contract, Technique

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def trusted_schema(contract: Contract) -> pa.Schema:
    """Return the schema of the contract's trusted rows, in the contract's order.

    A pseudonym's field metadata says its domain, algorithm and epoch; every field's says its category and technique.
    """
    fields = [_field(column) for column in contract.columns if column.stored]
    bookkeeping = [
        pa.field(VERSION, pa.int64(), nullable=False),
        pa.field(ARRIVAL, pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field(DELIVERY, DELIVERY_TYPE, nullable=False),
        pa.field(POSITION, pa.int64(), nullable=False),
    ]
    return pa.schema(fields + bookkeeping)


def _field(column: Column) -> pa.Field:
    technique = column.privacy.technique
    metadata = {"ardoise.category": column.privacy.category.value, "ardoise.technique": technique.value}
    kind = _TYPES[column.logical_type]
    if technique is Technique.PSEUDONYMIZE:
        kind = PSEUDONYM_TYPE
        metadata |= pseudonym_metadata(str(column.privacy.domain))
    return pa.field(column.name, kind, metadata=metadata)
