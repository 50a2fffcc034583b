"""Errors of the catalog room. Messages name dataset, field and action, never a value of the data."""


class CatalogueError(Exception):
    """Root of every error about publishing in a catalogue."""


class CatalogueUnavailableError(CatalogueError):
    """The catalogue can not be reached or is overloaded; nothing half made is visible, and another try may succeed."""


class CatalogueRefusedError(CatalogueError):
    """The catalogue refused the page: not authorized, or not valid."""
