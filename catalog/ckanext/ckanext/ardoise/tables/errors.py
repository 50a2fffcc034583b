"""Errors of the hub's tables. Their messages name columns and reasons, never a value."""

from __future__ import annotations


class TableError(Exception):
    """Root: something about a table of the hub."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class BadTableError(TableError):
    """What was sent is not a table, was cut short, or contradicts itself: nothing of it was kept."""


class BusyTableError(TableError):
    """Readers kept the table for too long: the same call may be made again."""
