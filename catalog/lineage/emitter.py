"""Tells lineage: each event becomes a file of the audit zone, then is sent to the console.

The file is the record. Sending it on is a convenience: when the console is down the stage goes on, a warning is
logged, and the file stays to be sent again. A file that can not be written is an error of the stage, for a step that
can not be proved afterwards should not count as done.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import urllib3
from openlineage.client.event_v2 import RunEvent, RunState
from pydantic import SecretStr

from catalog.lineage.datasets import Counts
from catalog.lineage.errors import LineageDeliveryError
from catalog.lineage.events import EventBuilder, StageRun, file_key, to_json
from catalog.lineage.names import Stage
from policies.contract import Contract
from storage.references import DatasetRef

log = logging.getLogger(__name__)

POST_TIMEOUT_SECONDS = 5.0


class LineageStore(Protocol):
    """The part of the audit bucket that lineage needs."""

    def put(self, key: str, data: bytes) -> object:
        """Write an object whole."""
        ...


class LineageEndpoint(Protocol):
    """Whoever wants events as they come."""

    def send(self, event: bytes) -> None:
        """Deliver one event.

        Raises:
            LineageDeliveryError: it was not accepted.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConsoleEndpoint:
    """The console's ``POST /api/v1/lineage``, which is Marquez's."""

    url: str  # base address of the console
    token: SecretStr

    def send(self, event: bytes) -> None:
        """See :class:`LineageEndpoint`."""
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}", "Content-Type": "application/json"}
        try:
            answer = urllib3.request(
                "POST",
                f"{self.url.rstrip('/')}/api/v1/lineage",
                body=event,
                headers=headers,
                timeout=POST_TIMEOUT_SECONDS,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise LineageDeliveryError(f"lineage endpoint not reached: {type(error).__name__}") from None
        if answer.status != HTTPStatus.CREATED:
            raise LineageDeliveryError(f"lineage endpoint answered {answer.status}")


@dataclass(frozen=True, slots=True)
class LineageEmitter:
    """Emits the events of the journey's stages."""

    builder: EventBuilder
    store: LineageStore
    endpoint: LineageEndpoint | None = None

    def stage_started(
        self,
        stage: Stage | str,
        contract: Contract,
        run_id: str,
        period: str | None = None,
        inputs: Sequence[DatasetRef] = (),
        *,
        now: datetime,
    ) -> RunEvent:
        """Tell that a stage begins."""
        return self._emit(RunState.START, StageRun(Stage(stage), contract, run_id, period, inputs), now)

    def stage_completed(
        self,
        stage: Stage | str,
        contract: Contract,
        run_id: str,
        period: str | None = None,
        inputs: Sequence[DatasetRef] = (),
        outputs: Sequence[DatasetRef] = (),
        counts: Counts | None = None,
        *,
        now: datetime,
    ) -> RunEvent:
        """Tell that a stage ended well: what it read and wrote, and its counts."""
        run = StageRun(Stage(stage), contract, run_id, period, inputs, outputs, counts or {})
        return self._emit(RunState.COMPLETE, run, now)

    def stage_failed(
        self,
        stage: Stage | str,
        contract: Contract,
        run_id: str,
        period: str | None = None,
        inputs: Sequence[DatasetRef] = (),
        *,
        error_code: str,
        now: datetime,
    ) -> RunEvent:
        """Tell that a stage failed: with the code of its error, never its message."""
        run = StageRun(Stage(stage), contract, run_id, period, inputs, error_code=error_code)
        return self._emit(RunState.FAIL, run, now)

    def _emit(self, state: RunState, run: StageRun, now: datetime) -> RunEvent:
        event = self.builder.build(state, run, now)
        body = to_json(event)
        key = file_key(event)
        self.store.put(key, body)
        if self.endpoint is not None:
            try:
                self.endpoint.send(body)
            except LineageDeliveryError as error:
                log.warning("%s; the event stays in the audit zone as %s", error, key)
        return event
