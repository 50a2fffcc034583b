"""One GET that either returns the answer or says plainly that the operator can not be reached.

Retries with growing pauses on network errors, 429 and 5xx, and waits as long as `Retry-After` asks (RFC 9110, section
10.2.3), within a total time that nothing outlasts, not even headers sent one byte a minute. Redirects are not followed:
a feed's address is part of its contract, and its credentials are for nobody else. Bodies come plain or in gzip, which
is unpacked here, within bounds. Messages name host, path and status; never the query, which could hold a value, nor the
body.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from sources.connectors.http_credentials import Authorization, NoAuthorization
from sources.connectors.loop import Loop
from sources.errors import PayloadError, SourceUnavailableError
from sources.limits import bounded, inflated

_RETRIED = (429, 500, 502, 503, 504)
_Result = TypeVar("_Result")
_HEADERS = {"accept-encoding": "gzip", "user-agent": "ardoise"}


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How patient, and how trusting, a pull is."""

    attempts: int = 5
    first_pause: float = 0.5  # seconds, doubled each time
    longest_pause: float = 30.0  # seconds, also the most that Retry-After is followed for
    timeout: float = 20.0  # seconds without an answer or a byte
    total: float = 900.0  # seconds, for a whole visit
    body: int = 64 * 1024 * 1024  # bytes of one page, unpacked
    document: int = 4 * 1024 * 1024 * 1024  # bytes of a document that is streamed, unpacked
    jitter: Callable[[], float] = field(default=random.random)  # 0 to 1: clients that failed together come back apart
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of 200, with its whole body; or of 304, without any."""

    status: int
    headers: httpx.Headers
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Document:
    """A body that is read as it comes, once."""

    headers: httpx.Headers
    chunks: Iterator[bytes]


class _TryAgainError(Exception):
    """The attempt failed in a way that another may not."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Fetcher:
    """A session with one service. To be closed."""

    def __init__(
        self,
        base: str,
        limits: HttpLimits,
        authorization: Authorization = NoAuthorization(),
        trust: ssl.SSLContext | bool = True,
        where: str = "",
    ) -> None:
        self.base = base
        self.host = urlsplit(base).netloc
        self._where = f"{where}, " if where else ""
        self._limits = limits
        self._authorization = authorization
        self._deadline = limits.clock() + limits.total
        self._loop = Loop(self.host)
        self._client = httpx.AsyncClient(
            base_url=base, timeout=limits.timeout, follow_redirects=False, headers=_HEADERS, verify=trust
        )

    def close(self) -> None:
        """End the session."""
        with suppress(TimeoutError, RuntimeError, httpx.HTTPError):
            self._loop.call(self._client.aclose(), 5.0)
        self._loop.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Return the answer at `path`, whole.

        Raises:
            SourceUnavailableError: no answer, an error, or no time left.
            PayloadError: the body is too large, or not what its encoding says.
        """

        def attempt() -> Answer:
            response = self._send(path, query or {}, {})
            try:
                chunks = self._unpacked(path, response, self._limits.body)
                return Answer(response.status_code, response.headers, b"".join(chunks))
            finally:
                self._release(response)

        return self._persist(path, attempt)

    def open(self, path: str, query: Mapping[str, str], validators: Mapping[str, str]) -> Document | None:
        """Return the document at `path`, to be read as it comes; None if it is still what `validators` describe.

        Args:
            path: of the document.
            query: parameters.
            validators: ``etag`` and ``modified`` of the copy that landed last (RFC 9110, section 13.1), or neither.

        Raises:
            SourceUnavailableError: no answer, an error, or no time left; while it is read, too.
            PayloadError: while it is read: too large, or not what its encoding says.
        """
        headers = {}
        if etag := validators.get("etag"):
            headers["if-none-match"] = etag
        if modified := validators.get("modified"):
            headers["if-modified-since"] = modified
        response = self._persist(path, lambda: self._send(path, query, headers))
        if response.status_code == 304:
            self._release(response)
            return None

        def chunks() -> Iterator[bytes]:
            try:
                yield from self._unpacked(path, response, self._limits.document)
            except _TryAgainError as error:
                raise self._unavailable(path, f"{error} au milieu du document") from None
            finally:
                self._release(response)

        return Document(response.headers, chunks())

    def _persist(self, path: str, attempt: Callable[[], _Result]) -> _Result:
        """Try, and try again where that may help."""
        retrying = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._pause,
            retry=retry_if_exception_type(_TryAgainError),
            sleep=self._limits.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _TryAgainError as error:
            reason = f"{error}, {self._limits.attempts} fois ; la prochaine exécution réessaiera"
        raise self._unavailable(path, reason)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.pause if isinstance(error, _TryAgainError) else None
        grown = self._limits.first_pause * 2.0 ** (state.attempt_number - 1) * (1.0 + self._limits.jitter() / 4)
        return float(min(asked if asked is not None else grown, self._limits.longest_pause, max(0.0, self._left())))

    def _send(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        """The head of an answer worth reading: 200 or 304. Its body is still to come."""
        response = self._once(path, query, headers)
        if response.status_code == 401 and self._authorization.renew():
            self._release(response)
            response = self._once(path, query, headers)
        status = response.status_code
        if status in (200, 304):
            return response
        self._release(response)
        if status in _RETRIED:
            raise _TryAgainError(f"statut {status}", asked_pause(response))
        raise self._unavailable(path, f"statut {status}")

    def _once(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        async def exchange() -> httpx.Response:
            known = await self._authorization.headers(self._client)
            request = self._client.build_request("GET", path, params=dict(query), headers={**headers, **known})
            return await self._client.send(request, stream=True)

        with self._translated(path):
            return self._loop.call(exchange(), min(self._left(), self._limits.timeout * 3))

    def _unpacked(self, path: str, response: httpx.Response, limit: int) -> Iterator[bytes]:
        """The body's bytes, plain."""
        where = f"{self._where}{self.host}{path}"
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            raise PayloadError(f"{where} : l'opérateur répond dans un encodage qui n'a pas été demandé")
        raw = self._raw(path, response)
        return bounded(raw, limit, where) if encoding == "identity" else inflated(raw, limit, where)

    def _raw(self, path: str, response: httpx.Response) -> Iterator[bytes]:
        chunks = response.aiter_raw()
        while True:
            with self._translated(path):
                chunk = self._loop.call(_next(chunks), min(self._left(), self._limits.timeout * 3))
            if chunk is None:
                return
            yield chunk

    def _release(self, response: httpx.Response) -> None:
        with suppress(TimeoutError, RuntimeError, httpx.HTTPError):
            self._loop.call(response.aclose(), 5.0)

    def _left(self) -> float:
        return self._deadline - self._limits.clock()

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            if self._left() <= 0:
                raise self._unavailable(path, f"la visite a pris plus de {self._limits.total:.0f} s") from None
            raise _TryAgainError("réponse trop lente") from None
        except httpx.TransportError as error:
            raise _TryAgainError(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise self._unavailable(path, type(error).__name__) from None

    def _unavailable(self, path: str, reason: str) -> SourceUnavailableError:
        return SourceUnavailableError(f"{self._where}{self.host}{path} : {reason}")


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def asked_pause(response: httpx.Response) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date."""
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
