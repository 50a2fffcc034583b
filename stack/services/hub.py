"""The hub's database: no process of its own, brought to this version's state before anything uses it."""

from __future__ import annotations

from stack.errors import PrepareError
from stack.service import Service, StackContext


def prepare(context: StackContext) -> None:
    """Migrate the hub's database.

    Raises:
        PrepareError: a newer version has migrated it.
    """
    from storage.database import upgrade
    from storage.errors import StorageError

    try:
        upgrade(context.settings.hub_database_url())
    except StorageError as error:
        raise PrepareError(f"la base de la plateforme : {error}") from None


def services(context: StackContext) -> list[Service]:
    """Describe no process."""
    return []
