"""The trusted zone's schema of a contract: what remains of each source column, and the bookkeeping of merges."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from anonymization.pseudonyms import PSEUDONYM_TYPE, Origin, pseudonym_metadata
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


def trusted_schema(contract: Contract, origins: Mapping[str, Origin]) -> pa.Schema:
    """Return the schema of the contract's trusted rows, in the contract's order.

    A pseudonym's field metadata says its domain, algorithm and epoch; every field's says its category and technique.

    Args:
        origins: what custody said of each pseudonymised column, by its name.
    """
    fields = [_field(column, origins) for column in contract.columns if column.stored]
    bookkeeping = [
        pa.field(VERSION, pa.int64(), nullable=False),
        pa.field(ARRIVAL, pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field(DELIVERY, DELIVERY_TYPE, nullable=False),
        pa.field(POSITION, pa.int64(), nullable=False),
    ]
    return pa.schema(fields + bookkeeping)


def _field(column: Column, origins: Mapping[str, Origin]) -> pa.Field:
    technique = column.privacy.technique
    metadata = {"ardoise.category": column.privacy.category.value, "ardoise.technique": technique.value}
    kind = _TYPES[column.logical_type]
    if technique is Technique.PSEUDONYMIZE:
        kind = PSEUDONYM_TYPE
        origin = origins[column.name]
        metadata |= pseudonym_metadata(origin.domain, origin.epoch, origin.algorithm)
    return pa.field(column.name, kind, metadata=metadata)
