"""What can go wrong when lineage is told."""

from __future__ import annotations


class LineageError(Exception):
    """Root of this package's errors."""


class LineageNameError(LineageError):
    """A dataset or job has no lineage name."""


class LineageContentError(LineageError):
    """Something other than names, counts and codes was about to enter an event."""


class LineageDeliveryError(LineageError):
    """The lineage endpoint could not be reached or refused the event."""
