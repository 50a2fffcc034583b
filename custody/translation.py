"""Turning what third parties raise into custody's own coded errors: their texts may quote values, so none is kept."""

from __future__ import annotations

import logging

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from custody.errors import MasterKeyError, RefusedError
from custody.logs import event


def translate(error: Exception) -> RefusedError:
    """Return the refusal that stands for ``error``; the log gets its type and place."""
    if isinstance(error, RefusedError):
        return error
    event("failure", level=logging.ERROR, error=error)
    if isinstance(error, MasterKeyError):
        return RefusedError("master_unavailable", "what keeps the master key does not answer: try again later")
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return RefusedError("database_unavailable", "custody's database does not answer: try again later")
    return RefusedError("internal", "custody failed; its log has the place")
