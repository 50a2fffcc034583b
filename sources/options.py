"""What a contract's `feed.options` may say: one model a connector, one a decoder, both read from the same object.

Options that neither of the two knows are refused, so that a misspelt one is not silently without effect.
"""

from __future__ import annotations

from typing import Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from policies.contract import Contract
from policies.french import explain_shape
from sources.clock import RepeatedHour
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


class ReadingOptions(Options):
    """Of every decoder: how the operator writes values, whatever the format."""

    timezone: str | None = None  # of clock times without an offset; by default the territory's
    mislabelled_offset: str | None = None  # offset written on what is really local time
    repeated_hour: RepeatedHour = "first"
    units: dict[str, str] = Field(default_factory=dict)  # physical name -> operator's unit; the column's is kept
    insee: tuple[str, ...] = ()  # physical names of columns with INSEE codes

    @field_validator("timezone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("fuseau horaire inconnu ; exemple : Europe/Paris")
        return zone


class OpendatasoftOptions(ReadingOptions):
    """Of `opendatasoft`."""

    join: JoinOptions | None = None


class Open311Options(ReadingOptions):
    """Of `open311`: only those of all."""


class CsvOptions(ReadingOptions):
    """Of `csv`: the dialect."""

    delimiter: str = Field(default=",", pattern=r"^[^\"\r\n0-9A-Za-z.+-]$")
    decimal: Literal[".", ","] = "."
    thousands: str = Field(default="", pattern="^[ .,'\u00a0\u202f_]*$")  # any of these may group digits
    encoding: Literal["utf-8", "latin-1", "iso8859-15", "cp1252", "cp850", "mac-roman"] = "utf-8"
    header: tuple[str, ...] = ()  # names of the columns of a file whose first line has none
    skip_lines: int = Field(default=0, ge=0, le=100)  # before the header
    nulls: tuple[str, ...] = ()  # texts that mean « nothing », beside the empty one

    @model_validator(mode="after")
    def _distinct(self) -> CsvOptions:
        if self.decimal in self.thousands or self.delimiter in self.thousands:
            raise ValueError("un même signe sépare des milliers et des décimales, ou des milliers et des colonnes")
        return self


class JsonOptions(ReadingOptions):
    """Of `json`."""

    records: str = Field(default="", pattern=r"^([^.]+(\.[^.]+)*)?$")  # keys, with dots, to the array of records


class NdjsonOptions(ReadingOptions):
    """Of `ndjson` and `grdf`: only those of all."""


class GeojsonOptions(ReadingOptions):
    """Of `geojson`: only those of all."""


class ParquetOptions(ReadingOptions):
    """Of `parquet`: only those of all."""


class NgsiLdOptions(ReadingOptions):
    """Of `ngsi_ld`."""

    entity_type: str | None = None  # entities of other types are passed over


class TalqOptions(ReadingOptions):
    """Of `talq`."""

    log_type: Literal["AttributeLogData", "EventLogData"] | None = None  # entries of the other are passed over
    attributes: tuple[str, ...] = ()  # names of the attributes to keep; by default all


class EnedisOptions(ReadingOptions):
    """Of `enedis`. Its curves come in the order of time."""

    repeated_hour: RepeatedHour = "order"


class DatexOptions(ReadingOptions):
    """Of `datex2`."""

    publication: Literal["measured", "situation"] = "measured"


DECODERS: dict[str, type[ReadingOptions]] = {
    "opendatasoft": OpendatasoftOptions,
    "open311": Open311Options,
    "csv": CsvOptions,
    "json": JsonOptions,
    "ndjson": NdjsonOptions,
    "grdf": NdjsonOptions,
    "geojson": GeojsonOptions,
    "parquet": ParquetOptions,
    "ngsi_ld": NgsiLdOptions,
    "talq": TalqOptions,
    "enedis": EnedisOptions,
    "datex2": DatexOptions,
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
    raise FeedError(f"{contract.source}: {place} : {explain_shape(first)}")
