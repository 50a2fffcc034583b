"""A world of real services: PostgreSQL, the object store and custody, each stage with its own credentials."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Engine, text

from anonymization.pseudonyms import CONSENT_DOMAIN, CustodyClient, canonicalize
from catalog import MemoryCatalogue
from consent import ConsentStore, EventState, following, given_events
from custody.officers.place import Service
from custody.settings import load_settings
from custody.vault import open_vault
from pipeline.hub import Hub, Role
from pipeline.wiring import open_hub
from policies.contract import CanonicalForm
from settings import Settings
from stack.embedded import Stack
from storage import S3ObjectStore, database_engine
from tests.consent_terms import TERMS
from tests.integration.custody.officers import People
from tests.journey_world import Clock, World
from tests.stack_fixtures import ObjectStoreServer, PostgresServer

MakeWorld = Callable[[Path], AbstractContextManager[World]]


@pytest.fixture(scope="session")
def services(postgres: PostgresServer, object_store: ObjectStoreServer) -> Settings:
    """Settings of a hub whose database, object store and custody run."""
    Stack(postgres.context, only=("postgres", "objects", "custody")).up(die_with_parent=True)
    return postgres.context.settings


class RealConsent:
    """Consent in the real ledger; the consent pseudonyms come from custody itself."""

    def __init__(self, settings: Settings, engine: Engine, clock: Clock, purpose: str) -> None:
        self._client = CustodyClient(settings.custody_url, settings.secret("custody-client-consent"))
        self._store, self._clock, self._purpose = ConsentStore(engine), clock, purpose
        self._terms = dataclasses.replace(TERMS, purposes=(purpose,))
        self._store.register_terms(self._terms)

    def give(self, contracts: Iterable[str]) -> None:
        self._store.append_many(self._events(contracts))

    def withdraw(self, contracts: Iterable[str]) -> None:
        events = self._events(contracts)
        self._store.append_many(following(events, EventState.WITHDRAWN, self._clock(), "test"))

    def _events(self, contracts: Iterable[str]):
        names = canonicalize(CanonicalForm.UPPER, pa.array(contracts, pa.string()))
        token = self._client.create_run("consent", "consent", domains=[CONSENT_DOMAIN], quota=len(names))
        (subjects,) = self._client.with_token(token).pseudonymize(CONSENT_DOMAIN, [names])
        return given_events(
            subjects,
            terms=self._terms,
            purpose=self._purpose,
            event_time=self._clock.at - timedelta(days=60),
            validity_duration=timedelta(days=3650),
            entity_id="test",
        )


@pytest.fixture
def world(services: Settings, make_world: MakeWorld, tmp_path: Path) -> Iterator[World]:
    """A hub on the shared services, with a fresh database; the zones are emptied before and after."""
    _empty(services)
    with make_world(tmp_path / "drop") as made:
        yield made
    _empty(services)


@pytest.fixture
def other_world(world: World, make_world: MakeWorld, tmp_path: Path) -> Iterator[World]:
    """Another hub, with a database and a drop folder of its own, but the same zones."""
    with make_world(tmp_path / "other-drop") as made:
        yield made


@pytest.fixture(scope="session")
def make_world(services: Settings, postgres: PostgresServer, migrated_database: Callable[[], str]) -> MakeWorld:
    return lambda drop_folder: _world(services, postgres, migrated_database(), drop_folder)


@contextmanager
def _world(services: Settings, postgres: PostgresServer, url: str, drop_folder: Path) -> Iterator[World]:
    clock, catalogue = Clock(), MemoryCatalogue()
    drop_folder.mkdir()
    database = f"{services.database.rpartition('/')[0]}/{url.rpartition('/')[2]}"
    settings = services.model_copy(update={"drop_folder": drop_folder, "database": database})
    engine = database_engine(url)

    def as_role(role: Role) -> Hub:
        return dataclasses.replace(open_hub(settings, role), clock=clock, catalogue=lambda: catalogue)

    seeing = dataclasses.replace(as_role("deidentify"), **_admin(settings))
    purpose = seeing.contract("water-meters").coverage.purpose
    consent = RealConsent(settings, engine, clock, purpose)
    yield World(seeing, as_role, clock, drop_folder, consent, catalogue, officers(settings, postgres))
    engine.dispose()


def officers(settings: Settings, postgres: PostgresServer) -> Callable[[str], int]:
    """What it takes to start a rotation at the real custody: one person asks, two others approve."""

    def start(domain: str) -> int:
        people = People(Service(settings.custody_url))
        vault = open_vault(load_settings(postgres.context.paths.custody), people.now)
        with vault.transaction() as connection:
            connection.execute(text("DELETE FROM person"))
            (epoch,) = connection.execute(
                text("SELECT epoch FROM domain WHERE name = :name"), {"name": domain}
            ).scalars()
        for name in ("anne", "bruno", "diane"):
            people.enroll(vault, name)
        vault.engine.dispose()
        request = people.ask_rotation(domain, from_epoch=epoch)
        return int(people.approve(request, "anne", "bruno")["epoch"])

    return start


@pytest.fixture
def start_over(world: World, other_world: World) -> Callable[[], World]:
    """Empties the zones, which both worlds share."""

    def emptied() -> World:
        _empty(world.hub.settings)
        return other_world

    return emptied


@pytest.fixture
def refusing_custody(world: World) -> Callable[[], object]:
    """Custody refuses: the orchestrator's token is not the one it knows."""
    path = world.hub.settings.home / "secrets" / "custody-client-orchestrator"

    @contextmanager
    def refuse() -> Iterator[None]:
        known = path.read_text()
        path.write_text(secrets.token_urlsafe(32))
        try:
            yield
        finally:
            path.write_text(known)

    return refuse


def _admin(settings: Settings) -> dict[str, S3ObjectStore]:
    credential = settings.credential("admin")
    buckets = {
        "private": settings.s3.private_bucket,
        "open": settings.s3.open_bucket,
        "audit": settings.s3.audit_bucket,
    }
    return {name: S3ObjectStore(settings.s3, bucket, credential) for name, bucket in buckets.items()}


def _empty(settings: Settings) -> None:
    for store in _admin(settings).values():
        for found in list(store.list("")):
            store.delete(found.key)
