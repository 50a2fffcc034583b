"""What the JSON of each call, and of its answer, looks like; its interface (OpenAPI) is made of this."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from anonymization.pseudonyms.custodian import MAX_RUN_SECONDS
from custody.heads import MAX_PROOF
from custody.runs import RunRequest

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
RunName = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,250}$")]
KeyName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256

MAX_IDENTIFIERS = 1_000  # of a small call

_A_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RunBody(_Body):
    """``POST /v1/runs``."""

    run_id: RunName = Field(examples=["water-meters-2026-11-22"])
    dataset: Name = Field(examples=["water-meters"])
    domains: list[Name] = Field(default=[], max_length=64, examples=[["water-meter"]])
    key_ids: list[KeyName] = Field(default=[], max_length=100_000)
    new_keys: int = Field(default=0, ge=0, le=100_000)
    quota: int = Field(default=0, ge=0, le=10**12, examples=[48_000])
    expires_in: int = Field(default=7200, gt=0, le=MAX_RUN_SECONDS)  # seconds

    def request(self) -> RunRequest:
        """Return the same for :func:`custody.runs.create_run`."""
        return RunRequest(
            run_id=self.run_id,
            dataset=self.dataset,
            domains=frozenset(self.domains),
            key_ids=frozenset(self.key_ids),
            new_keys=self.new_keys,
            quota=self.quota,
            expires_in=timedelta(seconds=self.expires_in),
        )


class RunAnswer(_Body):
    """The token of a run; custody keeps only its hash."""

    token: str = Field(examples=["custody_run_…"])


class KeyBody(_Body):
    """``POST /v1/keys``."""

    zone: Name = Field(examples=["landing"])
    dataset: Name = Field(examples=["water-meters"])


class NewKeyAnswer(_Body):
    """A new data key: its name, and its 32 bytes in base64."""

    key_id: KeyName
    key: str


class KeyAnswer(_Body):
    """A data key: 32 bytes in base64."""

    key: str


class FingerprintBody(_Body):
    """``POST /v1/fingerprint``."""

    dataset: Name = Field(examples=["water-meters"])
    digest: Digest = Field(examples=[_A_DIGEST])


class FingerprintAnswer(_Body):
    """The opaque name of a payload: 32 characters."""

    fingerprint: str


class SmallBody(_Body):
    """``POST /v1/pseudonymize/{domain}`` in JSON.

    Identifiers are canonical, or are brought to ``form`` first (as the dataset's contract declares it); one that can
    not be, and null, come back null and cost nothing.
    """

    identifiers: list[Annotated[str, Field(max_length=1_024)] | None] = Field(
        max_length=MAX_IDENTIFIERS, examples=[["49007-000000001", None, "49007-000000002"]]
    )
    form: str | None = Field(default=None, max_length=32, examples=["text"])
    column: Name | None = Field(default=None, description="What a pseudonym that can be turned back is bound to.")


class SmallAnswerBody(_Body):
    """Pseudonyms in the order of the identifiers: base32 without padding, or text of the domain's own format."""

    domain: str = Field(examples=["water-meter"])
    algorithm: str = Field(examples=["aes-cmac+aes-256"])
    epoch: int
    pseudonyms: list[str | None] = Field(examples=[["EBMSQ7Q6DMM7GCGXZ3U3ZJ5YHM", None, "XGTJXBT2P3TV2MLTQUZW5MFGPE"]])


class HeadBody(_Body):
    """``POST /v1/ledger/heads``."""

    ledger: Name = Field(examples=["consent"])
    size: int = Field(gt=0, lt=2**63, examples=[1_024])
    root: Digest = Field(examples=[_A_DIGEST])
    proof: list[Digest] = Field(default=[], max_length=MAX_PROOF)


class HeadAnswer(_Body):
    """A signed head: the signature is Ed25519 in hexadecimal, over length-prefixed fields (see ``docs/custody.md``)."""

    ledger: str
    size: int
    root: Digest
    signed_at: datetime
    signature: str


class LedgerKeyAnswer(_Body):
    """The public key of signed heads, in hexadecimal."""

    ed25519: Digest


class ErrorText(_Body):
    """Why a call was refused; ``code`` is part of the interface."""

    code: str = Field(examples=["quota_spent"])
    message: str = Field(examples=["this token may not send so many identifiers more"])


class ErrorAnswer(_Body):
    """Every refusal looks like this."""

    error: ErrorText
