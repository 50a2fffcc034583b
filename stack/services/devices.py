"""The simulated operators' SFTP server, MQTT broker, sensors and gateways: only where every feed is shown.

The hub is given what an operator would give it: for each contract that names a credential, a login, our key or
password, the address and the server's key, as the secret ``operator-<credential>``. A secret that somebody else wrote
there stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh

from policies import load_territory
from policies.contract import Contract
from sources.connectors.options import MqttOptions
from sources.options import read_options
from stack.operators.protocols.mqtt import PUBLISHER, Subscriber, write_configuration, write_subscribers
from stack.secrets import password
from stack.service import HealthCheck, Service, StackContext
from stack.services.operators import world_arguments

_OURS = "ardoise-simulation"


def prepare(context: StackContext) -> None:
    """Make keys, passwords and the broker's configuration, and write the hub's credentials."""
    if not context.operators.every:
        return
    folder = _folder(context)
    for needed in (folder, folder / "authorized", folder / "accounts"):
        needed.mkdir(mode=0o700, exist_ok=True)
    host_key = _key(folder / "host_key")
    publisher = folder / "publisher"
    if not publisher.exists():
        publisher.touch(mode=0o600)
        publisher.write_text(password(), encoding="utf-8")
    publishing = {PUBLISHER: publisher.read_text(encoding="utf-8").strip()}
    passwords = {}
    for name, connector in _credentials(context).items():
        given = _known(context, name)
        if given is None:
            continue
        given |= {"login": name, "host": "127.0.0.1", "port": context.ports[connector], "extra": {"made_by": _OURS}}
        if connector == "sftp":
            key = _key(folder / "authorized" / name)
            given["extra"] |= {"private_key": key, "host_key": _public(folder / "host_key", host_key)}
            _public(folder / "authorized" / name, key)
        else:
            passwords[name] = given.setdefault("password", password())
        context.secrets.put(f"operator-{name}", json.dumps(given))
    write_configuration(folder / "broker.toml", context.ports["mqtt"], passwords | publishing)
    write_subscribers(folder / "subscribers.json", _subscribers(context, passwords))


def services(context: StackContext) -> list[Service]:
    """Describe the process."""
    if not context.operators.every:
        return []
    folder, ports = _folder(context), (context.ports["sftp"], context.ports["mqtt"])
    command = [str(context.python), "-m", "stack.operators.protocols", "--folder", str(folder)]
    command += ["--sftp-port", str(ports[0]), "--mqtt-port", str(ports[1]), "--inbox", context.settings.inbox_url]
    posting = [one for one in _contracts(context) if one.feed.connector == "http_push"]
    tokens = (f"{one.id}={context.secrets.folder / f'inbox-{one.feed.operator}'}" for one in posting)
    command += ["--posting", *tokens, *world_arguments(context)]
    return [
        Service(
            name="devices",
            command=tuple(command),
            env=context.environment(),
            cwd=context.paths.scratch,
            log=context.log_file("devices"),
            ports=ports,
            health=HealthCheck(port=ports[1]),
        )
    ]


def _folder(context: StackContext) -> Path:
    return context.paths.of_service("devices")


def _contracts(context: StackContext) -> list[Contract]:
    return list(load_territory(context.territory, refused=lambda file, error: None).contracts.values())


def _credentials(context: StackContext) -> dict[str, str]:
    """The connector of each credential that contracts name, of those that this process stands for."""
    named = [(one.feed.options.get("credential"), one.feed.connector) for one in _contracts(context)]
    return {str(name): connector for name, connector in named if name and connector in ("sftp", "mqtt")}


def _subscribers(context: StackContext, passwords: dict[str, str]) -> Iterator[Subscriber]:
    """Who the hub is to the broker, feed by feed, as its connector presents itself."""
    for contract in _contracts(context):
        login = contract.feed.options.get("credential")
        if contract.feed.connector == "mqtt" and login in passwords:
            options = read_options(contract, MqttOptions)
            client = options.client_id or f"ardoise-{contract.id}"
            yield Subscriber(client, login, passwords[login], options.topics)


def _known(context: StackContext, name: str) -> dict[str, Any] | None:
    """What was written last time, nothing, or None if somebody else wrote it."""
    if not context.secrets.has(f"operator-{name}"):
        return {}
    try:
        found: dict[str, Any] = json.loads(context.secrets.get(f"operator-{name}").get_secret_value())
        return found if found["extra"]["made_by"] == _OURS else None
    except (ValueError, TypeError, KeyError):
        return None


def _key(file: Path) -> str:
    """A private key in OpenSSH's form, made once."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    return file.read_text(encoding="ascii")


def _public(file: Path, private: str) -> str:
    """Its public key, written beside it too."""
    text = asyncssh.import_private_key(private).export_public_key().decode("ascii").strip()
    file.with_name(f"{file.name}.pub").write_text(text + "\n", encoding="ascii")
    return text
