"""What a contract's `feed.options` may say: one model a connector, one a decoder, both read from the same object.

Options that neither of the two knows are refused, so that a misspelt one is not silently without effect.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from policies.contract import Contract
from sources.connectors.options import CONNECTORS, Collection, DropOptions, HttpOptions
from sources.errors import FeedError
from sources.option_model import Options

__all__ = ["CONNECTORS", "DECODERS", "Collection", "DropOptions", "HttpOptions", "Options", "read_options"]


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
