"""The MQTT connector against a real Mosquitto."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

import pytest

from sources import Delivery, SourceUnavailableError
from sources.connectors import mqtt as connector
from sources.connectors.mqtt import Mqtt
from sources.credentials import OperatorCredential
from tests.integration.sources.servers import LOGIN, PASSWORD, Mosquitto, mosquitto
from tests.unit.sources.support import fed_by

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPERATOR = "eau-angers-loire-metropole"
_numbers = count()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as found:
        yield found


@pytest.fixture
def topic() -> str:
    """A topic, and so a session, of this test's own."""
    return f"capteurs{next(_numbers)}"


def keyed(digest: str) -> str:
    return sha256(b"custody" + digest.encode()).hexdigest()


def listening(broker: Mosquitto, topic: str, trust: Any = None, known: Any = None, **options: Any) -> Mqtt:
    contract = fed_by(
        "water-meters",
        "mqtt",
        **{"topics": [f"{topic}/+"], "host": "127.0.0.1", "port": broker.port, "tls": False, "quiet": "PT0.3S"}
        | {"clientId": topic}
        | options,
    )
    return Mqtt(contract, known, keyed, trust)


def landing(deliveries: Iterator[Delivery]) -> tuple[list[list[bytes]], dict[str, Any]]:
    """Read each delivery before the next one is asked for, as *ingest* does."""
    batches, cursor = [], {}
    for delivery in deliveries:
        (text,) = [part.stream.read() for part in delivery.parts]
        batches.append(text.splitlines())
        cursor = delivery.next_cursor
    return batches, cursor


def messages(topic: str, *numbers: int) -> list[tuple[str, bytes]]:
    return [(f"{topic}/{number % 3}", b'{"n": %d}' % number) for number in numbers]


def lines(*numbers: int) -> list[bytes]:
    return [b'{"n": %d}' % number for number in numbers]


def test_what_came_between_visits_was_kept_and_batches_close_by_number(broker: Mosquitto, topic: str) -> None:
    source = listening(broker, topic, batchMessages=4)
    assert landing(source.fetch(None, NOW)) == ([], {})  # subscribes
    broker.publish(messages(topic, *range(10)))
    batches, cursor = landing(source.fetch(None, NOW))
    assert batches == [lines(0, 1, 2, 3), lines(4, 5, 6, 7), lines(8, 9)]
    assert source.problems == []
    assert landing(source.fetch(cursor, NOW)) == ([], {})


def test_batches_close_by_bytes_and_by_time(broker: Mosquitto, topic: str) -> None:
    landing(listening(broker, topic).fetch(None, NOW))
    broker.publish(messages(topic, *range(6)))
    batches, cursor = landing(listening(broker, topic, batchBytes=17).fetch(None, NOW))
    assert [len(batch) for batch in batches] == [3, 3]
    ended = threading.Event()

    def stream() -> None:
        for number in range(40):
            if not ended.is_set():
                broker.publish(messages(topic, number))
                time.sleep(0.05)

    thread = threading.Thread(target=stream)
    thread.start()
    source = listening(broker, topic, batchTime="PT0.4S", visit="PT1S")
    batches, _ = landing(source.fetch(cursor, NOW))
    ended.set()
    thread.join()
    assert len(batches) >= 2  # though it was never quiet, and the visit ended
    flat = [line for batch in batches for line in batch]
    assert flat == lines(*range(len(flat)))


def test_what_was_not_acknowledged_comes_again_and_what_landed_does_not(broker: Mosquitto, topic: str) -> None:
    landing(listening(broker, topic).fetch(None, NOW))
    broker.publish(messages(topic, 1, 2, 3))
    walk = listening(broker, topic, batchMessages=3).fetch(None, NOW)
    delivery = next(walk)
    assert [part.stream.read() for part in delivery.parts] == [b"\n".join(lines(1, 2, 3)) + b"\n"]
    walk.close()  # the journal never had it: no acknowledgement
    walk = listening(broker, topic, batchMessages=3).fetch(None, NOW)
    again = next(walk)
    assert [part.stream.read() for part in again.parts] == [b"\n".join(lines(1, 2, 3)) + b"\n"]
    walk.close()  # the journal has it, and the acknowledgement never left
    broker.publish(messages(topic, 2, 4))
    batches, cursor = landing(listening(broker, topic).fetch(again.next_cursor, NOW))
    assert batches == [lines(2, 4)]  # the same reading published again is another message
    assert landing(listening(broker, topic).fetch(cursor, NOW)) == ([], {})


def test_a_cursor_holds_no_guessable_trace_of_a_message(broker: Mosquitto, topic: str) -> None:
    landing(listening(broker, topic).fetch(None, NOW))
    broker.publish(messages(topic, 1))
    _, cursor = landing(listening(broker, topic).fetch(None, NOW))
    (mark,) = cursor["landed"].values()
    assert not sha256(b'{"n": 1}').hexdigest().startswith(mark)
    other = listening(broker, topic)
    other._fingerprint = lambda digest: "another key"
    broker.publish(messages(topic, 1))
    _, later = landing(other.fetch(cursor, NOW))
    assert later["earlier"] == cursor["landed"]  # one batch further back, and no more
    assert mark not in later["landed"].values()


def test_a_session_survives_the_broker_and_a_forgotten_one_is_told(broker: Mosquitto, topic: str) -> None:
    landing(listening(broker, topic).fetch(None, NOW))
    broker.publish(messages(topic, 1))
    _, cursor = landing(listening(broker, topic).fetch(None, NOW))
    broker.publish(messages(topic, 2))
    broker.stop()
    with pytest.raises(SourceUnavailableError, match=r"courtier MQTT 127\.0\.0\.1 : il ne répond pas"):
        landing(listening(broker, topic).fetch(cursor, NOW))
    broker.start()
    source = listening(broker, topic)
    batches, cursor = landing(source.fetch(cursor, NOW))
    assert (batches, source.problems) == ([lines(2)], [])
    source = listening(broker, topic, clientId=f"{topic}-other")
    landing(source.fetch(cursor, NOW))
    assert "des messages ont pu être perdus" in source.problems[0]


def test_a_message_too_large_leaves_a_line_that_says_so(broker: Mosquitto, topic: str) -> None:
    landing(listening(broker, topic).fetch(None, NOW))
    broker.publish([(f"{topic}/1", b"x" * 101), (f"{topic}/2", b'{\r\n"n": 1}')])
    ((first, second),), _ = landing(listening(broker, topic, maximumMessage=100).fetch(None, NOW))
    assert "message de 101 octets" in first.decode()
    assert second == b'{  "n": 1}'


def test_tls_and_login_are_checked(broker: Mosquitto, topic: str) -> None:
    right, wrong = OperatorCredential(LOGIN, PASSWORD), OperatorCredential(LOGIN, "s3cret")
    secure = {"credential": OPERATOR, "tls": True, "port": broker.tls_port}
    with pytest.raises(SourceUnavailableError, match="son certificat n'est pas valable"):
        landing(listening(broker, topic, None, right, **secure).fetch(None, NOW))
    trust = broker.authority.trusting()
    with pytest.raises(SourceUnavailableError, match="il refuse la connexion") as caught:
        landing(listening(broker, topic, trust, wrong, **secure).fetch(None, NOW))
    assert "s3cret" not in str(caught.value)
    assert landing(listening(broker, topic, trust, right, **secure).fetch(None, NOW)) == ([], {})


def test_a_broker_that_never_answers_is_left(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = Mosquitto(None, mute.getsockname()[1], 0, None)  # type: ignore[arg-type]
        started = time.monotonic()
        with pytest.raises(SourceUnavailableError, match="il ne répond pas à temps"):
            landing(listening(silent, topic).fetch(None, NOW))
    assert time.monotonic() - started < 5
