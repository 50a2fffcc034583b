"""Where an enrolled person finds custody: over the network, or in its own folder on its own machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from custody.errors import RefusedError, SettingsError
from custody.officers.acts import Look
from custody.officers.statements import Signed

TIMEOUT_SECONDS = 60.0


class Place(Protocol):
    """Custody, as a person reaches it."""

    def hear(self, signed: Signed) -> dict[str, Any]:
        """Bring a statement; return the answer.

        Raises:
            RefusedError: custody said no.
            SettingsError: it could not be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """Custody's service."""

    url: str

    def hear(self, signed: Signed) -> dict[str, Any]:
        """See :class:`Place`."""
        if not self.url.startswith(("http://", "https://")):
            raise SettingsError("custody's address begins with https:// (or http:// on its own machine)")
        request = urllib.request.Request(  # noqa: S310 (the scheme was looked at above)
            f"{self.url.rstrip('/')}/v1/statements",
            json.dumps(signed.to_json()).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"custody does not answer at {self.url} ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True)
class Folder:
    """Custody's own folder."""

    home: Path
    now: Callable[[], datetime]

    def hear(self, signed: Signed) -> dict[str, Any]:
        """See :class:`Place`."""
        from custody.administration import opened
        from custody.officers.desk import hear

        with opened(self.home, self.now) as vault:
            return hear(vault, signed)

    def look(self, what: str, request: str | None = None) -> dict[str, Any]:
        """Return what the administrator may see without anybody's signature."""
        from custody.administration import opened
        from custody.officers.views import look

        with opened(self.home, self.now) as vault, vault.transaction() as connection:
            act = Look.model_validate(
                {"act": "look", "what": what, "request": request, "by": "administrator", "at": self.now()}
            )
            return look(vault, connection, None, act)


def _refusal(error: urllib.error.HTTPError) -> RefusedError | SettingsError:
    try:
        told = json.load(error)["error"]
        return RefusedError(str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError):
        return SettingsError(f"what answers there is not custody (HTTP {error.code})")
