"""The journey's stages as Airflow tasks call them.

Everything heavy is imported inside the functions, so that reading the DAG file stays quick. Between tasks travel a
:class:`~storage.DatasetRef` as JSON, counts and a verdict, never rows.

A stage ends badly in one of two ways, each with one line in the task's log and no value of the data: an outage is
raised as an ``AirflowException``, which Airflow retries later; anything that a person must look at is raised as an
``AirflowFailException``, which it does not retry.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dags.names import period_example, period_shape

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

APPROVE = "Approuver la publication"
REFUSE = "Refuser"


def guarded(stage: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result:
    """Call a stage; raise what Airflow understands in place of its errors.

    Raises:
        AirflowException: an outage; worth another try.
        AirflowFailException: anything else.
    """
    from pipeline.errors import JourneyError

    try:
        return stage(*args, **kwargs)
    except JourneyError as error:
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(f"[{error.code}] {error}") from None
    except Exception as error:
        raise AirflowFailException(
            f"[unexpected] {stage.__name__}: {type(error).__name__}; its text is withheld because it may quote data"
        ) from None


def period_of(context: Mapping[str, Any], unit: str) -> str:
    """The period that a release run is about: its partition key, else its parameter ``period``.

    Raises:
        AirflowFailException: neither is given, or it is not a period of this contract.
    """
    period = context["dag_run"].partition_key or context["params"].get("period")
    if not period:
        raise AirflowFailException(
            "Aucune période n'est donnée : relancez avec une clé de partition ou le paramètre « period » "
            f"({period_example(unit)})."
        )
    return checked_period(str(period), unit)


def checked_period(period: str, unit: str) -> str:
    """Return ``period`` if it has the shape of one; AirflowFailException otherwise."""
    if not re.fullmatch(period_shape(unit), period):
        raise AirflowFailException(
            f"La période donnée n'a pas la forme attendue : écrivez-la comme {period_example(unit)}."
        )
    return period


def refuse(findings: str) -> None:
    """Fail with what is wrong with a contract."""
    raise AirflowFailException(f"Ce contrat n'est pas chargé : {findings}")


def operator_connection(name: str) -> str | None:
    """An operator's credentials, as Airflow keeps them: the connection called ``name`` in JSON; None without one."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = Connection.get(name)
    except AirflowNotFoundException:
        return None
    fields = {key: getattr(found, key) for key in ("login", "password", "host", "port")}
    return json.dumps(fields | {"extra": found.extra_dejson})


def ingest(dataset: str, **context: Any) -> list[dict[str, Any]]:
    """Fetch what is new; return one reference a delivery."""
    from pipeline import entry

    deliveries = guarded(entry.ingest, dataset, context["run_id"], operator_connection)
    log.info("%d new deliveries landed", len(deliveries))
    return deliveries


def deidentify(dataset: str, unit: str, **context: Any) -> dict[str, Any]:
    """Make the deliveries pseudonymous, then announce every closed period they changed, or that was asked for again."""
    from pipeline import entry

    task = context["ti"]
    again = [checked_period(period, unit) for period in context["params"].get("periods") or ()]
    deliveries = task.xcom_pull(task_ids="ingest") or []
    touched = guarded(entry.deidentify, dataset, context["run_id"], deliveries)
    log.info("counts: %s", _figures(touched["counts"]))
    periods = sorted({*touched["periods"], *again})
    log.info("periods to release: %s; still open: %d", ", ".join(periods) or "none", len(touched["open_periods"]))
    if periods:
        context["outlet_events"][context["task"].outlets[0]].add_partitions(periods)
    else:
        # An outlet always emits an event; one without a partition would wake nobody and only worry the audit log.
        context["task"].outlets.clear()
    return dict(touched)


def anonymize(dataset: str, unit: str, **context: Any) -> dict[str, Any]:
    """Make the candidate of the run's period; return its reference."""
    from pipeline import entry

    return guarded(entry.anonymize, dataset, period_of(context, unit), context["run_id"])


def assess(dataset: str, unit: str, **context: Any) -> dict[str, Any]:
    """Measure the candidate; return the verdict, or fail with the reasons of a refusal."""
    from pipeline import entry

    candidate = context["ti"].xcom_pull(task_ids="anonymize")
    judged = guarded(entry.assess, dataset, period_of(context, unit), context["run_id"], candidate)
    log.info("verdict: %s; counts: %s", judged["verdict"], _figures(judged["counts"]))
    log.info("measures: %s", _figures(judged["measures"]))
    for reason in judged["reasons"]:
        log.info("à savoir : %s", reason)
    if judged["verdict"] == "refused":
        raise AirflowFailException("Publication refusée par la mesure du risque : " + " ".join(judged["reasons"]))
    return dict(judged)


def decide(dataset: str, unit: str, **context: Any) -> bool:
    """Record who answered what; false ends the run without publishing.

    The responder is read from the answer itself: a task marked successful by hand has none, and is refused.
    """
    from pipeline import entry

    task, run = context["ti"], context["dag_run"]
    answer = task.xcom_pull(task_ids="approve")
    responder = (answer or {}).get("responded_by_user")
    if not responder:
        raise AirflowFailException(
            "Personne n'a répondu à la demande d'approbation : effacez la tâche « approve » pour la poser de nouveau."
        )
    approved = list(answer["chosen_options"]) == [APPROVE]
    guarded(
        entry.decide,
        dataset,
        period_of(context, unit),
        context["run_id"],
        task.xcom_pull(task_ids="assess")["candidate"],
        approved=approved,
        decided_by=responder["name"],
        triggered_by=run.triggering_user_name,
        comment=str((answer.get("params_input") or {}).get("motif") or ""),
    )
    log.info("decision recorded: %s", "approved" if approved else "refused, nothing will be published")
    return approved


def publish(dataset: str, unit: str, **context: Any) -> dict[str, Any]:
    """Promote the candidate and update its page; return the page's address and row count."""
    from pipeline import entry

    candidate = context["ti"].xcom_pull(task_ids="assess")["candidate"]
    published = guarded(entry.publish, dataset, period_of(context, unit), context["run_id"], candidate)
    log.info("published: %s", ", ".join(f"{name}={value}" for name, value in published.items()))
    for outlet in context["task"].outlets:  # a run that was started by hand has no partition of its own
        context["outlet_events"][outlet].add_partitions([period_of(context, unit)])
    return published


def refresh_twin(**context: Any) -> dict[str, Any]:
    """Make the digital twin again; return its page's address and the number of entities of each layer."""
    from pipeline import entry

    done = guarded(entry.refresh_twin, context["run_id"])
    log.info("layers: %s; files removed: %d", _figures(done["layers"]) or "none", done["removed"])
    return done


def watch_feeds(**context: Any) -> None:
    """Judge every feed; fail, with one line an alert, while any stands."""
    from pipeline import entry

    standing = guarded(entry.watch_feeds)
    for alert in standing:
        log.warning("feed alert%s: %s %s", " (new)" if alert["new"] else "", alert["dataset"], alert["kind"])
    if standing:
        raise AirflowFailException(
            "Des flux demandent un regard ; rien n'est arrêté.\n"
            + "\n".join(f"- {alert['dataset']} : {alert['sentence']}" for alert in standing)
        )
    log.info("every feed is well")


def retire_open(**context: Any) -> dict[str, int]:
    """Take back what was open long enough, and what an outage left of withdrawals; return how many periods went."""
    from pipeline import entry

    done = guarded(entry.retire_open, context["run_id"])
    log.info("periods taken back: %s", _figures(done) or "none")
    return dict(done)


def send_mails(**context: Any) -> dict[str, int]:
    """Have the catalogue send the mails that wait; return how many letters went, and how many were refused."""
    from pipeline import entry

    done = guarded(entry.send_mails, context["run_id"])
    log.info("letters: %s", _figures(done))
    return dict(done)


def rotations_due(**context: Any) -> list[list[str]]:
    """The arguments of each *rotate*: the domains whose rotation officers started, one switch cut short first."""
    from pipeline import entry

    domains = guarded(entry.rotations_due)
    log.info("rotations started at custody: %s", ", ".join(domains) or "none")
    return [[domain] for domain in domains]


def rotate(domain: str, **context: Any) -> dict[str, Any]:
    """Carry a domain's pseudonyms to their next epoch; return what that came to."""
    from pipeline import entry

    done = guarded(entry.rotate, domain, context["run_id"])
    log.info("domain %s is at epoch %d; counts: %s", done["domain"], done["epoch"], _figures(done["counts"]))
    return dict(done)


def retire(**context: Any) -> int:
    """Remove what rotations of earlier days left behind."""
    from pipeline import entry

    removed = guarded(entry.retire)
    log.info("%d objects of ended epochs removed", removed)
    return removed


def _figures(values: Mapping[str, float] | Sequence[Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in dict(values).items())
