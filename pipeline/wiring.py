"""Build the collaborators of a role from settings: the one place that knows which part is real."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from anonymization.noise.budget import BudgetLedger
from anonymization.pseudonyms import CustodyClient, RotationClient, RotationCustodian
from catalog.lineage import ConsoleEndpoint, EventBuilder, LineageEmitter
from catalog.publisher import CkanCatalogue
from consent import ConsentStore
from pipeline.errors import RefusedError
from pipeline.hub import Hub, Role, RunCustody, RunRequest
from policies import load_territory
from policies.contract import Territory
from settings import Settings
from settings.memory import keep_freed_memory
from storage import Journal, KeyCustodian, S3ObjectStore, database_engine

FREED_BYTES = 128 * 1024 * 1024


def open_hub(settings: Settings, role: Role) -> Hub:
    """Return what one role may touch.

    Raises:
        PolicyError: the territory's folder is not valid.
        MissingSecretError: this process may not read a secret of that role.
    """
    keep_freed_memory(FREED_BYTES)
    territory = _territory(settings.territory)
    credential = settings.credential(role if role != "decide" else "assess")
    engine = database_engine(settings.hub_database_url())
    lineage_store = S3ObjectStore(settings.s3, settings.s3.audit_bucket, settings.credential("lineage"))
    console = ConsoleEndpoint(settings.console_url, settings.secret("console-lineage"))
    return Hub(
        settings=settings,
        territory=territory,
        clock=lambda: datetime.now(UTC),
        private=S3ObjectStore(settings.s3, settings.s3.private_bucket, credential),
        open=S3ObjectStore(settings.s3, settings.s3.open_bucket, credential),
        audit=S3ObjectStore(settings.s3, settings.s3.audit_bucket, credential),
        journal=Journal(engine),
        lineage=LineageEmitter(EventBuilder(territory.strategy.slug, settings.s3), lineage_store, console),
        consent=ConsentStore(engine),
        landing_custody=lambda: _landing_custody(_only("ingest", role, settings)),
        erasing_custody=lambda: _orchestrator(_only("deidentify", role, settings)),
        known_custody=lambda: _known_custody(_only("assess", role, settings)),
        run_custody=lambda request: _run_custody(_only("deidentify", role, settings), request),
        catalogue=lambda: ckan_catalogue(settings),
        budgets=BudgetLedger(engine),
        rotation_custody=lambda: _rotation(_only("rotate", role, settings)),
    )


def _only(holder: Role, role: Role, settings: Settings) -> Settings:
    """Return the settings to the one role that may hold a token of custody.

    Raises:
        RefusedError: another role asks. Whoever reads pseudonymised rows may not ask for pseudonyms: it could find
            anybody among them.
    """
    if role != holder:
        raise RefusedError(f"{role} has no token of custody: only {holder} may ask it that")
    return settings


@cache
def _territory(folder: Path) -> Territory:
    """A territory does not change under a running process. A contract that does not load is as if it were absent."""
    return load_territory(folder, refused=lambda file, error: None)


def _landing_custody(settings: Settings) -> KeyCustodian:
    return CustodyClient(settings.custody_url, settings.secret("custody-client-ingest"), tls=settings.custody_tls())


def _known_custody(settings: Settings) -> KeyCustodian:
    return CustodyClient(settings.custody_url, settings.secret("custody-client-assess"), tls=settings.custody_tls())


def _orchestrator(settings: Settings) -> CustodyClient:
    return CustodyClient(
        settings.custody_url, settings.secret("custody-client-orchestrator"), tls=settings.custody_tls()
    )


def _run_custody(settings: Settings, request: RunRequest) -> RunCustody:
    orchestrator = _orchestrator(settings)
    token = orchestrator.create_run(
        request.run_id,
        request.dataset,
        domains=request.domains,
        key_ids=request.key_ids,
        new_keys=request.new_keys,
        quota=request.quota,
    )
    return orchestrator.with_token(token)


def _rotation(settings: Settings) -> RotationCustodian:
    return RotationClient(settings.custody_url, settings.secret("custody-client-rotation"), tls=settings.custody_tls())


def ckan_catalogue(settings: Settings) -> CkanCatalogue:
    """Return the catalogue, spoken to as the publisher."""
    return CkanCatalogue(settings.ckan_url, settings.secret("ckan-editor"))
