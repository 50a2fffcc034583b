"""What an enrolled person can say to custody, field by field; anything else is refused before anything is looked up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from custody.errors import RefusedError
from custody.officers.statements import Signed

MOST_PSEUDONYMS = 1_000  # of one re-identification
LONGEST_WAIT = timedelta(days=30)  # from a request to its expiry
CLOCKS_APART = timedelta(minutes=10)  # between a statement's moment and custody's clock

PERSON_NAME = r"^[a-z][a-z0-9_.-]{0,62}$"
Name = Annotated[str, Field(pattern=PERSON_NAME)]
Domain = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=10, max_length=2_000)]
Pseudonym = Annotated[str, Field(pattern=r"^[0-9a-f]+$", min_length=32, max_length=4_096)]


class _Act(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Name
    at: AwareDatetime


class _Request(_Act):
    act: Literal["request"]
    domain: Domain
    reason: Words
    expires_at: AwareDatetime
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]  # two requests of the same words are two requests


class Reidentification(_Request):
    """Turn pseudonyms of a reversible domain back, for one recipient."""

    kind: Literal["reidentify"]
    column: Name
    epoch: Annotated[int, Field(ge=0)]
    pseudonyms: Annotated[tuple[Pseudonym, ...], Field(min_length=1, max_length=MOST_PSEUDONYMS)]  # hexadecimal
    legal_basis: Words
    recipient: Name
    recipient_key: Digest  # SHA-256 of the X25519 key that the answer will be closed for


class Rotation(_Request):
    """Lead a one-way domain to its next epoch."""

    kind: Literal["rotate"]
    from_epoch: Annotated[int, Field(ge=0)]


class Approve(_Act):
    """Put one's name to a request."""

    act: Literal["approve"]
    request: Digest


class Refuse(_Act):
    """Close a request without effect."""

    act: Literal["refuse"]
    request: Digest


class Collect(_Act):
    """Read the answer; the recipient can do it once."""

    act: Literal["collect"]
    request: Digest


class Look(_Act):
    """See what stands in custody."""

    act: Literal["look"]
    what: Literal["requests", "request", "domains", "epochs", "log"]
    request: Digest | None = None


Request = Annotated[Reidentification | Rotation, Field(discriminator="kind")]
Act = Annotated[Request | Approve | Refuse | Collect | Look, Field(discriminator="act")]

_ACTS: TypeAdapter[Reidentification | Rotation | Approve | Refuse | Collect | Look] = TypeAdapter(Act)


def read_act(signed: Signed) -> Reidentification | Rotation | Approve | Refuse | Collect | Look:
    """Return what a statement says; its signature is not looked at here.

    Raises:
        RefusedError: it is none of the acts above; fields are named, values are not told.
    """
    try:
        return _ACTS.validate_python(signed.fields())
    except ValidationError as error:
        fields = sorted({str(problem["loc"][-1]) for problem in error.errors() if problem["loc"]})
        raise RefusedError("bad_request", f"these fields are missing or not valid: {', '.join(fields)}") from None


def check_moment(at: datetime, now: datetime) -> None:
    """Refuse a statement that was not made just now: an old one may have been kept by somebody."""
    if abs(at - now) > CLOCKS_APART:
        raise RefusedError("statement_stale", "this statement was not made now: make it again, and check the clock")
