"""Take people out of what is neither identifier nor harmless: free text, postal addresses, columns not to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from anonymization.addresses import address_to_commune
from pipeline.deidentification.check import Checked
from policies.contract import Commune, Contract, Technique


def redact(checked: Iterator[Checked], contract: Contract, communes: Sequence[Commune]) -> Iterator[Checked]:
    """Yield the batches with only stored columns, free text redacted and addresses reduced to their commune."""
    for item in checked:
        names, arrays = [], []
        for column in contract.columns:
            if not column.stored:
                continue
            values = item.batch.column(column.name)
            if column.privacy.technique is Technique.REDACT:
                values = _redacted(values)
            elif column.privacy.technique is Technique.COMMUNE:
                values = address_to_commune(values, communes)
            names.append(column.name)
            arrays.append(values)
        yield Checked(pa.record_batch(arrays, names=names), item.positions, item.rejects)


def _redacted(texts: pa.Array) -> pa.Array:
    """The detectors take seconds to load: only feeds with free text pay for them."""
    from anonymization.text import redact as redact_texts

    return redact_texts(texts).texts
