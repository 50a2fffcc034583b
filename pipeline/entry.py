"""The journey's stages as an orchestrator calls them: plain JSON in, plain JSON out, one function a stage.

Each call is its own process or task: it loads settings and contract, builds the collaborators that stage may have (one
object-store credential, one run token), runs the stage, and returns what the next stage needs: a
:class:`~storage.DatasetRef` as JSON and counts, never rows. The order is

    ingest -> deidentify        (one run a visit to the operator; returns the periods to be released)
    anonymize -> assess -> [decide] -> publish      (one run a period)

Beside it, `refresh_twin` shows all geographic open datasets together, and `rotate` carries pseudonyms to another epoch
once two officers started that at custody.

Every error is a :class:`~pipeline.errors.JourneyError`; its `retryable` says whether trying again may help.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypedDict

from pipeline.anonymize import anonymize as anonymize_stage
from pipeline.anonymize import consent_is_current, current_partition
from pipeline.assess import assess as assess_stage
from pipeline.decide import Decision
from pipeline.decide import decide as decide_stage
from pipeline.deidentification.remember import forget
from pipeline.deidentify import deidentify as deidentify_stage
from pipeline.deidentify import rebuild
from pipeline.errors import JourneyError
from pipeline.forgetting import forget_refused, is_forgotten
from pipeline.hub import Hub, Role
from pipeline.ingest import ingest as ingest_stage
from pipeline.periods import bounds
from pipeline.publication.withdrawal import keep_to_retention
from pipeline.publication.withdrawal import withdraw as withdraw_period
from pipeline.publish import publish as publish_stage
from pipeline.replay import replay as replay_stage
from pipeline.rotation.retire import retire as retire_generations
from pipeline.rotation.rotate import rotate as rotate_domain
from pipeline.rotation.rotate import rotations_due as due
from pipeline.translation import translate
from pipeline.twin import refresh_twin as refresh
from pipeline.watch import watch, watch_quietly
from pipeline.wiring import ckan_catalogue, open_hub
from policies import load_territory
from policies.contract import Contract, Territory
from settings import load_settings
from sources import Connections
from sources.feed_alerts import sentence
from storage import DatasetRef, Journal, database_engine

RefJson = dict[str, Any]


class Touched(TypedDict):
    """What *deidentify* returns."""

    periods: list[str]  # closed, and other than last released: to be released
    open_periods: list[str]  # changed, but not closed yet
    counts: dict[str, int]  # rows_in, rejected, not_covered, duplicates, stored


class Judged(TypedDict):
    """What *assess* returns."""

    candidate: RefJson
    verdict: str  # "publishable" | "needs_approval" | "refused"
    reasons: list[str]  # French, one sentence each
    counts: dict[str, int]  # rows_in, suppressed_rows, suppressed_cells, published_rows
    measures: dict[str, float]  # k, prosecutor_risk, …


class AlertJson(TypedDict):
    """An alert about a feed that stands."""

    dataset: str
    kind: str
    new: bool
    sentence: str  # French


class RotatedJson(TypedDict):
    """What *rotate* returns."""

    domain: str
    epoch: int
    datasets: list[str]
    counts: dict[str, int]  # periods, pseudonyms, distinct


def ingest(dataset: str, run_id: str, connections: Connections | None = None) -> list[RefJson]:
    """Fetch what is new from the operator and seal it in landing; return the deliveries still to be taken in.

    `connections` looks up operators' credentials that the orchestrator keeps.
    """
    hub, contract = _open("ingest", dataset)
    return [ref.to_json() for ref in ingest_stage(hub, contract, run_id, connections)]


def deidentify(dataset: str, run_id: str, deliveries: list[RefJson]) -> Touched:
    """Make the deliveries' rows pseudonymous, merge them by period in trusted, and tell the dirty periods."""
    hub, contract = _open("deidentify", dataset)
    try:
        done = deidentify_stage(hub, contract, run_id, [DatasetRef.from_json(ref) for ref in deliveries])
    finally:
        watch_quietly(hub.journal, contract, hub.now())
    return Touched(periods=list(done.dirty), open_periods=list(done.still_open), counts=done.counts)


def anonymize(dataset: str, period: str, run_id: str) -> RefJson:
    """Apply the contract's release rule to a period; return the candidate.

    Where rows need consent and consent changed since they were taken in, or where a refusal destroyed what the period
    has to be held against, it is first made again from its deliveries, under the credentials of *deidentify*.
    """
    hub, contract = _open("anonymize", dataset)
    with _told(f"anonymize {dataset} {period}"):
        _, trusted = current_partition(hub, contract, period)
        again = not consent_is_current(hub, contract, trusted)
        again = again or is_forgotten(hub, lambda: _open("deidentify", dataset)[0], contract, period, trusted)
    if again:
        rebuild(_open("deidentify", dataset)[0], contract, run_id, period, trusted.deliveries)
    return anonymize_stage(hub, contract, run_id, period).to_json()


def assess(dataset: str, period: str, run_id: str, candidate: RefJson) -> Judged:
    """Measure the candidate against contract and strategy; store and return the verdict.

    A refusal destroys the keyed identifiers that the candidate was held against.
    """
    hub, contract = _open("assess", dataset)
    verdict = assess_stage(hub, contract, run_id, period, DatasetRef.from_json(candidate))
    if verdict.word == "refused":
        _forget_refused(hub, contract, period, verdict.candidate)
    return Judged(
        candidate=verdict.candidate.to_json(),
        verdict=verdict.word,
        reasons=list(verdict.reasons),
        counts=verdict.counts,
        measures=verdict.measures,
    )


def decide(
    dataset: str,
    period: str,
    run_id: str,
    candidate: RefJson,
    *,
    approved: bool,
    decided_by: str,
    triggered_by: str | None,
    comment: str = "",
) -> dict[str, Any]:
    """Write the decision row that *publish* asks for. Refuses the contract's authors and the run's trigger.

    A refusal destroys the keyed identifiers that the candidate was held against.
    """
    hub, contract = _open("decide", dataset)
    decision, ref = Decision(approved, decided_by, triggered_by, comment), DatasetRef.from_json(candidate)
    decide_stage(hub, contract, run_id, period, ref, decision)
    if not approved:
        _forget_refused(hub, contract, period, ref)
    return {"approved": approved, "decided_by": decided_by}


def publish(dataset: str, period: str, run_id: str, candidate: RefJson) -> dict[str, Any]:
    """Promote the candidate to open and make or update its CKAN page; return its address and row count.

    The keyed identifiers that it was held against are then destroyed, under the credentials of *deidentify*.
    """
    hub, contract = _open("publish", dataset)
    release = publish_stage(hub, contract, run_id, period, DatasetRef.from_json(candidate))
    with _told(f"publish {dataset} {period}"):
        forget(_open("deidentify", dataset)[0], contract, period, release.deliveries)
    return {"url": release.url, "rows": release.rows}


def replay(dataset: str, run_id: str) -> Touched:
    """Take in again every delivery that left rows in quarantine, under the contract as it is now."""
    hub, contract = _open("deidentify", dataset)
    done = replay_stage(hub, contract, run_id)
    return Touched(periods=list(done.dirty), open_periods=list(done.still_open), counts=done.counts)


def watch_feeds() -> list[AlertJson]:
    """Judge every feed that is in force, and bring the alerts up to date; return those that stand. Opens no data."""
    with _told("watch"):
        settings = load_settings()
        territory = load_territory(settings.territory, refused=lambda file, error: None)
        engine = database_engine(settings.hub_database_url())
        try:
            return watch_all(Journal(engine), territory, datetime.now(UTC))
        finally:
            engine.dispose()


def watch_all(journal: Journal, territory: Territory, now: datetime) -> list[AlertJson]:
    """The same, over what is given."""
    timezone = territory.strategy.timezone
    watched = [watch(journal, contract, now) for contract in territory.contracts.values() if contract.in_force]
    return [
        AlertJson(dataset=one.dataset, kind=kind, new=kind in one.raised, sentence=sentence(kind, details, timezone))
        for one in watched
        for kind, details in one.standing.items()
    ]


def withdraw(dataset: str, run_id: str, period: str) -> None:
    """Take a published period that held personal rows back, wholly; called again, it goes on where it stopped."""
    with _told(f"withdraw {dataset} {period}"):
        hub, contract = _open("publish", dataset)
        bounds(period, contract.period, hub.timezone)  # refuses what is no period
        withdraw_period(hub, contract, run_id, period, "personal_rows")
        refresh(hub, run_id)


def refresh_twin(run_id: str) -> dict[str, Any]:
    """Make the digital twin of what is open now; return its page's address, and how many entities each layer has."""
    with _told("digital twin"):
        done = refresh(open_hub(load_settings(), "publish"), run_id)
    return {"url": done.url, "layers": done.layers, "removed": done.removed}


def retire_open(run_id: str) -> dict[str, int]:
    """Take back what was open for as long as its contract says; return how many periods, by dataset."""
    with _told("retention"):
        hub = open_hub(load_settings(), "publish")
        done = keep_to_retention(hub, run_id)
        if done:
            refresh(hub, run_id)
        return done


def send_mails(run_id: str) -> dict[str, int]:
    """Have the catalogue send the mails that wait; return how many letters went, and were refused for their address."""
    with _told("mails"):
        return ckan_catalogue(load_settings()).send_mails(run_id=run_id)


def rotations_due() -> list[str]:
    """The domains whose rotation officers started and nobody finished; a switch that was cut short comes first."""
    with _told("rotate"):
        return due(open_hub(load_settings(), "rotate"))


def rotate(domain: str, run_id: str) -> RotatedJson:
    """Carry the trusted zone's pseudonyms of a domain to its next epoch, or finish what another run began."""
    with _told(f"rotate {domain}"):
        done = rotate_domain(open_hub(load_settings(), "rotate"), domain, run_id)
    counts = done.counts
    return RotatedJson(
        domain=done.domain,
        epoch=done.epoch,
        datasets=list(done.datasets),
        counts={"periods": done.periods, "pseudonyms": counts.rows, "distinct": counts.distinct},
    )


def retire() -> int:
    """Remove what past rotations left behind in the trusted zone, a day after them; return how many objects."""
    with _told("rotate"):
        return retire_generations(open_hub(load_settings(), "rotate"))


def _forget_refused(hub: Hub, contract: Contract, period: str, candidate: DatasetRef) -> None:
    dataset = str(contract.id)
    with _told(f"forget {dataset} {period}"):
        forget_refused(hub, lambda: _open("deidentify", dataset)[0], contract, period, candidate)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except JourneyError:
        raise
    except Exception as error:
        raise translate(where, error) from None


def _open(role: Role, dataset: str) -> tuple[Hub, Contract]:
    try:
        hub = open_hub(load_settings(), role)
        return hub, hub.contract(dataset)
    except JourneyError:
        raise
    except Exception as error:
        raise translate(f"{role} {dataset}", error) from None
