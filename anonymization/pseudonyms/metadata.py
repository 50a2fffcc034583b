"""What the field of a pseudonymised column says of itself, and joins that believe nothing else.

Domain, algorithm and epoch travel in the field's metadata, through Arrow IPC and Parquet. Two columns of pseudonyms may
be compared only if all three are equal: pseudonyms of two epochs never match, so an anti-join against objections across
epochs would let every objection through, silently. Every join of pseudonyms goes through here; what does not say its
origin does not join.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from anonymization.pseudonyms.errors import MixedPseudonymsError, PseudonymOriginError
from anonymization.pseudonyms.kinds import Kind

DOMAIN, ALGORITHM, EPOCH = "ardoise.domain", "ardoise.algorithm", "ardoise.epoch"


@dataclass(frozen=True, slots=True)
class Origin:
    """How a column of pseudonyms was made."""

    domain: str
    algorithm: str
    epoch: int


def pseudonym_metadata(domain: str, epoch: int = 0, algorithm: str = Kind.ONE_WAY.algorithm) -> dict[str, str]:
    """Return the Arrow field metadata that says how a pseudonymised column was made."""
    return {DOMAIN: domain, ALGORITHM: algorithm, EPOCH: str(epoch)}


def pseudonym_origin(field: pa.Field) -> Origin:
    """Return what a field says of its pseudonyms.

    Raises:
        PseudonymOriginError: it does not say it, or not in full.
    """
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    domain, algorithm, epoch = (metadata.get(key, "") for key in (DOMAIN, ALGORITHM, EPOCH))
    if not (domain and algorithm and epoch.isascii() and epoch.isdigit()):
        raise PseudonymOriginError(f"column « {field.name} » does not say of which domain, algorithm and epoch it is")
    return Origin(domain, algorithm, int(epoch))


def check_joinable(left: pa.Field, right: pa.Field) -> Origin:
    """Return the common origin of two columns of pseudonyms.

    Raises:
        PseudonymOriginError: one of them does not say its own.
        MixedPseudonymsError: they differ in domain, algorithm or epoch.
    """
    ours, theirs = pseudonym_origin(left), pseudonym_origin(right)
    for what in ("domain", "algorithm", "epoch"):
        one, other = getattr(ours, what), getattr(theirs, what)
        if one != other:
            raise MixedPseudonymsError(
                f"columns « {left.name} » and « {right.name} » can not be compared: "
                f"their pseudonyms differ in {what}, {one} and {other}"
            )
    return ours


def join(left: pa.Table, right: pa.Table, left_on: str, right_on: str | None = None) -> pa.Table:
    """Return the rows of both tables that have the same pseudonym; null joins nothing.

    Args:
        left_on: the column of pseudonyms in ``left``.
        right_on: the one in ``right``, by default of the same name.

    Raises:
        PseudonymOriginError, MixedPseudonymsError: see :func:`check_joinable`.
    """
    return _joined(left, right, left_on, right_on, "inner")


def semi_join(left: pa.Table, right: pa.Table, left_on: str, right_on: str | None = None) -> pa.Table:
    """Return the rows of ``left`` whose pseudonym is in ``right``. See :func:`join`."""
    return _joined(left, right, left_on, right_on, "left semi")


def anti_join(left: pa.Table, right: pa.Table, left_on: str, right_on: str | None = None) -> pa.Table:
    """Return the rows of ``left`` whose pseudonym is not in ``right``; a null is in nothing. See :func:`join`."""
    return _joined(left, right, left_on, right_on, "left anti")


def _joined(left: pa.Table, right: pa.Table, left_on: str, right_on: str | None, kind: str) -> pa.Table:
    right_on = right_on or left_on
    check_joinable(left.schema.field(left_on), right.schema.field(right_on))
    joined = left.join(right, keys=left_on, right_keys=right_on, join_type=kind)
    fields = list(left.schema)
    if kind == "inner":
        fields += [field for field in right.schema if field.name != right_on]
    return joined.cast(pa.schema(fields))  # Arrow's join forgets the fields' metadata
