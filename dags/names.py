"""Names that Airflow shows and the journey records, formed in this place only."""

from __future__ import annotations

ROTATION_DAG_ID = "rotate_keys"
"""The DAG that carries pseudonyms to another epoch."""

WATCH_DAG_ID = "feeds_watch"
"""The DAG that judges the feeds."""

RETENTION_DAG_ID = "open_retention"
"""The DAG that takes back what was open long enough."""

MAILS_DAG_ID = "catalogue_mails"
"""The DAG that has the catalogue send its mails."""


def collect_dag_id(dataset: str) -> str:
    """The DAG that collects a dataset."""
    return dataset


def release_dag_id(dataset: str) -> str:
    """The DAG that releases a dataset, period by period."""
    return f"{dataset}__release"


def asset_name(dataset: str) -> str:
    """The asset that a collection renews, one partition a period."""
    return f"trusted/{dataset}"


def open_asset_name(dataset: str) -> str:
    """The asset that a publication renews, one partition a period."""
    return f"open/{dataset}"


def period_shape(unit: str) -> str:
    """The regular expression of a period's key, for a contract released by ``day``, ``week`` or ``month``."""
    if unit == "week":
        return r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])"
    month = r"\d{4}-(0[1-9]|1[0-2])"
    return month if unit == "month" else month + r"-(0[1-9]|[12]\d|3[01])"


def period_example(unit: str) -> str:
    """A period's key, to show how one is written."""
    return {"month": "2026-10", "week": "2026-W44"}.get(unit, "2026-10-31")
