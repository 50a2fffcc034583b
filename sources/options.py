"""What a contract's `feed.options` may say: one model a connector, one a decoder, both read from the same object.

Options that neither of the two knows are refused, so that a misspelt one is not silently without effect.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from policies.contract import Contract
from sources.errors import FeedError


class Options(BaseModel):
    """Base of the models below. Each leaves the other's options alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Collection(Options):
    """One collection of an operator's HTTP service."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(pattern=r"^/[^?#]*$")
    paging: Literal["offset", "page"]
    since: str | None = None  # field whose last value tells what is new
    overlap: timedelta = timedelta(0)
    parameters: dict[str, str] = {}


class HttpOptions(Options):
    """Of `http_pull`."""

    base: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+/?$")  # by default the settings' operators_url
    collections: dict[str, Collection] = Field(min_length=1)

    @field_validator("collections")
    @classmethod
    def _something_changes(cls, collections: dict[str, Collection]) -> dict[str, Collection]:
        if not any(collection.since for collection in collections.values()):
            raise ValueError("une collection au moins doit avoir « since »")
        return collections


class DropOptions(Options):
    """Of `file_drop`."""

    pattern: str = Field(min_length=1)  # glob, relative to the drop folder

    @field_validator("pattern")
    @classmethod
    def _inside(cls, pattern: str) -> str:
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or "**" in path.parts:
            raise ValueError("le motif doit rester dans le dossier de dépôt")
        return pattern


class JoinOptions(Options):
    """How a row of `opendatasoft` finds its description."""

    model_config = ConfigDict(extra="forbid")

    live: str  # field of the rows
    reference: str  # field of the joined collection
    through: str | None = None  # CSV of the territory's folder that pairs them
    through_live: str | None = None  # its column with the rows' value
    through_reference: str | None = None  # its column with the joined collection's value


class OpendatasoftOptions(Options):
    """Of `opendatasoft`."""

    join: JoinOptions | None = None
    mislabelled_offset: str | None = None


class Open311Options(Options):
    """Of `open311`: none."""


class CsvOptions(Options):
    """Of `csv`."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"


CONNECTORS: dict[str, type[Options]] = {"http_pull": HttpOptions, "file_drop": DropOptions}
DECODERS: dict[str, type[Options]] = {
    "opendatasoft": OpendatasoftOptions,
    "open311": Open311Options,
    "csv": CsvOptions,
}
_Model = TypeVar("_Model", bound=Options)


def read_options(contract: Contract, model: type[_Model]) -> _Model:
    """Read the contract's options as `model`.

    Raises:
        FeedError: a value is not valid, or an option is known neither to the connector nor to the decoder.
    """
    given = contract.feed.options
    known = {
        field.alias or name
        for one in (CONNECTORS[contract.feed.connector], DECODERS[contract.feed.decoder])
        for name, field in one.model_fields.items()
    }
    for name in given:
        if name not in known:
            raise FeedError(f"{contract.source}: feed.options.{name} : cette option n'existe pas")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
    place = ".".join(str(part) for part in ("feed", "options", *first["loc"]))
    raise FeedError(f"{contract.source}: {place} : {first['msg']}")
