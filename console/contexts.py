"""Builds each page from the territory's contracts, the journal and the lineage events.

Templates only lay out what is made here. No value of any dataset ever reaches a page: counts, names and codes do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from console import french
from console.failures import explain
from console.lineage_graph import levels, provenances
from console.periods import latest_closed
from console.picture import draw
from console.records import JournalReader, LineageRecords, ReleaseRecord, RunRecord, StageRecord, VerdictRecord
from console.views import (
    Chip,
    DatasetCard,
    DatasetPage,
    DatasetsPage,
    Fact,
    Figure,
    ReleaseLine,
    RunLine,
    RunPage,
    StageLine,
    Tone,
    VerdictPanel,
    When,
)
from policies.contract import Contract, Territory

RUNS_SHOWN = 20
RELEASES_SHOWN = 36
_FIGURES = ("rows_in", "rejected", "not_covered", "duplicates", "stored", "suppressed", "published")
_STATUSES: Mapping[str, tuple[str, Tone]] = {
    "running": ("En cours", "wait"),
    "done": ("Terminée", "good"),
    "failed": ("En échec", "bad"),
}
_VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "publishable": ("Publiable", "good"),
    "needs_approval": ("À approuver", "wait"),
    "refused": ("Refusé", "bad"),
}
_MEASURES = {
    "k": "Plus petit groupe (k)",
    "prosecutor_risk": "Risque de retrouver une personne connue",
    "smallest_cell": "Plus petite cellule (unités)",
    "largest_share": "Plus forte part d'une seule unité",
    "residual_identifiers": "Identifiants encore repérables",
    "suppressed_share": "Part supprimée",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where the other services answer, as a browser reaches them."""

    airflow: str
    ckan: str

    def run(self, dag: str, run_id: str) -> str:
        """A run in Airflow."""
        return f"{self.airflow.rstrip('/')}/dags/{quote(dag)}/runs/{quote(run_id, safe='')}"

    def required_actions(self, dag: str, run_id: str) -> str:
        """The actions of a run that wait for a person."""
        return f"{self.run(dag, run_id)}/required_actions"

    def page(self, dataset: str) -> str:
        """A dataset in the catalogue."""
        return f"{self.ckan.rstrip('/')}/dataset/{quote(dataset)}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Builds the pages of one territory at one moment."""

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
        return DatasetsPage(cards, ", ".join(parts))

    def dataset(self, contract: Contract, now: datetime) -> DatasetPage:
        """The page of a dataset."""
        found = levels(self.lineage.latest(str(contract.id)))
        filters = dict.fromkeys(
            f"{influence.column} : {influence.description}" for level in found for influence in level.influences
        )
        return DatasetPage(
            card=self._card(contract, now),
            description=contract.description.purpose,
            facts=_facts(contract),
            picture=draw(found),
            provenances=provenances(found) if found and found[-1].zone in ("candidate", "open") else (),
            filters=tuple(filters),
            releases=tuple(
                self._release(contract, release, now)
                for release in self.journal.releases(str(contract.id))[:RELEASES_SHOWN]
            ),
            runs=tuple(self._run_line(run, now) for run in self.journal.runs(str(contract.id), RUNS_SHOWN)),
        )

    def run(self, contract: Contract, run: RunRecord, now: datetime) -> RunPage:
        """The page of a run."""
        line = self._run_line(run, now)
        dag = _dag(run)
        published = any(stage.stage == "publish" and stage.status == "done" for stage in run.stages)
        return RunPage(
            run_id=run.run_id,
            title=f"Exécution du {line.when.text}",
            dataset=contract.title,
            dataset_address=_address(contract),
            line=line,
            stages=tuple(_stage_line(stage) for stage in run.stages),
            verdicts=tuple(self._verdict(verdict) for verdict in run.verdicts),
            airflow=self.links.run(dag, run.run_id),
            catalogue=self.links.page(str(contract.id)) if published else None,
            waiting=self.links.required_actions(dag, run.run_id) if _waits(run) else None,
        )

    def _card(self, contract: Contract, now: datetime) -> DatasetCard:
        name = str(contract.id)
        runs = self.journal.runs(name, RUNS_SHOWN)
        releases = self.journal.releases(name)
        judged = next((run for run in runs if run.verdicts), None)
        waiting = next((run for run in runs if _waits(run)), None)
        organization = self.territory.organizations.get(contract.feed.operator, {})
        theme = self.territory.themes.get(contract.theme, {})
        return DatasetCard(
            address=_address(contract),
            title=contract.title,
            operator=organization.get("title", contract.feed.operator),
            theme=theme.get("title", contract.theme),
            verdict=_verdict_chip(judged.verdicts[-1]) if judged else Chip("Pas encore évalué", "none"),
            freshness=self._freshness(contract, releases, now),
            last_run=self._run_line(runs[0], now) if runs else None,
            last_period=french.period(max(release.period for release in releases)) if releases else None,
            figures=_figures(runs),
            waiting=self.links.required_actions(_dag(waiting), waiting.run_id) if waiting else None,
            catalogue=self.links.page(name) if releases else None,
        )

    def _freshness(self, contract: Contract, releases: Sequence[ReleaseRecord], now: datetime) -> Chip:
        if not releases:
            return Chip("Pas encore publié", "none")
        expected = latest_closed(contract, now, self.zone)
        if max(release.period for release in releases) >= expected:
            return Chip("À jour", "good")
        return Chip(f"En retard : publication attendue pour {french.period(expected)}", "wait")

    def _run_line(self, run: RunRecord, now: datetime) -> RunLine:
        started = min(stage.started_at for stage in run.stages)
        seconds = sum(stage.seconds or 0 for stage in run.stages)
        names = dict.fromkeys(french.stage(stage.stage) for stage in run.stages)
        return RunLine(
            address=f"/jeux-de-donnees/{quote(run.dataset)}/executions/{quote(run.run_id, safe='')}",
            when=self._when(started, now),
            status=_run_chip(run),
            stages=" → ".join(names),
            duration=french.duration(seconds),
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

    def _verdict(self, record: VerdictRecord) -> VerdictPanel:
        decision = None
        if record.approved is not None and record.decided_at is not None:
            verb = "Approuvé" if record.approved else "Refusé"
            decision = f"{verb} par {record.decided_by} le {french.moment(record.decided_at, self.zone)}"
        measures = tuple(Figure(_MEASURES.get(name, name), _measure(name, v)) for name, v in record.measures.items())
        return VerdictPanel(
            chip=_verdict_chip(record),
            period=french.period(record.period),
            reasons=record.reasons,
            measures=measures,
            decision=decision,
            candidate=record.candidate_digest[:12],
        )

    def _when(self, value: datetime, now: datetime) -> When:
        return When(value.isoformat(timespec="seconds"), french.moment(value, self.zone), french.ago(value, now))


def contract_of(territory: Territory, dataset: str) -> Contract | None:
    """The contract of a dataset, by the name in an address."""
    return next((contract for name, contract in territory.contracts.items() if str(name) == dataset), None)


def _address(contract: Contract) -> str:
    return f"/jeux-de-donnees/{quote(str(contract.id))}"


def _dag(run: RunRecord) -> str:
    collected = all(stage.stage in ("ingest", "deidentify") for stage in run.stages)
    return run.dataset if collected else f"{run.dataset}__release"


def _waits(run: RunRecord) -> bool:
    return any(verdict.verdict == "needs_approval" and verdict.approved is None for verdict in run.verdicts)


def _run_chip(run: RunRecord) -> Chip:
    statuses = {(stage.stage, stage.period): stage.status for stage in run.stages}.values()
    for status in ("failed", "running"):
        if status in statuses:
            return Chip(*_STATUSES[status])
    return Chip("Attend une décision", "wait") if _waits(run) else Chip(*_STATUSES["done"])


def _verdict_chip(record: VerdictRecord) -> Chip:
    if record.verdict == "needs_approval" and record.approved is not None:
        return Chip("Approuvé", "good") if record.approved else Chip("Refusé par une personne", "bad")
    return Chip(*_VERDICTS.get(record.verdict, (record.verdict, "none")))


def _stage_line(stage: StageRecord) -> StageLine:
    return StageLine(
        name=french.stage(stage.stage),
        status=Chip(*_STATUSES.get(stage.status, (stage.status, "none"))),
        period=french.period(stage.period) if stage.period else "",
        duration=french.duration(stage.seconds) if stage.seconds is not None else "",
        figures=tuple(Figure(french.count(name), french.number(value)) for name, value in stage.counts.items()),
        error_code=stage.error_code,
        error=explain(stage.error_code) if stage.error_code else None,
    )


def _figures(runs: Sequence[RunRecord]) -> tuple[Figure, ...]:
    """The latest value of each figure that matters, from the latest runs that counted it."""
    found: dict[str, int] = {}
    for run in runs:
        counts: dict[str, int] = {}
        for stage in run.stages:
            for name, value in stage.counts.items():
                canonical = _canonical(stage.stage, name)
                counts[canonical] = counts.get(canonical, 0) + value
        for name, value in counts.items():
            found.setdefault(name, value)
    return tuple(Figure(french.count(name), french.number(found[name])) for name in _FIGURES if name in found)


def _canonical(stage: str, name: str) -> str:
    """One figure for the names that stages give to it; input rows count where they come in, once."""
    if stage == "publish" and name in ("rows", "published_rows"):
        return "published"
    if name in ("suppressed_rows", "suppressed_cells", "suppressed"):
        return "suppressed" if stage == "anonymize" else f"{stage}.{name}"
    return name if stage in ("deidentify", "publish") else f"{stage}.{name}"


def _measure(name: str, value: float) -> str:
    """Risks and shares as percentages."""
    return (
        f"{french.number(value * 100, 1)}{french.SPACE}%"
        if name.endswith(("_risk", "_share"))
        else french.number(value)
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
