"""The MQTT 5 broker of the simulated operators, and what their sensors publish on it.

The broker is rumqttd, from the `iotcore` wheel: nothing to install on the machine. It keeps persistent sessions, and
asks for a login. Two of its ways are not those of a broker to rely on, and good enough for a demonstration:

- it does not mark what it sends again as a duplicate (OASIS MQTT 5.0, 3.3.1.1): a visit killed between landing and
  acknowledgement finds those messages a second time, and the contract's primary key keeps one row;
- with a hundred messages under way it answers nothing before one is acknowledged, subscriptions included: sensors are
  gathered by concentrators, so that days of absence come to fewer.

Sessions last as long as the broker's process: each time it starts, the queue of every subscriber is opened, and the
last two days are published.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from iotcore import Broker
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from stack.operators.world import World

log = logging.getLogger("stack.operators.mqtt")
PAST = timedelta(days=2)
KEPT = timedelta(days=7)  # what comes for a subscriber that is away
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
max_inflight_count = 100
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


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is to get what is published, from now on, whether connected or not."""

    client: str
    login: str
    password: str
    topics: tuple[str, ...]


def write_subscribers(file: Path, subscribers: Iterable[Subscriber]) -> None:
    """Write who they are, readable by its user alone."""
    file.touch(mode=0o600)
    file.write_text(json.dumps([asdict(one) for one in subscribers]), encoding="utf-8")


def read_subscribers(file: Path) -> list[Subscriber]:
    """The inverse."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return [Subscriber(one["client"], one["login"], one["password"], tuple(one["topics"])) for one in found]


def open_queue(subscriber: Subscriber, port: int) -> None:
    """Have the broker keep messages for a subscriber that has not come yet, as an operator does when it enrols one.

    Raises:
        OSError: the broker does not answer, or refuses.
    """
    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=subscriber.client, protocol=paho.MQTTv5)
    client.username_pw_set(subscriber.login, subscriber.password)
    client.on_subscribe = lambda *_: subscribed.set()
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = int(KEPT.total_seconds())
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    client.subscribe([(name, SubscribeOptions(qos=1)) for name in subscriber.topics])
    try:
        if not subscribed.wait(20):
            raise ConnectionError("the broker did not grant a subscription")
    finally:
        client.disconnect()
        client.loop_stop()


async def publish(feeds: Mapping[str, ModuleType], world: World, port: int, password: str) -> None:
    """Publish the last two days of every feed, then go on as time does."""
    begun: dict[str, datetime] = {}
    while True:
        now = world.clock().astimezone(UTC)
        due = [
            (dataset, feed.messages, list(steps(begun.get(dataset, now - PAST), now, feed.STEP)))
            for dataset, feed in feeds.items()
        ]
        try:
            await asyncio.to_thread(_send, due, world, port, password)
            begun = dict.fromkeys(feeds, now)
        except (OSError, RuntimeError, ValueError) as error:
            log.warning("messages could not be published: %s", type(error).__name__)
        await asyncio.sleep(60)


def steps(after: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    """The instants in ``(after, until]`` that are whole multiples of `step` since the epoch."""
    seconds = int(step.total_seconds())
    number = int(after.timestamp()) // seconds + 1
    while (at := datetime.fromtimestamp(number * seconds, UTC)) <= until:
        yield at
        number += 1


_Due = tuple[str, Callable[[World, datetime], Iterable[tuple[str, bytes]]], list[datetime]]


def _send(due: list[_Due], world: World, port: int, password: str) -> None:
    if not any(instants for _, _, instants in due):
        return
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=PUBLISHER, protocol=paho.MQTTv5)
    client.username_pw_set(PUBLISHER, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        for dataset, messages, instants in due:
            for instant in instants:
                sent = [client.publish(f"{dataset}/{name}", text, qos=1) for name, text in messages(world, instant)]
                for one in sent:
                    one.wait_for_publish(20)
    finally:
        client.disconnect()
        client.loop_stop()
