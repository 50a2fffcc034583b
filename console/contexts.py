"""Builds each page from the territory's contracts, the journal and the lineage events.

Templates only lay out what is made here. No value of any dataset reaches these pages: counts, names and codes do. The
one page that shows values is made in :mod:`console.proofreading`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from catalog.lineage import ROTATION_DAG, Stage
from console import french
from console.alerts import alert_lines, moment_of
from console.failures import explain
from console.figures import counts_of, figures_of, found_of, measures_of, rejections_of
from console.lineage_graph import levels, provenances
from console.periods import latest_closed
from console.picture import draw
from console.proofreading import texts_address
from console.records import JournalReader, LineageRecords
from console.views import (
    Chip,
    DatasetCard,
    DatasetPage,
    DatasetsPage,
    Fact,
    ReleaseLine,
    RunLine,
    RunPage,
    StageLine,
    Tone,
    VerdictPanel,
    When,
)
from policies.contract import Contract, Territory
from storage import DecisionRecord, ReleaseRecord, RunDetail, RunOverview, StageRecord, VerdictRecord

RUNS_SHOWN = 20
RELEASES_SHOWN = 36
VERDICTS_READ = 100
_AIRFLOWS = re.compile(r"(manual|scheduled|backfill|asset_triggered|asset_materialization|operator_triggered)__")
COLLECT_STAGES = frozenset({"ingest", "deidentify"})
_STATUSES: Mapping[str, tuple[str, Tone]] = {
    "running": ("En cours", "wait"),
    "succeeded": ("Terminée", "good"),
    "failed": ("En échec", "bad"),
}
_VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "publishable": ("publiable", "good"),
    "needs_approval": ("à approuver", "wait"),
    "refused": ("refusé", "bad"),
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where the other services answer, as a browser reaches them."""

    airflow: str

    def run(self, dag: str, run_id: str) -> str:
        """A run in Airflow, or its DAG where Airflow did not start the run."""
        page = f"{self.airflow.rstrip('/')}/dags/{quote(dag)}"
        return f"{page}/runs/{quote(run_id, safe='')}" if _AIRFLOWS.match(run_id) else page

    def required_actions(self, dag: str, run_id: str) -> str:
        """The actions of a run that wait for a person."""
        return f"{self.run(dag, run_id)}/required_actions"


@dataclass(frozen=True, slots=True)
class Reader:
    """Builds the pages of one territory."""

    territory: Territory
    journal: JournalReader
    lineage: LineageRecords
    links: Links

    @property
    def zone(self) -> ZoneInfo:
        """The territory's time zone."""
        return ZoneInfo(self.territory.strategy.timezone)

    def datasets(self, now: datetime) -> DatasetsPage:
        """The list, in the order of titles."""
        contracts = sorted(self.territory.contracts.values(), key=lambda contract: contract.title.casefold())
        cards = tuple(self._card(contract, now) for contract in contracts)
        waiting = sum(card.waiting is not None for card in cards)
        failing = sum(card.last_run is not None and card.last_run.status.tone == "bad" for card in cards)
        parts = [_plural(len(cards), "jeu de données", "jeux de données")]
        parts += [_plural(waiting, "attend une décision", "attendent une décision")] if waiting else []
        parts += [_plural(failing, "en échec", "en échec")] if failing else []
        alerts = alert_lines(self.territory, self.journal.alerts(), now)
        parts += [_plural(len(alerts), "alerte", "alertes")] if alerts else []
        return DatasetsPage(cards, ", ".join(parts), alerts)

    def dataset(self, contract: Contract, now: datetime) -> DatasetPage:
        """The page of a dataset."""
        name = str(contract.id)
        found = levels(self.lineage.latest(name))
        filters = dict.fromkeys(
            f"{influence.column} : {influence.description}" for level in found for influence in level.influences
        )
        waiting = {verdict.run_id for verdict in self.waiting(name)}
        releases = sorted(self.journal.releases(name), key=lambda release: release.released_at, reverse=True)
        return DatasetPage(
            card=self._card(contract, now),
            description=contract.description.purpose,
            facts=_facts(contract),
            picture=draw(found),
            provenances=provenances(found) if found and found[-1].zone in ("candidate", "open") else (),
            filters=tuple(filters),
            releases=tuple(self._release(contract, release, now) for release in releases[:RELEASES_SHOWN]),
            runs=tuple(self._run_line(run, waiting, now) for run in self.journal.runs(name, RUNS_SHOWN)),
        )

    def run(self, contract: Contract, run: RunDetail, now: datetime) -> RunPage:
        """The page of a run."""
        overview = run.overview
        waits = [verdict for verdict in run.verdicts if self._waits(verdict, run.decisions)]
        line = self._run_line(overview, {overview.run_id} if waits else (), now)
        dag = _dag(overview)
        return RunPage(
            run_id=overview.run_id,
            title=f"Exécution du {line.when.text}",
            dataset=contract.title,
            dataset_address=_address(contract),
            line=line,
            stages=tuple(_stage_line(stage) for stage in run.stages),
            verdicts=tuple(self._verdict(verdict, _decided(verdict, run.decisions)) for verdict in run.verdicts),
            airflow=self.links.run(dag, overview.run_id),
            catalogue=run.releases[0].url if run.releases else None,
            waiting=self.links.required_actions(dag, overview.run_id) if waits else None,
            texts=texts_address(contract, waits[0].candidate_digest) if waits else None,
        )

    def answer_address(self, verdict: VerdictRecord) -> str:
        """Where a person answers whether a candidate is published."""
        return self.links.required_actions(f"{verdict.dataset}__release", verdict.run_id)

    def _card(self, contract: Contract, now: datetime) -> DatasetCard:
        name = str(contract.id)
        runs = self.journal.runs(name, RUNS_SHOWN)
        releases = self.journal.releases(name)
        verdicts = self.journal.verdicts(name, 1)
        waiting = self.waiting(name)
        organization = self.territory.organizations.get(contract.feed.operator, {})
        theme = self.territory.themes.get(contract.theme, {})
        return DatasetCard(
            address=_address(contract),
            title=contract.title,
            operator=organization.get("title", contract.feed.operator),
            theme=theme.get("title", contract.theme),
            verdict=self._judged(verdicts[0]) if verdicts else Chip("pas encore rendu", "none"),
            freshness=self._freshness(contract, releases, now),
            last_run=self._run_line(runs[0], {verdict.run_id for verdict in waiting}, now) if runs else None,
            last_period=french.period(max(release.period for release in releases)) if releases else None,
            figures=figures_of(runs, releases),
            waiting=self.answer_address(waiting[0]) if waiting else None,
            catalogue=max(releases, key=lambda release: release.released_at).url if releases else None,
            alerts=alert_lines(self.territory, self.journal.alerts(name), now),
        )

    def _judged(self, verdict: VerdictRecord) -> Chip:
        return _verdict_chip(verdict, self.journal.decision(verdict.candidate_digest))

    def waiting(self, dataset: str) -> list[VerdictRecord]:
        """The latest verdict of each period, where a person is still awaited."""
        latest: dict[str, VerdictRecord] = {}
        for verdict in self.journal.verdicts(dataset, VERDICTS_READ):
            latest.setdefault(verdict.period, verdict)
        asked = [verdict for verdict in latest.values() if verdict.verdict == "needs_approval"]
        return [verdict for verdict in asked if self.journal.decision(verdict.candidate_digest) is None]

    def _waits(self, verdict: VerdictRecord, decisions: Iterable[DecisionRecord]) -> bool:
        return verdict.verdict == "needs_approval" and _decided(verdict, decisions) is None

    def _freshness(self, contract: Contract, releases: Sequence[ReleaseRecord], now: datetime) -> Chip:
        if not releases:
            return Chip("Pas encore publié", "none")
        expected = latest_closed(contract, now, self.zone)
        if max(release.period for release in releases) >= expected:
            return Chip("À jour", "good")
        return Chip(f"En retard : publication attendue pour {french.period(expected)}", "wait")

    def _run_line(self, run: RunOverview, waiting: Container[str], now: datetime) -> RunLine:
        names = dict.fromkeys(french.stage(stage) for stage in run.stages)
        status = Chip(*_STATUSES.get(run.status, (run.status, "none")))
        if run.run_id in waiting and run.status == "succeeded":
            status = Chip("Attend une décision", "wait")
        return RunLine(
            address=_run_address(run),
            when=self._when(run.started_at, now),
            status=status,
            stages=" → ".join(names),
            duration=french.duration(run.seconds),
        )

    def _release(self, contract: Contract, release: ReleaseRecord, now: datetime) -> ReleaseLine:
        return ReleaseLine(
            period=french.period(release.period),
            version=str(release.major),
            rows=french.number(release.rows),
            when=self._when(release.released_at, now),
            run=f"{_address(contract)}/executions/{quote(release.run_id, safe='')}",
            catalogue=release.url,
        )

    def _verdict(self, record: VerdictRecord, decided: DecisionRecord | None) -> VerdictPanel:
        decision = None
        if decided is not None:
            verb = "Approuvé" if decided.approved else "Refusé"
            decision = f"{verb} par {decided.decided_by} le {french.moment(decided.decided_at, self.zone)}"
        return VerdictPanel(
            chip=_verdict_chip(record, decided),
            period=french.period(record.period),
            reasons=record.reasons,
            measures=measures_of(record.measures),
            decision=decision,
            candidate=record.candidate_digest[:12],
        )

    def _when(self, value: datetime, now: datetime) -> When:
        return moment_of(value, self.zone, now)


def contract_of(territory: Territory, dataset: str) -> Contract | None:
    """The contract of a dataset, by the name in an address."""
    return next((contract for name, contract in territory.contracts.items() if str(name) == dataset), None)


def _run_address(run: RunOverview) -> str:
    """Where a run's page is."""
    return f"/jeux-de-donnees/{quote(run.dataset)}/executions/{quote(run.run_id, safe='')}"


def _address(contract: Contract) -> str:
    return f"/jeux-de-donnees/{quote(str(contract.id))}"


def _dag(run: RunOverview) -> str:
    if Stage.ROTATE in run.stages:
        return ROTATION_DAG
    return run.dataset if set(run.stages) <= COLLECT_STAGES else f"{run.dataset}__release"


def _decided(verdict: VerdictRecord, decisions: Iterable[DecisionRecord]) -> DecisionRecord | None:
    return next((one for one in decisions if one.candidate_digest == verdict.candidate_digest), None)


def _verdict_chip(record: VerdictRecord, decided: DecisionRecord | None) -> Chip:
    if record.verdict == "needs_approval" and decided is not None:
        return Chip("approuvé", "good") if decided.approved else Chip("refusé par une personne", "bad")
    return Chip(*_VERDICTS.get(record.verdict, (record.verdict, "none")))


def _stage_line(stage: StageRecord) -> StageLine:
    return StageLine(
        name=french.stage(stage.stage),
        status=Chip(*_STATUSES.get(stage.status, (stage.status, "none"))),
        period=french.period(stage.period) if stage.period else "",
        duration=french.duration(stage.seconds) if stage.seconds is not None else "",
        figures=counts_of(stage.counts),
        rejections=rejections_of(stage.counts),
        found=found_of(stage.counts),
        error_code=stage.error_code,
        error=explain(stage.error_code) if stage.error_code else None,
    )


def _facts(contract: Contract) -> tuple[Fact, ...]:
    unit = contract.protection_unit
    facts = [
        Fact("Version du contrat", str(contract.version)),
        Fact("Base légale", contract.legal_basis.text),
        Fact("Ce qui est protégé", french.UNITS[unit.kind] if unit else "aucune donnée personnelle"),
        Fact("Registre des traitements", contract.treatment_ref),
        Fact("Publication", "après accord d'une personne" if contract.approval else "automatique si le risque est bas"),
        Fact("Conservation à l'arrivée", _plural(contract.landing_retention.days, "jour", "jours")),
    ]
    return tuple(fact for fact in facts if fact.value)


def _plural(count: int, singular: str, plural: str) -> str:
    return f"{french.number(count)}{french.SPACE}{singular if count < 2 else plural}"
