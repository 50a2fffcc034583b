"""Turn the rooms' errors, and anyone else's, into the journey's own, without a value in their text.

Errors of our rooms are written without values and keep their message. Any other exception (pydantic, pyarrow,
psycopg…) may quote what it choked on: only its type and the line of our code it came through are told.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from anonymization.errors import AnonymizationError
from anonymization.pseudonyms import CustodyUnavailableError, PseudonymError
from catalog.errors import CatalogueError, CatalogueUnavailableError
from consent import ConsentError
from pipeline.errors import (
    BadInputError,
    BadPayloadError,
    JourneyError,
    OutageError,
    RefusedError,
    RotatingError,
    UnexpectedError,
)
from policies.errors import PolicyError
from settings import SettingsError
from sources.errors import PayloadError, SourceError, SourceUnavailableError
from storage.errors import (
    GenerationChangedError,
    PreconditionFailedError,
    StorageError,
    StoreUnavailableError,
)

_ROOMS: tuple[tuple[type[Exception], type[JourneyError]], ...] = (
    (SourceUnavailableError, OutageError),
    (StoreUnavailableError, OutageError),
    (PreconditionFailedError, OutageError),
    (GenerationChangedError, RotatingError),
    (CustodyUnavailableError, OutageError),
    (CatalogueUnavailableError, OutageError),
    (PayloadError, BadPayloadError),
    (SourceError, BadInputError),
    (StorageError, BadInputError),
    (PseudonymError, RefusedError),
    (CatalogueError, RefusedError),
    (PolicyError, BadInputError),
    (SettingsError, BadInputError),
    (ConsentError, BadInputError),
    (AnonymizationError, BadInputError),
)


def translate(where: str, error: BaseException) -> JourneyError:
    """Return the journey's error for `error`, to be raised ``from None``.

    Args:
        where: stage and dataset, for the message.
        error: whatever a stage ended with.
    """
    if isinstance(error, JourneyError):
        return error
    for room, own in _ROOMS:
        if isinstance(error, room):
            return own(f"{where}: {error}")
    return UnexpectedError(
        f"{where}: {type(error).__name__} at {_last_own_line(error)}; its text is withheld because it may quote data"
    )


def _last_own_line(error: BaseException) -> str:
    house = Path(__file__).resolve().parent.parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if house in path.parents and "site-packages" not in path.relative_to(house).parts:
            return f"{path.relative_to(house)}:{frame.lineno}"
    return "an unknown place"
