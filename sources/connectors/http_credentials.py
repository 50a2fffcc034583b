"""How a pull says who it is: a bearer token, a login, or a token asked for with OAuth 2.0 client credentials.

OAuth 2.0 is RFC 6749, section 4.4: the token lives in this process's memory until shortly before it ends, and is asked
for again once if the service refuses it. Secrets appear in no error.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from sources.credentials import OperatorCredential
from sources.errors import SourceUnavailableError

_MARGIN = 30.0  # seconds before its end from which a token is no longer used
_LARGEST = 64 * 1024  # bytes of an answer with a token


class Authorization(Protocol):
    """What is said in each request."""

    async def headers(self, client: httpx.AsyncClient) -> dict[str, str]:
        """The request's headers about it."""
        ...

    def renew(self) -> bool:
        """Forget a token that was refused; whether another one can be asked for."""
        ...


@dataclass(frozen=True, slots=True)
class NoAuthorization:
    """Nothing."""

    async def headers(self, client: httpx.AsyncClient) -> dict[str, str]:
        """None."""
        return {}

    def renew(self) -> bool:
        """Never."""
        return False


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same header each time."""

    value: str = field(repr=False)

    async def headers(self, client: httpx.AsyncClient) -> dict[str, str]:
        """See :class:`Authorization`."""
        return {"authorization": self.value}

    def renew(self) -> bool:
        """Never."""
        return False


def bearer(credential: OperatorCredential) -> Fixed:
    """RFC 6750, section 2.1; the token is the credential's password."""
    return Fixed(f"Bearer {credential.password}")


def basic(credential: OperatorCredential) -> Fixed:
    """RFC 7617."""
    pair = f"{credential.login}:{credential.password}".encode()
    return Fixed("Basic " + base64.b64encode(pair).decode())


@dataclass(slots=True)
class ClientCredentials:
    """OAuth 2.0: a token from `token_url`, with the credential's login and password as the client's."""

    credential: OperatorCredential = field(repr=False)
    token_url: str
    scope: str | None = None
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    async def headers(self, client: httpx.AsyncClient) -> dict[str, str]:
        """See :class:`Authorization`."""
        if not self._token or self.clock() >= self._until:
            await self._ask(client)
        return {"authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """See :class:`Authorization`."""
        self._token = ""
        return True

    async def _ask(self, client: httpx.AsyncClient) -> None:
        host = httpx.URL(self.token_url).host
        status, content = await self._answer(client)
        if status >= 500 or status == 429:
            raise httpx.ReadError(f"status {status}")  # worth another try
        if status != 200:
            raise SourceUnavailableError(f"{host} : statut {status} à la demande de jeton")
        try:
            found = json.loads(content)
            self._token = str(found["access_token"])
            seconds = float(found.get("expires_in", 300))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise SourceUnavailableError(f"{host} : la réponse à la demande de jeton ne se lit pas") from None
        self._until = self.clock() + max(0.0, seconds - _MARGIN)

    async def _answer(self, client: httpx.AsyncClient) -> tuple[int, bytes]:
        fields = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        identity = httpx.BasicAuth(self.credential.login, self.credential.password)
        content = bytearray()
        async with client.stream("POST", self.token_url, data=fields, headers=headers, auth=identity) as answer:
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > _LARGEST:
                    raise SourceUnavailableError(
                        f"{answer.url.host} : la réponse à la demande de jeton est trop longue"
                    )
            return answer.status_code, bytes(content)
