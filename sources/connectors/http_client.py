"""One GET that either returns the whole body or says plainly that the operator can not be reached.

Retries with growing pauses on network errors, 429 and 5xx, and waits as long as `Retry-After` asks (RFC 9110, section
10.2.3), within a total time. Redirects are not followed: a feed's address is part of its contract. Messages name host,
path and status; never the query, which could hold a value, nor the body.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from sources.errors import SourceUnavailableError

_RETRIED = (429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How patient, and how trusting, a pull is."""

    attempts: int = 5
    first_pause: float = 0.5  # seconds, doubled each time
    longest_pause: float = 30.0  # seconds, also the most that Retry-After is followed for
    timeout: float = 20.0  # seconds without an answer or a byte
    total: float = 900.0  # seconds, for a whole visit
    body: int = 64 * 1024 * 1024  # bytes of one page
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class _TryAgainError(Exception):
    """The attempt failed in a way that another may not."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Fetcher:
    """A session with one service. To be closed."""

    def __init__(self, base: str, limits: HttpLimits) -> None:
        self.host = urlsplit(base).netloc
        self._limits = limits
        self._deadline = limits.clock() + limits.total
        self._client = httpx.Client(
            base_url=base, timeout=limits.timeout, follow_redirects=False, headers={"accept": "application/json"}
        )

    def close(self) -> None:
        """End the session."""
        self._client.close()

    def get(self, path: str, query: dict[str, str]) -> bytes:
        """Return the body at `path`.

        Raises:
            SourceUnavailableError: no answer, an error, a body too large, or no time left.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._pause,
            retry=retry_if_exception_type(_TryAgainError),
            sleep=self._limits.sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, path, query)
        except _TryAgainError as error:
            reason = f"{error}, {self._limits.attempts} times"
        raise SourceUnavailableError(f"{self.host}{path}: {reason}; the next run tries again")

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.pause if isinstance(error, _TryAgainError) else None
        grown = self._limits.first_pause * 2.0 ** (state.attempt_number - 1)
        return float(min(asked if asked is not None else grown, self._limits.longest_pause))

    def _attempt(self, path: str, query: dict[str, str]) -> bytes:
        if self._limits.clock() > self._deadline:
            raise SourceUnavailableError(f"{self.host}{path}: the visit took more than {self._limits.total:.0f} s")
        try:
            with self._client.stream("GET", path, params=query) as response:
                if response.status_code in _RETRIED:
                    raise _TryAgainError(f"status {response.status_code}", asked_pause(response))
                if response.status_code != 200:
                    raise SourceUnavailableError(f"{self.host}{path}: status {response.status_code}")
                return self._body(path, response)
        except httpx.TransportError as error:
            raise _TryAgainError(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise SourceUnavailableError(f"{self.host}{path}: {type(error).__name__}") from None

    def _body(self, path: str, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._limits.body:
                raise SourceUnavailableError(f"{self.host}{path}: the page is larger than {self._limits.body} bytes")
            if self._limits.clock() > self._deadline:
                raise SourceUnavailableError(f"{self.host}{path}: the visit took more than {self._limits.total:.0f} s")
        return bytes(body)


def asked_pause(response: httpx.Response) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date."""
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
