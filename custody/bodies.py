"""What the JSON of each call must look like."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from anonymization.pseudonyms.custodian import MAX_RUN_SECONDS
from custody.runs import RunRequest

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
RunName = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,250}$")]
KeyName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunBody(_Body):
    """``POST /v1/runs``."""

    run_id: RunName
    dataset: Name
    domains: list[Name] = Field(default=[], max_length=64)
    key_ids: list[KeyName] = Field(default=[], max_length=100_000)
    new_keys: int = Field(default=0, ge=0, le=100_000)
    quota: int = Field(default=0, ge=0, le=10**12)
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


class KeyBody(_Body):
    """``POST /v1/keys``."""

    zone: Name
    dataset: Name


class FingerprintBody(_Body):
    """``POST /v1/fingerprint``."""

    dataset: Name
    digest: Digest
