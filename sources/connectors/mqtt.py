"""Messages published to an operator's MQTT 5 broker, gathered into batches, one delivery each.

A batch is one part of lines, a message each (line ends inside a JSON message become spaces, which JSON allows). It is
closed by number, bytes or time. The session is persistent and QoS is 1: between visits, the broker keeps what comes.

What makes a killed visit lose and double nothing (OASIS MQTT 5.0, sections 4.3.2 and 4.4):

1. a message is acknowledged only once the journal has its batch; what was not is sent again, under its packet
   identifier and marked as a duplicate;
2. the cursor, written in the journal's same transaction, holds identifier and keyed fingerprint of the batch's
   messages (and of the batch before): a duplicate found there has landed, and is acknowledged without being taken
   again;
3. before another batch is handed over, a round trip shows that the broker has read the acknowledgements.

The broker's Receive Maximum is a batch, which bounds memory. A message that is too large can not be refused for good in
MQTT: a line that says so takes its place, and becomes a reject with its position. paho-mqtt is used, not the asyncio
layer over it, because that one acknowledges each message before anybody has seen it and hides duplicates and sessions.
"""

from __future__ import annotations

import io
import json
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import digest
from time import monotonic
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from policies.contract import Contract
from sources.connectors.options import MqttOptions
from sources.credentials import OperatorCredential, check_private
from sources.errors import FeedError, SourceUnavailableError
from sources.limits import place
from sources.options import read_options
from sources.protocol import Cursor, Delivery, PayloadPart

Fingerprint = Callable[[str], str]
"""Custody's keyed fingerprint of a digest (hex): what the journal holds must not be guessed from likely messages."""

PATIENCE = 20.0  # seconds for the broker to answer
_SEED = sha256(b"ardoise: which messages of a batch may come again").hexdigest()


@dataclass(slots=True)
class _Batch:
    """Messages that will land together."""

    messages: list[paho.MQTTMessage] = field(default_factory=list)
    size: int = 0  # bytes

    def add(self, message: paho.MQTTMessage) -> None:
        """One more."""
        self.messages.append(message)
        self.size += len(message.payload)


class Mqtt:
    """Listens to some topics for one contract."""

    def __init__(
        self,
        contract: Contract,
        credential: OperatorCredential | None,
        fingerprint: Fingerprint,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._options = options = read_options(contract, MqttOptions)
        self._contract = contract
        self._credential = credential or OperatorCredential()
        self._fingerprint = fingerprint
        self._trust = trust
        where = f"{contract.source}: feed.options"
        self._host = options.host or next(iter(self._credential.hosts), "")
        self._port = options.port or self._credential.port or (8883 if options.tls else 1883)
        if not self._host:
            raise FeedError(f"{where}.host : ni le contrat ni les identifiants ne disent l'adresse du courtier")
        self._credential.check_host(self._host, where)
        check_private(options.tls, self._host, where)
        self.problems: list[str] = []

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each batch, until the broker is quiet. See :class:`sources.protocol.Connector`."""
        known = cursor or {}
        last: dict[str, str] = known.get("landed", {})
        landed = {**known.get("earlier", {}), **last}
        key = self._fingerprint(_SEED).encode()
        where = place(self._contract, f"courtier MQTT {self._host}")
        name = f"ardoise-{self._contract.id}"
        session = _Session(self._options, self._host, self._port, self._credential, self._trust, where, name)
        deadline = monotonic() + self._options.visit.total_seconds()
        try:
            resumed = session.open()
            if known and not resumed:
                self.problems.append(f"{where} : il a oublié la session ; des messages ont pu être perdus entre-temps")
                last, landed = {}, {}
            while (batch := self._gather(session, landed, key, deadline)).messages:
                marks = {str(one.mid): _mark(key, one) for one in batch.messages if one.qos}
                delivery = Delivery(source=f"mqtt://{self._host}", fetched_at=now, parts=iter(()))
                delivery.parts = self._parts(batch, {"landed": marks, "earlier": last}, delivery)
                yield delivery
                session.acknowledge(batch.messages)  # the journal has them by now
                session.confirm()
                last, landed = {}, {}  # the broker has read that all of it landed
        finally:
            session.close()

    def _gather(self, session: _Session, landed: dict[str, str], key: bytes, deadline: float) -> _Batch:
        """The next messages that did not land yet; none once the broker was quiet."""
        options, batch, repeated = self._options, _Batch(), 0
        closing = min(deadline, monotonic() + options.batch_time.total_seconds())
        while len(batch.messages) < options.batch_messages and batch.size < options.batch_bytes:
            left = closing - monotonic()
            message = session.next(min(left, options.quiet.total_seconds())) if left > 0 else None
            if message is None:
                break
            if message.qos and message.dup and landed.get(str(message.mid)) == _mark(key, message):
                session.acknowledge([message])
                repeated += 1
            else:
                batch.add(message)
        if repeated:
            session.confirm()
        return batch

    def _parts(self, batch: _Batch, cursor: Cursor, delivery: Delivery) -> Iterator[PayloadPart]:
        lines = b"".join(_line(message, self._options.maximum_message) for message in batch.messages)
        yield PayloadPart("messages.ndjson", io.BytesIO(lines))
        delivery.next_cursor = cursor


class _Session:
    """One connection of a persistent session."""

    def __init__(
        self,
        options: MqttOptions,
        host: str,
        port: int,
        credential: OperatorCredential,
        trust: ssl.SSLContext | None,
        where: str,
        identifier: str,
    ) -> None:
        self._options, self._host, self._port = options, host, port
        self._credential, self._trust, self._where = credential, trust, where
        self._messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._connected, self._subscribed, self._gone = threading.Event(), threading.Event(), threading.Event()
        self._refusal = ""
        self._resumed = False
        self._client = self._made(options.client_id or identifier)

    def open(self) -> bool:
        """Connect and subscribe; return whether the broker had kept the session.

        Raises:
            SourceUnavailableError: it does not answer, or refuses.
        """
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = int(self._options.session.total_seconds())
        properties.ReceiveMaximum = self._options.batch_messages
        try:
            self._client.connect(self._host, self._port, keepalive=60, clean_start=False, properties=properties)
        except (OSError, ValueError) as error:
            reason = "son certificat n'est pas valable" if isinstance(error, ssl.SSLError) else "il ne répond pas"
            raise self._unavailable(f"{reason} ({type(error).__name__})") from None
        self._client.loop_start()
        self._await(self._connected)
        self._subscribe(SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        return self._resumed

    def next(self, seconds: float) -> paho.MQTTMessage | None:
        """The next message, if one comes within `seconds`.

        Raises:
            SourceUnavailableError: the connection was lost.
        """
        if self._gone.is_set() and self._messages.empty():
            raise self._unavailable("la connexion est tombée ; ce qui n'a pas été acquitté sera renvoyé")
        try:
            return self._messages.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def acknowledge(self, messages: list[paho.MQTTMessage]) -> None:
        """Tell the broker that these need not be sent again."""
        for message in messages:
            if message.qos:
                self._client.ack(message.mid, message.qos)

    def confirm(self) -> None:
        """Wait until the broker has read all that was said: it answers in order, here to a subscription made again.

        Raises:
            SourceUnavailableError: it did not answer.
        """
        self._subscribe(SubscribeOptions.RETAIN_DO_NOT_SEND)

    def close(self) -> None:
        """End the connection, not the session."""
        with suppress(Exception):
            self._client.disconnect()
            self._gone.wait(2.0)
        self._client.loop_stop()

    def _made(self, identifier: str) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=identifier,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = PATIENCE
        if self._credential.login:
            client.username_pw_set(self._credential.login, self._credential.password or None)
        if self._options.tls:
            client.tls_set_context(self._trust or ssl.create_default_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _client, _data, message: self._messages.put(message)
        client.on_disconnect = lambda *_: self._gone.set()
        return client

    def _subscribe(self, retained: int) -> None:
        self._subscribed.clear()
        options = SubscribeOptions(qos=1, retainHandling=retained)
        self._client.subscribe([(topic, options) for topic in self._options.topics])
        self._await(self._subscribed)

    def _await(self, event: threading.Event) -> None:
        deadline = monotonic() + PATIENCE
        while not event.wait(0.05):
            if self._refusal or self._gone.is_set() or monotonic() > deadline:
                raise self._unavailable(self._refusal or "il ne répond pas à temps, ou a coupé la connexion")
        if self._refusal:
            raise self._unavailable(self._refusal)

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"il refuse la connexion (code {reason.value})"
        self._resumed = bool(flags.session_present)
        self._connected.set()

    def _on_subscribe(self, client: Any, data: Any, mid: int, reasons: list[Any], properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = "il refuse l'abonnement à un des sujets du contrat"
        elif any(reason.value < 1 for reason in reasons):
            self._refusal = "il n'accorde qu'une qualité de service de 0 : des messages se perdraient"
        self._subscribed.set()

    def _unavailable(self, reason: str) -> SourceUnavailableError:
        return SourceUnavailableError(f"{self._where} : {reason}")


def _mark(key: bytes, message: paho.MQTTMessage) -> str:
    """A keyed fingerprint of topic and payload: 64 bits, to tell one message from another under one identifier."""
    topic = message.topic.encode()
    return digest(key, len(topic).to_bytes(4, "big") + topic + message.payload, "sha256")[:8].hex()


def _line(message: paho.MQTTMessage, longest: int) -> bytes:
    if len(message.payload) > longest:
        told = f"message de {len(message.payload)} octets, plus que les {longest} du contrat : écarté"
        return json.dumps({"ardoise": told}, ensure_ascii=False).encode() + b"\n"
    return bytes(message.payload).replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
