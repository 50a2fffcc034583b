"""From the operators to the catalogue, through Airflow's own scheduler, as a steward and a developer see it."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from policies import load_territory
from policies.contract import DatasetId, Technique
from stack.airflow_client import AirflowClient, RequiredAction, Run, until
from stack.embedded import Stack

DATASETS = ("parking", "water-meters", "citizen-reports")
REMOVED = (Technique.PSEUDONYMIZE, Technique.REDACT, Technique.DROP)
PATIENCE = 420.0  # seconds, on a loaded machine


@pytest.fixture(scope="module")
def steward(full_stack: Stack) -> AirflowClient:
    return sign_in(full_stack, "steward")


@pytest.fixture(scope="module")
def collected(steward: AirflowClient) -> dict[str, Run]:
    """Each dataset, collected: switched on where it was not, else started by hand."""
    started: dict[str, Run] = {}
    for dataset in DATASETS:
        before = {run.run_id for run in steward.runs(dataset)}
        if steward.dags()[dataset]["is_paused"]:
            steward.unpause(dataset)
            started[dataset] = until(lambda d=dataset, b=before: new_run(steward, d, b), dataset, PATIENCE)  # type: ignore[misc]
        else:
            started[dataset] = steward.trigger(dataset)
    return {dataset: steward.wait(dataset, run.run_id, patience=PATIENCE) for dataset, run in started.items()}


@pytest.fixture(scope="module")
def question(steward: AirflowClient, collected: dict[str, Run]) -> RequiredAction:
    """The question about the latest period of citizen-reports, asked again if it was answered before."""

    def asked() -> RequiredAction | None:
        return next(iter(steward.required_actions("citizen-reports__release")), None)

    released = until(lambda: steward.runs("citizen-reports__release"), "a release of citizen-reports", PATIENCE)
    if all(run.ended for run in released):
        steward.clear(released[-1].dag_id, released[-1].run_id, "anonymize")
    return until(asked, "the question", PATIENCE)


def test_collections_succeed(collected: dict[str, Run]) -> None:
    assert {dataset: run.state for dataset, run in collected.items()} == dict.fromkeys(DATASETS, "success")


@pytest.mark.parametrize("dataset", ["parking", "water-meters"])
def test_closed_periods_are_released_without_anybody(
    steward: AirflowClient, collected: dict[str, Run], dataset: str
) -> None:
    runs = until(lambda: steward.runs(f"{dataset}__release"), f"a release of {dataset}", PATIENCE)
    ended = [steward.wait(run.dag_id, run.run_id, patience=PATIENCE) for run in runs]
    assert [run for run in ended if run.state == "success" and run.triggered_by is None]


def test_an_author_can_not_approve_and_a_steward_can(
    full_stack: Stack, steward: AirflowClient, question: RequiredAction
) -> None:
    assert "| Plus petit groupe, en individus (k) |" in question.body
    sign_in(full_stack, "author").respond(question, approve=True)
    refused = steward.wait(question.dag_id, question.run_id, patience=PATIENCE)
    assert refused.state == "failed"
    attempt = steward.attempts(question.dag_id, question.run_id, "decide")
    assert "invalid_decision" in steward.log(question.dag_id, question.run_id, "decide", attempt)
    steward.clear(question.dag_id, question.run_id, "approve")
    again = until(
        lambda: next((one for one in steward.required_actions(question.dag_id) if one.run_id == question.run_id), None),
        "the question again",
        PATIENCE,
    )
    steward.respond(again, approve=True, reason="relu")
    assert steward.wait(question.dag_id, question.run_id, patience=PATIENCE).state == "success"
    assert steward.tasks(question.dag_id, question.run_id)["publish"] == "success"


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_catalogue_gives_what_was_published(full_stack: Stack, dataset: str) -> None:
    """Runs after the approval, as the tests of a file run in order: found, downloaded whole, queried, nobody in it."""
    url, territory = full_stack.context.settings.ckan_url, load_territory(full_stack.context.territory)
    columns = territory.contracts[DatasetId(dataset)].columns
    removed = {column.name for column in columns if column.privacy.technique in REMOVED}
    page = action(url, "package_show", id=dataset)
    assert dataset in {found["name"] for found in action(url, "package_search", q="", rows="50")["results"]}
    files = {resource["format"].lower(): resource for resource in page["resources"]}
    assert {"parquet", "csv"} <= set(files)
    table = pq.read_table(io.BytesIO(httpx.get(files["parquet"]["url"]).raise_for_status().content))
    assert table.num_rows > 0
    assert not removed & set(table.column_names)
    queried = next(resource for resource in page["resources"] if resource["role"] == "table")
    rows = action(url, "datastore_search", resource_id=queried["id"], limit="5")
    assert rows["total"] > 0
    assert not removed & {field["id"] for field in rows["fields"]}


def sign_in(stack: Stack, login: str) -> AirflowClient:
    context = stack.context
    return AirflowClient(context.settings.airflow_url, login, context.secrets.get(f"login-{login}"))


def new_run(client: AirflowClient, dataset: str, but: set[str]) -> Run | None:
    return next((run for run in client.runs(dataset) if run.run_id not in but), None)


def action(url: str, name: str, **parameters: str) -> Any:
    answer = httpx.get(f"{url}/api/3/action/{name}", params=parameters, timeout=60).raise_for_status().json()
    assert answer["success"]
    return answer["result"]
