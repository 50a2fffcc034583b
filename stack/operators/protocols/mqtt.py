"""The MQTT 5 broker of the simulated operators, and what their sensors publish on it.

The broker is rumqttd, from the `iotcore` wheel: nothing to install on the machine. It keeps persistent sessions and
retained messages, and asks for a login. It does not mark what it sends again as a duplicate (OASIS MQTT 5.0, 3.3.1.1),
so a visit that is killed between landing and acknowledgement finds those messages a second time: the contract's
primary key then keeps one row. Sessions last as long as the broker's process.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from iotcore import Broker
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from stack.operators.world import World

log = logging.getLogger("stack.operators.mqtt")
RETAINED = timedelta(days=2)
PUBLISHER = "capteurs"  # the login that publishes
_CONFIGURATION = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 500
dynamic_filters = true
[v5.1.connections.auth]
"""


def write_configuration(file: Path, port: int, passwords: Mapping[str, str]) -> None:
    """Write the broker's configuration, readable by its user alone."""
    text = _CONFIGURATION.format(port=port)
    text += "".join(f"{json.dumps(login)} = {json.dumps(password)}\n" for login, password in passwords.items())
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def broker(configuration: Path) -> Broker:
    """A broker, to be started; its process ends with ours."""
    return Broker(config_path=str(configuration))


async def publish(feeds: Mapping[str, ModuleType], world: World, port: int, password: str) -> None:
    """Publish the last two days of every feed, then go on as time does."""
    begun: dict[str, datetime] = {}
    while True:
        now = world.clock().astimezone(UTC)
        due = []
        for dataset, feed in feeds.items():
            since = begun.get(dataset, now - RETAINED)
            due.append((dataset, feed.messages, list(steps(since, now, feed.STEP)), feed.STEP))
            begun[dataset] = now
        try:
            await asyncio.to_thread(_send, due, world, port, password)
        except (OSError, RuntimeError, ValueError) as error:
            log.warning("messages could not be published: %s", type(error).__name__)
            begun = {}
        await asyncio.sleep(60)


def steps(after: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    """The instants in ``(after, until]`` that are whole multiples of `step` since the epoch."""
    seconds = int(step.total_seconds())
    number = int(after.timestamp()) // seconds + 1
    while (at := datetime.fromtimestamp(number * seconds, UTC)) <= until:
        yield at
        number += 1


def topic(dataset: str, sensor: str, instant: datetime, step: timedelta) -> str:
    """Where a message stands, retained until that of two days later takes its place."""
    slot = int(instant.timestamp() // step.total_seconds()) % int(RETAINED / step)
    return f"{dataset}/{sensor}/{slot:03d}"


_Due = tuple[str, Callable[[World, datetime], Iterable[tuple[str, bytes]]], list[datetime], timedelta]


def _send(due: list[_Due], world: World, port: int, password: str) -> None:
    if not any(instants for _, _, instants, _ in due):
        return
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=PUBLISHER, protocol=paho.MQTTv5)
    client.username_pw_set(PUBLISHER, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        for dataset, messages, instants, step in due:
            for instant in instants:
                sent = [
                    client.publish(topic(dataset, sensor, instant, step), payload, qos=1, retain=True)
                    for sensor, payload in messages(world, instant)
                ]
                for one in sent:
                    one.wait_for_publish(20)
    finally:
        client.disconnect()
        client.loop_stop()
