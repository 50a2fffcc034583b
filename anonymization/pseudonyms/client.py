"""The hub's way to the custody service, over HTTP.

Control calls are small JSON. Pseudonyms travel in full duplex: a thread sends batches while the caller reads answers,
so neither side has to hold a whole stream and neither can wait for the other. Nothing is retried here: the quota of a
run counts what was sent, so it is for the caller to ask for another run.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.custodian import check_coverage
from anonymization.pseudonyms.duplex import exchange
from anonymization.pseudonyms.errors import CustodyRefusedError, CustodyUnavailableError
from anonymization.pseudonyms.tls import TlsConnection

if TYPE_CHECKING:  # the storage room is not needed inside custody, nor quick to import
    from storage.sealing import DataKey

TIMEOUT_SECONDS = 60.0


class CustodyClient:
    """A :class:`~anonymization.pseudonyms.custodian.Custodian` that is another process. Safe to share by threads."""

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Speak to the service at ``url`` (``http://host:port`` or ``https://…``) with ``token``.

        Args:
            tls: whom to trust, and who to be, over HTTPS; by default, the system's authorities and nobody.
        """
        parts = urllib.parse.urlsplit(url)
        self._url = url
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._token = token
        self._timeout = timeout_seconds

    def __repr__(self) -> str:
        return f"CustodyClient({self._url!r})"

    def with_token(self, token: SecretStr) -> CustodyClient:
        """See :class:`Custodian`."""
        return CustodyClient(self._url, token, timeout_seconds=self._timeout, tls=self._tls)

    def create_run(
        self,
        run_id: str,
        dataset: str,
        *,
        domains: Iterable[str] = (),
        key_ids: Iterable[str] = (),
        new_keys: int = 0,
        quota: int = 0,
        expires_in: timedelta = timedelta(hours=2),
    ) -> SecretStr:
        """See :class:`Custodian`."""
        answer = self._call(
            "POST",
            "/v1/runs",
            {
                "run_id": run_id,
                "dataset": dataset,
                "domains": sorted(set(domains)),
                "key_ids": sorted(set(key_ids)),
                "new_keys": new_keys,
                "quota": quota,
                "expires_in": int(expires_in.total_seconds()),
            },
        )
        return SecretStr(answer["token"])

    def create_key(self, zone: str, dataset: str) -> DataKey:
        """See :class:`Custodian`."""
        from storage.sealing import DataKey

        answer = self._call("POST", "/v1/keys", {"zone": str(zone), "dataset": dataset})
        return DataKey(answer["key_id"], base64.b64decode(answer["key"]))

    def release_key(self, key_id: str) -> bytes:
        """See :class:`Custodian`."""
        return base64.b64decode(self._call("POST", f"/v1/keys/{urllib.parse.quote(key_id, safe='')}/release")["key"])

    def destroy_key(self, key_id: str) -> None:
        """See :class:`Custodian`."""
        self._call("DELETE", f"/v1/keys/{urllib.parse.quote(key_id, safe='')}")

    def fingerprint(self, dataset: str, digest: str) -> str:
        """See :class:`Custodian`."""
        return str(self._call("POST", "/v1/fingerprint", {"dataset": dataset, "digest": digest})["fingerprint"])

    def pseudonymize(
        self,
        domain: str,
        identifiers: Iterable[pa.Array],
        *,
        subjects: pa.Array | None = None,
        purpose: str | None = None,
        objecting: bool = False,
        column: str | None = None,
    ) -> Pseudonyms:
        """See :class:`Custodian`."""
        check_coverage(subjects, purpose, objecting)
        asked = {"purpose": purpose, "subjects": "objecting" if objecting else None, "column": column}
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value is not None})
        path = f"/v1/pseudonymize/{urllib.parse.quote(domain, safe='')}{'?' if query else ''}{query}"
        return exchange(self._connection(), path, self._headers(), identifiers, subjects, self._refusal)

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            return TlsConnection(self._host, self._port or http.client.HTTPS_PORT, self._tls, self._timeout)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = self._connection()
        try:
            payload = json.dumps(body).encode() if body is not None else None
            headers = self._headers() | ({"Content-Type": "application/json"} if payload is not None else {})
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            content = response.read()
            if response.status >= 300:
                raise self._refusal(response.status, content)
            return dict(json.loads(content or b"{}"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CustodyUnavailableError(
                f"custody does not answer at {self._url} ({type(error).__name__}): is its service running?"
            ) from None
        finally:
            connection.close()

    def _refusal(self, status: int, content: bytes) -> CustodyRefusedError | CustodyUnavailableError:
        try:
            error = json.loads(content)["error"]
            code, message = str(error["code"]), str(error["message"])
        except (ValueError, KeyError, TypeError):
            code, message = "unknown", "its answer is not custody's"
        if status >= 500:
            return CustodyUnavailableError(f"custody at {self._url} failed ({status} {code}): {message}")
        return CustodyRefusedError(code, message, status)
