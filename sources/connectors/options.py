"""What a contract's `feed.options` may say to each connector.

Addresses, names and conventions are here, for everybody to review; secrets never are: `credential` names them (see
:mod:`sources.credentials`).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, field_validator, model_validator

from sources.option_model import Options

GIBIBYTE = 1 << 30
Credential = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Bytes = Annotated[int, Field(ge=1, le=64 * GIBIBYTE)]
Pause = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(minutes=10))]
_WILD = "*?["


def _inside(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "**" in path.parts:
        raise ValueError("le motif doit rester dans le dossier de dépôt")
    return pattern


def _wild_at_the_end(pattern: str) -> str:
    if set(_WILD) & set("".join(PurePosixPath(_inside(pattern)).parts[:-1])):
        raise ValueError("seul le nom du fichier peut contenir « * », « ? » ou « [ »")
    return pattern


class Collection(Options):
    """One collection of an operator's HTTP service. See :mod:`sources.connectors.http_paging`."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(pattern=r"^/[^?#]*$")
    paging: Literal["offset", "page", "cursor", "link", "none"]
    since: str | None = None  # field whose last value tells what is new
    since_parameter: str | None = None  # query parameter that takes it
    since_format: str = "{since}"  # how it is written there: a condition of NGSI-LD's `q`, for example
    overlap: timedelta = timedelta(0)
    parameters: dict[str, str] = Field(default_factory=dict)
    records: str | None = None  # where the array of records is in an answer: a dotted path; "" for the answer itself
    size: int = Field(default=100, ge=1, le=10_000)  # records asked for at a time
    size_parameter: str | None = None
    position_parameter: str | None = None  # of the offset, the page's number or the cursor
    next: str | None = None  # with `cursor`: where the next one is in an answer, a dotted path

    @property
    def records_name(self) -> str:
        """Where the records are."""
        return self.records if self.records is not None else ("results" if self.paging == "offset" else "")

    @property
    def size_name(self) -> str:
        """The query parameter of the page's size; none unless said, with `cursor` and `link`."""
        return self.size_parameter or {"offset": "limit", "page": "page_size"}.get(self.paging, "")

    @property
    def position_name(self) -> str:
        """The query parameter of the position."""
        return self.position_parameter or self.paging

    @property
    def since_name(self) -> str:
        """The query parameter of the value to start from (Open311's, by default)."""
        return self.since_parameter or "updated_after"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.paging == "cursor") != (self.next is not None):
            raise ValueError("« next » va avec paging: cursor, et paging: cursor avec « next »")
        if self.since_format.count("{since}") != 1:
            raise ValueError("« sinceFormat » contient « {since} » une fois")
        if self.paging == "none" and self.since:
            raise ValueError("un document entier (paging: none) n'a pas de « since »")
        return self


class HttpOptions(Options):
    """Of `http_pull`."""

    base: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+/?$")  # by default the settings' operators_url
    collections: dict[str, Collection] = Field(min_length=1)
    credential: Credential | None = None
    authentication: Literal["bearer", "basic", "oauth2"] = "bearer"
    token_url: str | None = Field(default=None, pattern=r"^https?://[^?#@]+$")
    scope: str | None = None

    @field_validator("collections")
    @classmethod
    def _something_changes(cls, collections: dict[str, Collection]) -> dict[str, Collection]:
        if not any(collection.since or collection.paging == "none" for collection in collections.values()):
            raise ValueError("une collection au moins doit avoir « since », ou être un document (paging: none)")
        return collections


class DroppedOptions(Options):
    """What files that appear somewhere have in common. See :mod:`sources.connectors.drops`."""

    complete: Literal["rename", "stable", "done"] = "rename"
    rest: Pause = timedelta(seconds=5)  # with `stable`: how far apart a file is looked at twice
    afterwards: Literal["keep", "delete"] = "keep"
    maximum_bytes: Bytes = 4 * GIBIBYTE  # of one file


class DropOptions(DroppedOptions):
    """Of `file_drop`."""

    pattern: Annotated[str, Field(min_length=1), AfterValidator(_inside)]  # glob, relative to the drop folder


class SftpOptions(DroppedOptions):
    """Of `sftp`. Without `host`, the credential names it."""

    pattern: Annotated[str, Field(min_length=1), AfterValidator(_wild_at_the_end)]  # relative to where one logs in
    credential: Credential
    host: Host | None = None
    port: Port | None = None
    host_keys: tuple[Annotated[str, Field(pattern=r"^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$")], ...] = ()  # OpenSSH's form


class S3Options(DroppedOptions):
    """Of `s3_drop`. Without `endpoint`, the credential's extra names it."""

    pattern: Annotated[str, Field(min_length=1), AfterValidator(_wild_at_the_end)]  # of keys
    credential: Credential
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#@]+/?$")
    region: str = "us-east-1"


class MqttOptions(Options):
    """Of `mqtt`. Without `host`, the credential names it."""

    topics: tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...] = Field(min_length=1)  # filters
    credential: Credential | None = None
    host: Host | None = None
    port: Port | None = None
    tls: bool = True
    client_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")  # by default from the dataset
    session: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=365))] = timedelta(days=7)
    batch_messages: int = Field(default=2_000, ge=1, le=10_000)
    batch_bytes: Bytes = 32 << 20
    batch_time: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(hours=1))] = timedelta(seconds=30)
    quiet: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(minutes=10))] = timedelta(seconds=2)
    visit: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(hours=2))] = timedelta(minutes=5)
    maximum_message: int = Field(default=1 << 20, ge=1, le=8 << 20)  # bytes


class PushOptions(Options):
    """Of `http_push`: what the inbox takes for this feed."""

    paths: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")], ...] = Field(min_length=1)
    media_types: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$")], ...] = ("application/json",)
    maximum_bytes: int = Field(default=8 << 20, ge=1, le=64 << 20)  # of one request, unpacked


CONNECTORS: dict[str, type[Options]] = {
    "http_pull": HttpOptions,
    "http_push": PushOptions,
    "file_drop": DropOptions,
    "sftp": SftpOptions,
    "s3_drop": S3Options,
    "mqtt": MqttOptions,
}
