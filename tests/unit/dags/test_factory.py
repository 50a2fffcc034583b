"""Two DAGs a contract: schedule, tasks, pages, limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.contract import Territory
from settings import Settings


@pytest.fixture(scope="module")
def dags(territory: Territory, settings: Settings) -> dict[str, Any]:
    from dags.ardoise import build

    return {dag.dag_id: dag for dag in build(territory, settings)}


def order(dag: Any) -> list[str]:
    return [task.task_id for task in dag.topological_sort()]


def test_two_dags_a_contract(dags: dict[str, Any], territory: Territory) -> None:
    assert set(dags) == {name for dataset in territory.contracts for name in (dataset, f"{dataset}__release")}


def test_one_dag_rotates_for_all_of_them(territory: Territory) -> None:
    from dags.ardoise import rotation_dag

    dag = rotation_dag(territory)
    assert dag.dag_id == "rotate_keys"
    assert order(dag) == ["due", "rotate", "retire"]
    assert (dag.timetable.expression, dag.max_active_runs, dag.catchup) == ("40 * * * *", 1, False)
    assert dag.is_paused_upon_creation is False
    assert dag.get_task("retire").trigger_rule == "none_failed"
    assert dag.get_task("rotate").partial_kwargs["max_active_tis_per_dag"] == 1
    for promise in ("Rien n'est publié de nouveau", "elle ne s'annule pas", "une rotation ne répare rien"):
        assert promise in dag.doc_md


def test_one_dag_watches_all_feeds_and_nothing_waits_for_it(territory: Territory) -> None:
    from dags.ardoise import watch_dag

    dag = watch_dag(territory)
    assert (dag.dag_id, order(dag)) == ("feeds_watch", ["watch"])
    assert (dag.timetable.expression, dag.max_active_runs, dag.catchup) == ("10 * * * *", 1, False)
    assert dag.is_paused_upon_creation is False
    assert dag.get_task("watch").outlets == []
    assert "n'arrête ni la collecte ni la publication" in dag.doc_md


def test_what_was_open_long_enough_is_taken_back_every_night(territory: Territory) -> None:
    from dags.ardoise import retention_dag

    dag = retention_dag(territory)
    assert (dag.dag_id, order(dag)) == ("open_retention", ["retire"])
    assert (dag.timetable.expression, dag.max_active_runs, dag.catchup) == ("50 3 * * *", 1, False)
    assert dag.is_paused_upon_creation is False
    assert "même si le flux s'est arrêté" in dag.doc_md


def test_mails_are_sent_every_hour_where_there_is_a_server(territory: Territory, settings: Settings) -> None:
    from dags.ardoise import mails_dag

    assert list(mails_dag(territory, settings)) == []
    named = {"smtp_server": "mail.territoire.example", "smtp_sender": "donnees@territoire.example"}
    (dag,) = mails_dag(territory, settings.model_copy(update=named))
    assert (dag.dag_id, order(dag)) == ("catalogue_mails", ["send"])
    assert (dag.timetable.expression, dag.max_active_runs, dag.catchup) == ("25 * * * *", 1, False)
    assert "sans rien du message ni de qui l'a écrit" in dag.doc_md


def test_the_digital_twin_follows_every_geographic_publication_whatever_its_period(
    dags: dict[str, Any], territory: Territory, settings: Settings
) -> None:
    from airflow.sdk import AssetAny, FixedKeyMapper, PartitionedAssetTimetable

    from dags.ardoise import twin_dag

    (dag,) = twin_dag(territory, settings)
    assert (dag.dag_id, order(dag), dag.max_active_runs, dag.is_paused_upon_creation) == (
        "digital-twin",
        ["refresh"],
        1,
        False,
    )
    assert isinstance(dag.timetable, PartitionedAssetTimetable)
    assert isinstance(dag.timetable.asset_condition, AssetAny)
    assert dag.timetable.default_partition_mapper == FixedKeyMapper(downstream_key="latest")
    waited = {asset.name for asset in dag.timetable.asset_condition.objects}
    renewed = {asset.name for name in dags for task in dags[name].tasks for asset in task.outlets} - {
        f"trusted/{dataset}" for dataset in territory.contracts
    }
    geographic = {f"open/{name}" for name, one in territory.contracts.items() if one.release.longitude}
    assert waited == renewed == geographic >= {"open/parking"}
    assert "open/water-meters" not in waited
    assert "Places libres des parcs de stationnement" in dag.doc_md


def test_a_territory_without_a_twin_has_no_such_dag(territory: Territory, settings: Settings) -> None:
    from dags.ardoise import twin_dag

    assert list(twin_dag(replace(territory, twin=None), settings)) == []
    assert list(twin_dag(replace(territory, contracts={}), settings)) == []


def test_a_draft_is_neither_collected_nor_released(territory: Territory, settings: Settings) -> None:
    from dags.ardoise import build

    contracts = {name: replace(one, status="draft") for name, one in territory.contracts.items()}
    assert list(build(replace(territory, contracts=contracts), settings)) == []


def test_a_collection_follows_its_contract(dags: dict[str, Any], territory: Territory) -> None:
    for dataset, contract in territory.contracts.items():
        dag = dags[dataset]
        assert order(dag) == ["ingest", "deidentify"]
        assert dag.timetable.expression == contract.feed.schedule
        assert str(dag.timetable.timezone) == "Europe/Paris"
        assert (dag.max_active_runs, dag.catchup, dag.is_paused_upon_creation) == (1, False, True)
        assert "collecte" in dag.tags
        assert contract.feed.operator in dag.tags


def test_a_release_is_started_by_the_partitioned_asset_its_collection_renews(dags: dict[str, Any]) -> None:
    from airflow.sdk import PartitionedAssetTimetable

    for dataset in ("parking", "citizen-reports", "water-meters"):
        (asset,) = dags[dataset].get_task("deidentify").outlets
        timetable = dags[f"{dataset}__release"].timetable
        assert isinstance(timetable, PartitionedAssetTimetable)
        assert timetable.asset_condition == asset
        assert asset.name == f"trusted/{dataset}"
        assert dags[f"{dataset}__release"].is_paused_upon_creation is False


def test_a_person_is_asked_only_where_the_contract_says_so(dags: dict[str, Any], territory: Territory) -> None:
    with_person = ["anonymize", "assess", "approve", "decide", "publish"]
    for dataset, contract in territory.contracts.items():
        expected = with_person if contract.approval else ["anonymize", "assess", "publish"]
        assert order(dags[f"{dataset}__release"]) == expected
    assert territory.contracts["citizen-reports"].approval  # type: ignore[index]


def test_an_approval_waits_for_days_without_a_retry(dags: dict[str, Any]) -> None:
    approve = dags["citizen-reports__release"].get_task("approve")
    assert approve.response_timeout == timedelta(days=30)
    assert approve.execution_timeout is None
    assert approve.retries == 0
    assert approve.options == ["Approuver la publication", "Refuser"]


def test_outages_are_retried_less_and_less_often_and_one_page_is_written_at_a_time(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            if task.task_id == "approve":
                continue
            assert (task.retries, task.retry_exponential_backoff) == (6, 2.0)
            assert (task.retry_delay, task.max_retry_delay) == (timedelta(seconds=10), timedelta(minutes=15))
            assert task.show_return_value_in_logs is False
    publish = dags["parking__release"].get_task("publish")
    assert publish.max_active_tis_per_dag == 1


def test_periods_given_by_hand_have_the_contracts_shape(dags: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = dags["water-meters__release"].params
    params["period"] = "2026-10"
    with pytest.raises(ParamValidationError):
        params["period"] = "2026-10-31"
    again = dags["parking"].params
    again["periods"] = ["2026-10-31"]
    with pytest.raises(ParamValidationError):
        again["periods"] = ["octobre"]


def test_pages_are_in_french_and_about_their_contract(dags: dict[str, Any], territory: Territory) -> None:
    for dataset, contract in territory.contracts.items():
        collect, release = dags[dataset].doc_md, dags[f"{dataset}__release"].doc_md
        assert contract.title in collect
        assert contract.title in release
        assert contract.legal_basis.text in collect
        assert contract.description.limitations in release
        assert "étapes" in collect
        assert "Ce qui sera publié" in release
        for column in contract.columns:
            if column.privacy.technique == "drop":
                assert f"`{column.name}`" in collect
