"""Turns every contract of the territory into two DAGs. This is the one file that Airflow reads.

    <dataset>             ingest -> deidentify                                    one run a visit to the operator
    <dataset>__release    anonymize -> assess [-> approve -> decide] -> publish   one run a period
    digital-twin          refresh                                                 after any of its layers was published
    rotate_keys           due -> rotate -> retire                                 every hour; for all contracts
    feeds_watch           watch                                                   every hour; for all contracts
    open_retention        retire                                                  every night; for all contracts
    catalogue_mails       send                                                    every hour, if a mail server is named

The first renews a partitioned asset, one partition a closed period it changed; the second is scheduled by that asset.
A publication renews another asset; the digital twin is scheduled by any of those of geographic datasets.
A contract that does not load gets one DAG that says why, and takes no other with it.

Settings are built here, once, because this file is the entry point of the processes that read it; contracts are the
only thing read beside them. Stages and all they need are imported by the tasks, when they run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    CronTriggerTimetable,
    FixedKeyMapper,
    Param,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
    TriggerRule,
)
from airflow.sdk.bases.timetable import BaseTimetable

from dags import journey, texts
from dags.names import (
    MAILS_DAG_ID,
    RETENTION_DAG_ID,
    ROTATION_DAG_ID,
    WATCH_DAG_ID,
    asset_name,
    collect_dag_id,
    open_asset_name,
    period_shape,
    release_dag_id,
)
from policies import load_territory
from policies.contract import Contract, Territory
from policies.errors import ContractError
from policies.twin import geographic
from settings import Settings, load_settings

PATIENCE = timedelta(days=30)  # how long an approval may wait
RELEASES_AT_ONCE = 16  # periods that may wait for a person side by side
STAGE: dict[str, Any] = {  # outages are tried again after 20 seconds, 40, 80… at most 15 minutes
    "retries": 6,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": timedelta(hours=4),
    "show_return_value_in_logs": False,
}


def build(territory: Territory, settings: Settings) -> Iterator[DAG]:
    """Yield the two DAGs of each contract that is in force."""
    for contract in territory.contracts.values():
        if not contract.in_force:
            continue
        asset = Asset(
            name=asset_name(contract.id),
            uri=f"s3://{settings.s3.private_bucket}/trusted/{contract.id}/v{contract.version.major}",
            group="trusted",
        )
        yield collect_dag(contract, territory, asset)
        yield release_dag(contract, territory, asset, settings)


def collect_dag(contract: Contract, territory: Territory, asset: Asset) -> DAG:
    """The DAG that collects: from the operator to the trusted zone."""
    dag = DAG(
        dag_id=collect_dag_id(contract.id),
        dag_display_name=f"{contract.title} · collecte",
        description=f"Collecter et pseudonymiser : {contract.title}",
        doc_md=texts.collect_page(contract, territory),
        schedule=_timetable(contract, territory),
        params={
            "periods": Param(
                [],
                type="array",
                items={"type": "string", "pattern": f"^{period_shape(contract.period)}$"},
                title="Périodes à publier de nouveau",
                description="Laisser vide en temps normal. Une période par ligne : chacune sera publiée de nouveau.",
            )
        },
        is_paused_upon_creation=True,  # a person switches on a collection
        max_active_runs=1,
        **_common(contract, territory, "collecte"),
    )
    arguments = {"dataset": contract.id, "unit": contract.period.value}
    with dag:
        ingest = PythonOperator(
            task_id="ingest", python_callable=journey.ingest, op_kwargs={"dataset": contract.id}, **STAGE
        )
        deidentify = PythonOperator(
            task_id="deidentify", python_callable=journey.deidentify, op_kwargs=arguments, outlets=[asset], **STAGE
        )
        ingest >> deidentify
    return dag


def release_dag(contract: Contract, territory: Territory, asset: Asset, settings: Settings) -> DAG:
    """The DAG that releases: from the trusted zone to the catalogue, one period a run."""
    dag = DAG(
        dag_id=release_dag_id(contract.id),
        dag_display_name=f"{contract.title} · publication",
        description=f"Anonymiser, mesurer et publier : {contract.title}",
        doc_md=texts.release_page(contract, territory),
        schedule=PartitionedAssetTimetable(assets=asset),
        params={
            "period": Param(
                None,
                type=["null", "string"],
                pattern=f"^{period_shape(contract.period)}$",
                title="Période",
                description="Seulement pour publier de nouveau une période à la main, sans clé de partition.",
            )
        },
        is_paused_upon_creation=False,  # it does nothing until a collection announces a period
        max_active_runs=RELEASES_AT_ONCE,
        user_defined_macros={
            "approval_subject": partial(texts.approval_subject, contract),
            "approval_body": partial(_approval_body, contract, settings.console_url),
        },
        **_common(contract, territory, "publication"),
    )
    with dag:
        previous = _stage("anonymize", contract)
        for task in _after_anonymize(contract, settings):
            previous >> task
            previous = task
    return dag


def twin_dag(territory: Territory, settings: Settings) -> Iterator[DAG]:
    """The DAG that makes the digital twin again whenever one of its layers is published, if the territory has it.

    A run that knows its partition only wakes timetables that do: here every period stands for the one there is.
    """
    twin, layers = territory.twin, geographic(territory.contracts)
    if twin is None or not layers:
        return
    assets = [open_asset(contract, settings) for contract in layers]
    dag = DAG(
        dag_id=str(twin.id),
        dag_display_name=twin.title,
        description="Réunir tous les jeux de données géographiques publiés",
        doc_md=texts.twin_page(territory),
        schedule=PartitionedAssetTimetable(
            assets=AssetAny(*assets), default_partition_mapper=FixedKeyMapper(downstream_key="latest")
        ),
        start_date=_start(territory),
        catchup=False,
        is_paused_upon_creation=False,
        max_active_runs=1,
        default_args={"owner": twin.organization},
        tags=["vue d'ensemble", *twin.tags],
    )
    with dag:
        PythonOperator(task_id="refresh", python_callable=journey.refresh_twin, inlets=assets, **STAGE)
    yield dag


def open_asset(contract: Contract, settings: Settings) -> Asset:
    """What is published of a dataset."""
    return Asset(
        name=open_asset_name(contract.id),
        uri=f"s3://{settings.s3.open_bucket}/{contract.id}/v{contract.version.major}",
        group="open",
    )


def rotation_dag(territory: Territory) -> DAG:
    """The DAG that carries pseudonyms to another epoch, once two officers have started that at custody."""
    dag = _upkeep(
        ROTATION_DAG_ID,
        "Rotation des pseudonymes",
        "Faire passer les pseudonymes d'un domaine à leur nouvelle époque",
        texts.rotation_page(),
        "40 * * * *",
        territory,
        tags=["pseudonymes", "tiers de confiance"],
        default_args={"owner": "tiers de confiance"},
    )
    with dag:
        due = PythonOperator(task_id="due", python_callable=journey.rotations_due, **STAGE)
        rotate = PythonOperator.partial(
            task_id="rotate", python_callable=journey.rotate, max_active_tis_per_dag=1, **STAGE
        ).expand(op_args=due.output)
        retire = PythonOperator(
            task_id="retire", python_callable=journey.retire, trigger_rule=TriggerRule.NONE_FAILED, **STAGE
        )
        due >> rotate >> retire
    return dag


def watch_dag(territory: Territory) -> DAG:
    """The DAG that judges the feeds: its task is red while an alert stands, and nothing waits for it."""
    told = ("Surveillance des flux", "Alerter quand un flux s'arrête, se réduit ou dérive", texts.watch_page())
    with _upkeep(WATCH_DAG_ID, *told, "10 * * * *", territory, tags=["surveillance"]) as dag:
        PythonOperator(task_id="watch", python_callable=journey.watch_feeds, **STAGE)
    return dag


def retention_dag(territory: Territory) -> DAG:
    """The DAG that takes back what was open for as long as its contract says, also where a feed has stopped."""
    told = ("Fin de publication", "Retirer ce dont le temps de publication est passé", texts.retention_page())
    with _upkeep(RETENTION_DAG_ID, *told, "50 3 * * *", territory, tags=["catalogue"]) as dag:
        PythonOperator(task_id="retire", python_callable=journey.retire_open, **STAGE)
    return dag


def mails_dag(territory: Territory, settings: Settings) -> Iterator[DAG]:
    """The DAG that has the catalogue send what waits, if the adopter named a mail server."""
    if not settings.smtp_server:
        return
    told = ("Courriels du catalogue", "Prévenir ceux qui suivent un jeu de données, et ceux qu'un message attend")
    with _upkeep(MAILS_DAG_ID, *told, texts.mails_page(), "25 * * * *", territory, tags=["catalogue"]) as dag:
        PythonOperator(task_id="send", python_callable=journey.send_mails, **STAGE)
    yield dag


def _upkeep(
    dag_id: str, name: str, description: str, page: str, cron: str, territory: Territory, **options: Any
) -> DAG:
    """A DAG for all contracts, by the clock; it does nothing where nothing is to be done, so it is switched on."""
    return DAG(
        dag_id=dag_id,
        dag_display_name=name,
        description=description,
        doc_md=page,
        schedule=CronTriggerTimetable(cron, timezone=territory.strategy.timezone),
        start_date=_start(territory),
        catchup=False,
        is_paused_upon_creation=False,
        max_active_runs=1,
        **options,
    )


def refused_dag(file: Path, error: ContractError) -> DAG:
    """The DAG that stands for a contract that does not load: it says why, and does nothing."""
    dag = DAG(
        dag_id=collect_dag_id(file.name.split(".")[0]),
        description=f"Contrat refusé : {file.name}",
        doc_md=texts.refusal_page(file.name, error),
        schedule=None,
        is_paused_upon_creation=True,
        tags=["contrat refusé"],
    )
    with dag:
        PythonOperator(task_id="contract", python_callable=partial(journey.refuse, str(error)))
    return dag


def _after_anonymize(contract: Contract, settings: Settings) -> Iterator[Any]:
    yield _stage("assess", contract)
    if contract.approval:
        period = "dag_run.partition_key or params.period"
        yield HITLOperator(
            task_id="approve",
            subject=f"{{{{ approval_subject({period}) }}}}",
            body=f"{{{{ approval_body({period}, ti.xcom_pull(task_ids='assess'), dag_run) }}}}",
            options=[journey.APPROVE, journey.REFUSE],
            params={
                "motif": Param(
                    "",
                    type=["null", "string"],
                    maxLength=500,
                    title="Motif (facultatif)",
                    description="Conservé avec la décision.",
                )
            },
            response_timeout=PATIENCE,
        )
        yield _stage("decide", contract, operator=ShortCircuitOperator)
    shown = [open_asset(contract, settings)] if contract.release.longitude else []  # the digital twin waits for it
    yield _stage("publish", contract, outlets=shown)


def _stage(
    name: str, contract: Contract, operator: type[PythonOperator] = PythonOperator, **options: Any
) -> PythonOperator:
    """A task of the release; one at a time for each dataset, so that two periods never rewrite one page together."""
    return operator(
        task_id=name,
        python_callable=getattr(journey, name),
        op_kwargs={"dataset": contract.id, "unit": contract.period.value},
        max_active_tis_per_dag=1,
        **options,
        **STAGE,
    )


def _approval_body(contract: Contract, console_url: str, period: str, judged: dict[str, Any], run: Any) -> str:
    page = f"{console_url}/jeux-de-donnees/{contract.id}"
    run_url = f"{page}/executions/{quote(run.run_id, safe='')}"
    return texts.approval_body(contract, period, judged, run_url, f"{page}/textes/{judged['candidate']['digest']}")


def _timetable(contract: Contract, territory: Territory) -> BaseTimetable:
    if contract.feed.schedule is None:
        return PartitionedAtRuntime()
    return CronTriggerTimetable(contract.feed.schedule, timezone=territory.strategy.timezone, run_immediately=True)


def _start(territory: Territory) -> datetime:
    return datetime(2026, 1, 1, tzinfo=ZoneInfo(territory.strategy.timezone))


def _common(contract: Contract, territory: Territory, kind: str) -> dict[str, Any]:
    return {
        "start_date": _start(territory),
        "catchup": False,
        "default_args": {"owner": contract.feed.operator},
        "tags": [kind, contract.feed.operator, contract.theme, *contract.tags],
    }


_settings = load_settings()
_refused: dict[Path, ContractError] = {}
_territory = load_territory(_settings.territory, refused=_refused.__setitem__)
_dags = (
    *build(_territory, _settings),
    *map(refused_dag, _refused, _refused.values()),
    *twin_dag(_territory, _settings),
    rotation_dag(_territory),
    watch_dag(_territory),
    retention_dag(_territory),
    *mails_dag(_territory, _settings),
)
for _dag in _dags:
    globals()[_dag.dag_id] = _dag
