"""An operator's credentials: where they come from, and whom they may be shown to.

They are never in a contract. They come from an Airflow connection, handed down by the edge that knows Airflow, or else
from a file of the secrets folder; both are called ``operator-<name>`` and have the shape of an Airflow connection in
JSON: ``{"login": …, "password": …, "host": …, "port": …, "extra": {…}}``.

Invariants: a contract may only use its own operator's credentials; credentials that name hosts go to no other; they go
nowhere in clear, but to this machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.contract import Contract
from settings import MissingSecretError, Settings
from sources.errors import FeedError

Connections = Callable[[str], str | None]
"""Given the name of a connection, returns it as JSON, or None if there is none of that name."""

LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class OperatorCredential:
    """What an operator gave us to identify ourselves. Its `repr` shows none of it."""

    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ()  # empty: any host that the contract names
    port: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def check_host(self, host: str, place: str) -> None:
        """Let the credential go to `host`.

        Raises:
            FeedError: it is for other hosts.
        """
        if self.hosts and host not in self.hosts:
            raise FeedError(f"{place} : les identifiants de l'opérateur ne valent pas pour {host}")


def find_credential(
    contract: Contract, name: str | None, settings: Settings, connections: Connections | None = None
) -> OperatorCredential | None:
    """Return the credential that a contract's `feed.options.credential` names; None if it names none.

    Raises:
        FeedError: it belongs to another operator, is nowhere to be found, or does not read.
    """
    if name is None:
        return None
    check_own_credential(contract)
    place = f"{contract.source}: feed.options.credential"
    text = connections(f"operator-{name}") if connections is not None else None
    if text is None:
        try:
            text = settings.secret(f"operator-{name}").get_secret_value()
        except MissingSecretError:
            raise FeedError(
                f"{place} : aucune connexion Airflow ni aucun fichier de secrets ne s'appelle « operator-{name} »"
            ) from None
    try:
        return _parse(json.loads(text))
    except (ValueError, TypeError, AttributeError):
        raise FeedError(f"{place} : « operator-{name} » n'a pas la forme d'une connexion Airflow en JSON") from None


def check_own_credential(contract: Contract) -> None:
    """Let a contract name its operator's credentials.

    Raises:
        FeedError: they belong to another operator.
    """
    name, operator = contract.feed.options.get("credential"), contract.feed.operator
    if isinstance(name, str) and name != operator and not name.startswith(f"{operator}-"):
        raise FeedError(
            f"{contract.source}: feed.options.credential : un contrat n'utilise que les identifiants de son "
            f"opérateur ({operator}, ou {operator}-…)"
        )


def stand_in(contract: Contract) -> OperatorCredential | None:
    """A credential in place of the one that a contract names, good for judging the contract's options only."""
    if contract.feed.options.get("credential") is None:
        return None
    elsewhere = contract.feed.connector in ("sftp", "mqtt") and "host" not in contract.feed.options
    return OperatorCredential(
        hosts=("localhost",) if elsewhere else (),
        extra={"host_key": "unknown", "endpoint": "http://localhost"},
    )


def is_local(host: str) -> bool:
    """Whether `host` is this machine: the only one that secrets may go to in clear."""
    return host in LOCAL


def check_private(scheme_is_safe: bool, host: str, place: str) -> None:
    """Let secrets go over this connection.

    Raises:
        FeedError: anybody on the way could read them.
    """
    if not scheme_is_safe and not is_local(host):
        raise FeedError(f"{place} : des identifiants ne voyagent pas en clair ; utilisez TLS")


def _parse(fields: dict[str, Any]) -> OperatorCredential:
    extra = fields.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    port = fields.get("port")
    return OperatorCredential(
        login=str(fields.get("login") or ""),
        password=str(fields.get("password") or ""),
        hosts=tuple(host.strip() for host in str(fields.get("host") or "").split(",") if host.strip()),
        port=None if port is None else int(port),
        extra={str(name): str(value) for name, value in extra.items()},
    )
