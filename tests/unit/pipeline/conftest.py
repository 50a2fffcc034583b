"""A world in memory: the same interfaces as the real services, within one process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.noise import BudgetLedger
from anonymization.pseudonyms import (
    CONSENT_DOMAIN,
    ROLES,
    CustodyRefusedError,
    MemoryCustodian,
    MemoryRotationCustodian,
    canonicalize,
)
from catalog import MemoryCatalogue
from catalog.lineage import EventBuilder, LineageEmitter
from pipeline.hub import Hub, RunCustody, RunRequest
from policies import load_territory
from policies.contract import CanonicalForm, Territory
from settings import Settings
from settings.model import SHIPPED_TERRITORY
from storage import Journal, MemoryObjectStore
from storage.database import memory_engine
from tests.journey_world import Clock, World


class MemoryConsent:
    """Active subjects in a set; consent pseudonyms come from the custodian, as they do for real."""

    def __init__(self, custodian: MemoryCustodian) -> None:
        self._custodian = custodian
        self._active: set[bytes] = set()

    def give(self, contracts: Iterable[str]) -> None:
        self._active |= self._pseudonyms(contracts)

    def withdraw(self, contracts: Iterable[str]) -> None:
        self._active -= self._pseudonyms(contracts)

    def active_subjects(self, purpose: str, at: datetime) -> pa.Array:
        return pa.array(sorted(self._active), pa.binary(16))

    def _pseudonyms(self, contracts: Iterable[str]) -> set[bytes]:
        names = canonicalize(CanonicalForm.UPPER, pa.array(contracts, pa.string()))
        token = self._custodian.create_run("consent", "consent", domains=[CONSENT_DOMAIN], quota=len(names))
        (answer,) = self._custodian.with_token(token).pseudonymize(CONSENT_DOMAIN, [names])
        return set(answer.to_pylist())


@pytest.fixture(scope="session")
def shipped_territory() -> Territory:
    return load_territory(SHIPPED_TERRITORY)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def custodian(clock: Clock, shipped_territory: Territory) -> MemoryCustodian:
    domains = {str(domain) for contract in shipped_territory.contracts.values() for domain in contract.domains()}
    return MemoryCustodian(sorted(domains), now=clock)


@pytest.fixture
def refusing_custody(world: World, custodian: MemoryCustodian, monkeypatch: pytest.MonkeyPatch):
    """Custody that refuses to pseudonymize, for as long as the block lasts."""

    @contextmanager
    def refuse() -> Iterator[None]:
        def refusal(*_: object, **__: object) -> Iterator[pa.Array]:
            raise CustodyRefusedError("quota_spent", "this run may send no more identifiers", 429)

        with monkeypatch.context() as patch:
            patch.setattr(MemoryCustodian, "pseudonymize", refusal)
            yield

    return refuse


@pytest.fixture
def make_world(tmp_path: Path, custodian: MemoryCustodian, shipped_territory: Territory) -> Callable[[], World]:
    """Makes worlds that share nothing but custody, whose keys decide the pseudonyms."""
    return lambda: _world(Path(tempfile.mkdtemp(dir=tmp_path)), Clock(), custodian, shipped_territory)


@pytest.fixture
def world(tmp_path: Path, clock: Clock, custodian: MemoryCustodian, shipped_territory: Territory) -> World:
    return _world(tmp_path, clock, custodian, shipped_territory)


def _world(folder: Path, clock: Clock, custodian: MemoryCustodian, territory: Territory) -> World:
    drop_folder = folder / "drop"
    drop_folder.mkdir()
    settings = Settings(home=folder, territory=SHIPPED_TERRITORY, drop_folder=drop_folder)
    consent, catalogue, rotation = MemoryConsent(custodian), MemoryCatalogue(), MemoryRotationCustodian(custodian)

    def run_custody(request: RunRequest) -> RunCustody:
        token = custodian.create_run(
            request.run_id,
            request.dataset,
            domains=request.domains,
            key_ids=request.key_ids,
            new_keys=request.new_keys,
            quota=request.quota,
        )
        return custodian.with_token(token)

    known = custodian.with_token(custodian.add_client(ROLES["assess"]))
    engine = memory_engine()
    hub = Hub(
        settings=settings,
        territory=territory,
        clock=clock,
        private=MemoryObjectStore(),
        open=MemoryObjectStore(),
        audit=MemoryObjectStore(),
        journal=Journal(engine),
        lineage=LineageEmitter(EventBuilder(territory.strategy.slug, settings.s3), MemoryObjectStore()),
        consent=consent,
        landing_custody=lambda: custodian,
        erasing_custody=lambda: custodian,
        known_custody=lambda: known,
        run_custody=run_custody,
        catalogue=lambda: catalogue,
        budgets=BudgetLedger(engine),
        rotation_custody=lambda: rotation,
    )
    return World(hub, lambda role: hub, clock, drop_folder, consent, catalogue, rotation.start)
