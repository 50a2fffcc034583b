"""The trusted zone's schema of a contract: what remains of each source column, and the bookkeeping of merges."""

from __future__ import annotations

import pyarrow as pa

from pipeline.deidentification.merge import ARRIVAL, DELIVERY, POSITION, VERSION
from policies.contract import Column, Contract, Technique

PSEUDONYM = pa.binary(16)
EPOCH = "0"

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def trusted_schema(contract: Contract, algorithm: str) -> pa.Schema:
    """Return the schema of the contract's trusted rows.

    Args:
        contract: decides columns and their order.
        algorithm: how custody made the pseudonyms; stands in their field metadata with domain and epoch.
    """
    fields = [_field(column, algorithm) for column in contract.columns if column.stored]
    bookkeeping = [
        pa.field(VERSION, pa.int64(), nullable=False),
        pa.field(ARRIVAL, pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field(DELIVERY, pa.string(), nullable=False),
        pa.field(POSITION, pa.int64(), nullable=False),
    ]
    return pa.schema(fields + bookkeeping)


def _field(column: Column, algorithm: str) -> pa.Field:
    technique = column.privacy.technique
    metadata = {"ardoise.category": column.privacy.category.value, "ardoise.technique": technique.value}
    kind = _TYPES[column.logical_type]
    if technique is Technique.PSEUDONYMIZE:
        kind = PSEUDONYM
        metadata |= {
            "ardoise.domain": str(column.privacy.domain),
            "ardoise.algorithm": algorithm,
            "ardoise.epoch": EPOCH,
        }
    return pa.field(column.name, kind, metadata=metadata)
