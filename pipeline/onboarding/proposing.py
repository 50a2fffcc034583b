"""The whole of « ardoise contracts new », without a screen: answers in, text of a contract out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from pipeline.errors import BadInputError
from pipeline.onboarding.answers import Answers
from pipeline.onboarding.draft import draft
from pipeline.onboarding.inference import Inferred, infer, key_of
from pipeline.onboarding.proposal import Profiler, Proposed, propose
from pipeline.onboarding.sampling import draw
from policies.contract import (
    Column,
    Contract,
    DatasetId,
    Description,
    Feed,
    LegalBasis,
    PeriodUnit,
    ReleaseRule,
    Territory,
    Version,
)
from settings import Settings
from sources.options import CONNECTORS, DECODERS


@dataclass(frozen=True, slots=True)
class NewContract:
    """A proposed contract, and what it was proposed from."""

    text: str
    rows: int
    proposed: Proposed


def new_contract(
    answers: Answers, settings: Settings, territory: Territory, profiler: Profiler, now: datetime
) -> NewContract:
    """Sample the feed and propose its contract.

    Raises:
        BadInputError: an answer names something that is not there, or the sample can not be read.
        SourceError: operator, options or payload refuse.
    """
    _check(answers, territory)

    def provisional(options: dict[str, Any], columns: tuple[Column, ...]) -> Contract:
        return _provisional(answers, {**answers.options, **options}, columns)

    sample = draw(provisional, settings, territory, now)
    decimal = str(sample.options.get("decimal", "."))
    inferred = infer(sample.table, territory.strategy.timezone, decimal)
    dated = (answers.date,) if answers.date else ()
    for asked in (*answers.cle, *dated, *answers.sans_personne, *answers.descriptions):
        if asked not in sample.table.column_names:
            known = ", ".join(sample.table.column_names)
            raise BadInputError(f"la colonne « {asked} » n'est pas dans le flux ; on y trouve : {known}")
    proposed = propose(sample.table, inferred, profiler, frozenset(answers.sans_personne))
    kept = tuple(one.column for one in proposed.columns if not _dropped(one.technique))
    event = answers.date or _dating(kept)
    keys = answers.cle or key_of(kept, sample.table, event)
    names = {one.physical_name: one.name for one in inferred}
    text = draft(
        answers,
        sample.options,
        _kept(proposed, {names[one] for one in keys} | ({names[event]} if event else set())),
        names[event] if event else None,
        tuple(names[one] for one in keys),
        territory.strategy,
    )
    return NewContract(text, sample.table.num_rows, proposed)


def _check(answers: Answers, territory: Territory) -> None:
    """Refuse what would only be found once the contract is written."""
    for given, known, what in (
        (answers.operateur, territory.organizations, "operateur"),
        (answers.theme, territory.themes, "theme"),
        (answers.source, CONNECTORS, "source"),
        (answers.decodeur, DECODERS, "decodeur"),
    ):
        if given not in known:
            raise BadInputError(f"{what} : « {given} » n'existe pas ; au choix : {', '.join(sorted(known))}")
    if DatasetId(answers.identifiant) in territory.contracts:
        raise BadInputError(f"identifiant : « {answers.identifiant} » est déjà celui d'un contrat du territoire")


def _dating(inferred: tuple[Inferred, ...]) -> str | None:
    """The column that dates a row: the first full date or time, one called so before others."""
    dated = [one for one in inferred if one.logical_type in ("timestamp", "date") and not one.empty]
    full = [one for one in dated if one.required] or dated
    return min(full, key=lambda one: "naissance" in one.name).physical_name if full else None


def _kept(proposed: Proposed, needed: set[str]) -> Proposed:
    """A key or date that was proposed to be dropped is not decided here: the contract would not load, and says so."""
    missing = [one.column.name for one in proposed.columns if one.column.name in needed and _dropped(one.technique)]
    if missing:
        named = ", ".join(f"« {name} »" for name in missing)
        raise BadInputError(
            f"{named} distingue ou date les lignes, et désigne une personne que rien n'autorise à conserver : donnez "
            "d'autres colonnes dans « cle » ou « date » du fichier de réponses"
        )
    return proposed


def _dropped(technique: str) -> bool:
    return technique in ("drop", "redact", "commune")


def _provisional(answers: Answers, options: dict[str, Any], columns: tuple[Column, ...]) -> Contract:
    """A contract that is good for fetching and reading, and for nothing else: it is never written or stored."""
    feed = Feed(cast(Any, answers.source), cast(Any, answers.decodeur), answers.operateur, None, options)
    return Contract(
        id=DatasetId(answers.identifiant),
        version=Version(0, 0, 0),
        title=answers.titre,
        status="draft",
        description=Description("", "", ""),
        tags=(),
        theme=answers.theme,
        feed=feed,
        period=PeriodUnit(answers.periode),
        event_time=columns[0].name,
        lateness=timedelta(0),
        corrections=timedelta(0),
        protection_unit=None,
        coverage=None,
        legal_basis=LegalBasis("none", ""),
        purpose="",
        treatment_ref="",
        landing_retention=timedelta(0),
        dcat={},
        columns=columns,
        release=ReleaseRule("as_is", ()),
        approval=True,
        authors=(),
        source=Path(f"{answers.identifiant}.odcs.yaml"),
        digest="",
    )
