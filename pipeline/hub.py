"""What a stage may touch: the collaborators of one role, and nothing else.

A hub is built at an entry point for one role, with that role's object-store credential. A stage that asks for a part
its role does not have gets an error from the store itself, not a promise from us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

import pyarrow as pa

from anonymization.noise.budget import BudgetLedger
from anonymization.pseudonyms import RotationCustodian
from catalog import Catalogue
from catalog.lineage import LineageEmitter
from pipeline.deidentification.pseudonymize import Pseudonymizer
from pipeline.errors import BadInputError
from policies.contract import Contract, DatasetId, Territory
from settings import Settings
from settings.version import __version__
from storage import Journal, KeyCustodian, ObjectStore

Role = Literal["ingest", "deidentify", "anonymize", "assess", "decide", "publish", "rotate"]


class ActiveSubjects(Protocol):
    """The part of the consent store that the journey asks."""

    def active_subjects(self, purpose: str, at: datetime) -> pa.Array:
        """Sorted 16-byte pseudonyms of the consent domain."""
        ...


class RunCustody(KeyCustodian, Pseudonymizer, Protocol):
    """Custody as one run sees it."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run needs of custody; the token it gets allows this and no more."""

    run_id: str
    dataset: str
    domains: tuple[str, ...] = ()
    key_ids: tuple[str, ...] = ()  # data keys it may open
    quota: int = 0  # identifiers it may have pseudonymised
    new_keys: int = 0  # keys it may make, of quarantine or known identifiers


@dataclass(frozen=True, slots=True)
class Hub:
    """The collaborators of one role."""

    settings: Settings
    territory: Territory
    clock: Callable[[], datetime]
    private: ObjectStore
    open: ObjectStore
    audit: ObjectStore
    journal: Journal
    lineage: LineageEmitter
    consent: ActiveSubjects
    landing_custody: Callable[[], KeyCustodian]  # ingest: creates landing keys, fingerprints digests
    erasing_custody: Callable[[], KeyCustodian]  # deidentify: destroys keys of rejects and known identifiers
    known_custody: Callable[[], KeyCustodian]  # assess: releases keys of known identifiers, and nothing else
    run_custody: Callable[[RunRequest], RunCustody]  # deidentify: one token for one run
    catalogue: Callable[[], Catalogue]  # publish
    budgets: BudgetLedger  # anonymize: privacy budgets, and the noisy figures they paid for
    rotation_custody: Callable[[], RotationCustodian]  # rotate: carries pseudonyms to another epoch, mints none

    def contract(self, dataset: str) -> Contract:
        """Return the contract of a dataset.

        Raises:
            BadInputError: the territory has none of this name.
        """
        contract = self.territory.contracts.get(DatasetId(dataset))
        if contract is None:
            known = ", ".join(sorted(self.territory.contracts))
            raise BadInputError(
                f"no contract is called « {dataset} » in {self.territory.folder.name}: there are {known}"
            )
        return contract

    @property
    def timezone(self) -> str:
        """The territory's time zone."""
        return self.territory.strategy.timezone

    def now(self) -> datetime:
        """This instant, in UTC."""
        return self.clock().astimezone(UTC)


def code_version() -> str:
    """The version of this code; part of the key that says two stage runs are the same."""
    return __version__
