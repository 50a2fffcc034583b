"""One action of CKAN's API at a time: time-outs, patience while CKAN is away, and errors of our own.

CKAN's refusals may quote what they refuse, values included; ours name the action and the fields at fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from ckanapi import CKANAPIError, NotAuthorized, NotFound, RemoteCKAN, ValidationError
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from catalog.errors import CatalogueRefusedError, CatalogueUnavailableError

RUN_HEADER = "X-Run-Id"  # CKAN's log lines carry it


class CkanApi:
    """Calls actions with an API token; safe to call again, for each action it is given is idempotent."""

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout_seconds: float,
        patience_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        run_id: str = "",
    ) -> None:
        self._url, self._token, self._run_id = url, token, run_id
        self._timeout, self._patience, self._sleep = timeout_seconds, patience_seconds, sleep
        session = requests.Session()
        session.trust_env = False  # no proxy between the hub and its catalogue
        if run_id:
            session.headers[RUN_HEADER] = run_id
        self._session = session
        self._remote = RemoteCKAN(url, apikey=token.get_secret_value(), user_agent="ardoise", session=session)

    def __repr__(self) -> str:
        return f"CkanApi({self._url!r})"

    def in_run(self, run_id: str) -> CkanApi:
        """Return the same catalogue, its calls marked with the run they are made for."""
        return CkanApi(
            self._url,
            self._token,
            timeout_seconds=self._timeout,
            patience_seconds=self._patience,
            sleep=self._sleep,
            run_id=run_id,
        )

    def call(self, action: str, data: Mapping[str, Any]) -> Any:
        """Return the action's result.

        Raises:
            CatalogueUnavailableError: no answer, or a server error, until patience ran out.
            CatalogueRefusedError: CKAN says no.
        """
        try:
            return self._patiently(action, lambda: self._once(action, data))
        except NotFound:
            raise CatalogueRefusedError(f"{action}: the catalogue does not know what it is asked about") from None

    def find(self, action: str, data: Mapping[str, Any]) -> Any | None:
        """Return the action's result, or None where CKAN finds nothing. Raises as :meth:`call`."""
        try:
            return self._patiently(action, lambda: self._once(action, data))
        except NotFound:
            return None

    def send(self, path: str, pieces: Callable[[], Iterator[bytes]], *, timeout_seconds: float) -> Any:
        """Post a stream, made anew at each attempt, to a place of the catalogue's; return the result it answers with.

        Args:
            path: under the catalogue's address, with its first slash.
            pieces: makes the stream. What it raises is raised here, and the catalogue keeps nothing.
            timeout_seconds: how long the catalogue may be silent once it has everything.

        Raises: as :meth:`call`.
        """
        return self._patiently(path, lambda: self._post(path, pieces(), timeout_seconds))

    def _patiently(self, action: str, once: Callable[[], Any]) -> Any:
        attempts = Retrying(
            retry=retry_if_exception_type(CatalogueUnavailableError),
            stop=stop_after_delay(self._patience),
            wait=wait_exponential(multiplier=0.3, max=5),
            sleep=self._sleep,
            reraise=True,
        )
        for attempt in attempts:
            with attempt:
                return once()
        raise CatalogueUnavailableError(f"{action}: no attempt was made")

    def _once(self, action: str, data: Mapping[str, Any]) -> Any:
        try:
            return self._remote.call_action(action, dict(data), requests_kwargs={"timeout": self._timeout})
        except NotFound:
            raise
        except NotAuthorized:
            raise CatalogueRefusedError(
                f"{action}: the catalogue refuses this account; its token may be revoked, or it is no editor of the "
                "organization (run « ardoise up », which renews both)"
            ) from None
        except ValidationError as error:
            names = sorted(str(name) for name in (error.error_dict or {}) if name != "__type")
            raise CatalogueRefusedError(f"{action}: the catalogue does not accept {', '.join(names)}") from None
        except (requests.RequestException, CKANAPIError) as error:
            status = _status(error)
            if status is not None and 400 <= status < 500:
                raise CatalogueRefusedError(f"{action}: the catalogue answered {status}") from None
            raise self._unavailable(action, _reason(error, status)) from None

    def _post(self, path: str, pieces: Iterator[bytes], timeout_seconds: float) -> Any:
        headers = {"Authorization": self._token.get_secret_value(), "Content-Type": "application/octet-stream"}
        try:
            answer = self._session.post(
                self._url + path, data=pieces, headers=headers, timeout=(self._timeout, timeout_seconds)
            )
            said = answer.json() if answer.status_code < 500 else {}
        except requests.RequestException as error:
            raise self._unavailable(path, type(error).__name__) from None
        if answer.status_code >= 500:
            raise self._unavailable(path, f"status {answer.status_code}")
        if not answer.ok:
            names = sorted(name for name in said.get("error", {}) if not name.startswith("__"))
            raise CatalogueRefusedError(f"{path}: the catalogue answered {answer.status_code} ({', '.join(names)})")
        return said["result"]

    def _unavailable(self, action: str, reason: str) -> CatalogueUnavailableError:
        return CatalogueUnavailableError(
            f"{action}: the catalogue at {self._url} does not answer ({reason}); publish again once it does"
        )


def _status(error: Exception) -> int | None:
    """ckanapi's error says « (url, status, text) » in its one argument, a tuple's repr or a list."""
    if isinstance(error, CKANAPIError) and error.args:
        parts = str(error.args[0]).split(",", 2)
        if len(parts) > 1 and parts[1].strip(" '\"").isdecimal():
            return int(parts[1].strip(" '\""))
    return None


def _reason(error: Exception, status: int | None) -> str:
    return f"status {status}" if status is not None else type(error).__name__
