"""Errors of the catalogue room. Messages name the dataset and the catalogue's action, never a value of the data."""


class CatalogueError(Exception):
    """Root of every error about the catalogue."""


class CatalogueUnavailableError(CatalogueError):
    """The catalogue can not be reached, or stays in error: the same publication may be tried again later."""


class CatalogueRefusedError(CatalogueError):
    """The catalogue answers, and says no: rights are missing or it does not accept what was sent."""


class PageError(CatalogueError):
    """A page can not be made: what it should show contradicts its contract."""


class VerificationError(CatalogueError):
    """A published file is not what its certificate says; names what differs, never a value."""
