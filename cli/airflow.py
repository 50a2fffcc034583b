"""Airflow, as the commands speak to it: signed in as the steward, patient with a busy machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings
    from stack.airflow_client import AirflowClient

LOGIN = "steward"
PATIENCE_SECONDS = 120.0


def sign_in(settings: Settings) -> AirflowClient:
    """Return a client; use it as a context manager."""
    from stack.airflow_client import AirflowClient

    return AirflowClient(
        settings.airflow_url, LOGIN, settings.secret(f"login-{LOGIN}"), timeout=60.0, patience=PATIENCE_SECONDS
    )
