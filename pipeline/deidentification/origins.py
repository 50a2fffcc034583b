"""What rows of trusted say of their pseudonyms, and what may stand together."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from anonymization.pseudonyms import Origin, check_joinable, pseudonym_origin
from anonymization.pseudonyms.metadata import DOMAIN
from pipeline.errors import RotatingError


def pseudonym_epochs(schema: pa.Schema) -> dict[str, int]:
    """Return the epoch of each domain that has pseudonyms in a trusted schema.

    Raises:
        RotatingError: two columns of one domain are of different epochs: the domain was switched between them.
    """
    epochs: dict[str, int] = {}
    for origin in pseudonym_origins(schema).values():
        if epochs.setdefault(origin.domain, origin.epoch) != origin.epoch:
            raise RotatingError(f"domain {origin.domain} changed its epoch while rows were taken in; run this again")
    return epochs


def pseudonym_origins(schema: pa.Schema) -> dict[str, Origin]:
    """Return what the pseudonymised columns of a trusted schema say of themselves."""
    marked = [field for field in schema if DOMAIN.encode() in (field.metadata or {})]
    return {field.name: pseudonym_origin(field) for field in marked}


def check_same_origins(schemas: Iterable[pa.Schema]) -> None:
    """Refuse rows of several origins in one place.

    Raises:
        MixedPseudonymsError: a column has pseudonyms of another domain, algorithm or epoch in one of them.
    """
    first: dict[str, pa.Field] = {}
    for schema in schemas:
        for name in pseudonym_origins(schema):
            check_joinable(first.setdefault(name, schema.field(name)), schema.field(name))
