"""The stream of identifiers, when both sides behave and when one does not."""

from __future__ import annotations

import http.client
import json
import queue
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.pseudonyms import CustodyClient, CustodyRefusedError, CustodyUnavailableError
from anonymization.pseudonyms.wire import IDENTIFIER_SCHEMA, SUBJECT_SCHEMA, IpcWriter
from tests.integration.custody.conftest import CustodyHome, MakeHome

END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def run_of(custody: CustodyHome, quota: int = 10_000_000) -> CustodyClient:
    orchestrator = custody.client("orchestrator")
    token = orchestrator.create_run("run-streams", "water-meters", domains=["water-meter"], quota=quota)
    return orchestrator.with_token(token)


def batch(values: list[str]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values)], schema=IDENTIFIER_SCHEMA)


def stream_of(*batches: pa.RecordBatch, schema: pa.Schema = IDENTIFIER_SCHEMA, end: bool = True) -> bytes:
    writer = IpcWriter(schema)
    return b"".join(part for one in batches for part in writer.write(one)) + (b"".join(writer.end()) if end else b"")


def post(custody: CustodyHome, run: CustodyClient, body: bytes | Iterable[bytes], query: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", custody.port, timeout=30)
    headers = {"Authorization": f"Bearer {run._token.get_secret_value()}"}
    chunks = [body] if isinstance(body, bytes) else body
    connection.request("POST", f"/v1/pseudonymize/water-meter{query}", iter(chunks), headers, encode_chunked=True)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def code_of(content: bytes) -> str:
    return str(json.loads(content)["error"]["code"])


def test_answers_come_while_the_request_goes_on(custody: CustodyHome) -> None:
    """The second array is only made once the first one's answer is here."""
    answered: queue.Queue[bool] = queue.Queue()

    def arrays() -> Iterator[pa.Array]:
        for number in range(5):
            yield pa.array([f"meter-{number}"])
            assert answered.get(timeout=20)

    seen = []
    for answer in run_of(custody).pseudonymize("water-meter", arrays()):
        seen.append(answer[0].as_py())
        answered.put(True)
    assert len(set(seen)) == 5


def test_a_caller_who_does_not_read_holds_the_sender_back(custody: CustodyHome) -> None:
    """Nobody deadlocks, and what is read ahead is bounded by sockets, not by the stream."""
    sent = 0
    column = pa.array([f"49007-{row:026d}" for row in range(4_096)])

    def arrays() -> Iterator[pa.Array]:
        nonlocal sent
        for _ in range(400):
            sent += 1
            yield column

    answers = run_of(custody).pseudonymize("water-meter", arrays())
    next(answers)
    time.sleep(1.0)
    held = sent
    assert held < 300
    assert sum(len(answer) for answer in answers) == 399 * 4_096
    assert sent == 400


def test_memory_does_not_grow_with_the_stream(custody: CustodyHome) -> None:
    column = pa.array([f"49007-{number:09d}" for number in range(50_000)])
    run = run_of(custody)
    list(run.pseudonymize("water-meter", [column] * 2))
    before = resident_peak(custody)
    rows = sum(len(answer) for answer in run.pseudonymize("water-meter", (column for _ in range(40))))
    assert rows == 2_000_000
    assert resident_peak(custody) - before < 40_000  # kB; the stream is 46 MB in, 32 MB out


def test_a_cut_request_is_refused_before_anything_is_answered(custody: CustodyHome) -> None:
    run, body = run_of(custody), stream_of(batch(["a", "b"]))
    for length in (0, 3, 40, len(body) // 2, len(body) - len(END_OF_STREAM) - 9):
        status, content = post(custody, run, body[:length])
        assert (status, code_of(content)) == (400, "stream_truncated"), length
    assert custody.healthy()


def test_a_request_without_its_end_mark_gets_an_answer_without_one(custody: CustodyHome) -> None:
    status, content = post(custody, run_of(custody), stream_of(batch(["a"]), end=False))
    assert status == 200
    assert not content.endswith(END_OF_STREAM)
    reader = pa.ipc.open_stream(content)
    assert reader.read_next_batch().num_rows == 1
    empty, metadata = reader.read_next_batch_with_custom_metadata()
    assert empty.num_rows == 0
    assert metadata[b"ardoise.error.code"] == b"stream_truncated"


@pytest.mark.parametrize(
    "body", [b"PAR1" * 100, b"identifier\nmeter-1\n", b"\xff\xff\xff\xff\xff\xff\xff\x7f" + b"x" * 64, b"{}"]
)
def test_other_bytes_than_arrow_are_refused(custody: CustodyHome, body: bytes) -> None:
    status, content = post(custody, run_of(custody), body)
    assert status in (400, 413)
    assert code_of(content) in ("not_arrow", "stream_truncated", "batch_too_large")
    assert custody.healthy()


def test_noise_in_a_batch_is_refused(custody: CustodyHome) -> None:
    """Offsets that point outside, and bytes that are not UTF-8, never reach the cipher."""
    run = run_of(custody)
    inside, outside = struct.pack("<3i", 0, 8, 16), struct.pack("<3i", 0, 2**30, 2**30 + 5)
    body = stream_of(batch(["abcdefgh", "ijklmnop"]))
    assert body.count(inside) == 1
    body = body.replace(inside, outside)
    status, content = post(custody, run, body)
    assert (status, code_of(content)) == (400, "not_arrow")
    status, content = post(custody, run, stream_of(batch(["abcdefgh"])).replace(b"abcdefgh", b"\xff\xfe\xff\xfeefgh"))
    assert (status, code_of(content)) == (400, "not_arrow")
    assert custody.healthy()


def test_a_wrong_column_is_refused(custody: CustodyHome) -> None:
    run = run_of(custody)
    for column, values in (("name", pa.array(["a"])), ("identifier", pa.array([1]))):
        schema = pa.schema([pa.field(column, values.type)])
        status, content = post(custody, run, stream_of(pa.record_batch([values], schema=schema), schema=schema))
        assert (status, code_of(content)) == (400, "wrong_column")
    two = pa.schema([pa.field("identifier", pa.string()), pa.field("more", pa.string())])
    status, content = post(custody, run, stream_of(pa.record_batch([["a"], ["b"]], schema=two), schema=two))
    assert (status, code_of(content)) == (400, "wrong_column")
    status, content = post(custody, run, stream_of(batch(["a"])), "?purpose=conso")
    assert (status, code_of(content)) == (400, "wrong_column")


def test_subjects_alone_are_half_a_request(custody: CustodyHome) -> None:
    status, content = post(custody, run_of(custody), stream_of(schema=SUBJECT_SCHEMA), "?purpose=conso")
    assert (status, code_of(content)) == (400, "stream_truncated")


def test_a_batch_too_large_is_refused(custody: CustodyHome) -> None:
    status, content = post(custody, run_of(custody), stream_of(batch(["a"] * 65_537)))
    assert (status, code_of(content)) == (413, "batch_too_large")
    huge = pa.record_batch([pa.array(["x" * 1_000_000] * 80)], schema=IDENTIFIER_SCHEMA)
    status, content = post(custody, run_of(custody), stream_of(huge))
    assert (status, code_of(content)) == (413, "batch_too_large")


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_compressed_batch_is_refused_before_it_is_inflated(custody: CustodyHome, codec: str) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, IDENTIFIER_SCHEMA, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_batch(batch(["x" * 1_000] * 60_000))
    body = sink.getvalue().to_pybytes()
    assert len(body) < 1_000_000
    status, content = post(custody, run_of(custody), body)
    assert (status, code_of(content)) == (400, "compressed")


def test_a_dictionary_on_the_wire_is_refused(custody: CustodyHome) -> None:
    column = pa.array(["a", "b", "a"]).dictionary_encode()
    schema = pa.schema([pa.field("identifier", column.type)])
    status, content = post(custody, run_of(custody), stream_of(pa.record_batch([column], schema=schema), schema=schema))
    assert (status, code_of(content)) == (400, "wrong_column")


def test_an_early_refusal_reaches_a_client_that_is_still_sending(custody: CustodyHome) -> None:
    column = pa.array([f"49007-{number:09d}" for number in range(50_000)])
    run = run_of(custody, quota=0)
    with pytest.raises(CustodyRefusedError, match="quota_spent"):
        list(run.pseudonymize("water-meter", (column for _ in range(40))))
    assert custody.healthy()


def test_what_breaks_in_the_caller_comes_out_as_it_is(custody: CustodyHome) -> None:
    def arrays() -> Iterator[pa.Array]:
        yield pa.array(["a"])
        raise ConnectionResetError("the caller's own storage")

    answers = run_of(custody).pseudonymize("water-meter", arrays())
    with pytest.raises(ConnectionResetError, match="own storage"):
        list(answers)
    assert custody.healthy()


def test_a_caller_may_leave_early(custody: CustodyHome) -> None:
    column = pa.array([f"49007-{number:09d}" for number in range(50_000)])
    answers = run_of(custody).pseudonymize("water-meter", (column for _ in range(40)))
    next(answers)
    answers.close()
    assert custody.healthy()
    deadline = time.monotonic() + 10
    while any(thread.name == "custody-sender" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_service_that_dies_is_unavailable_not_finished(make_custody: MakeHome) -> None:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    custody.start()
    column = pa.array([f"49007-{number:09d}" for number in range(50_000)])
    answers = run_of(custody).pseudonymize("water-meter", (column for _ in range(40)))
    next(answers)
    assert custody.process is not None
    custody.process.kill()
    with pytest.raises(CustodyUnavailableError):
        list(answers)
    with pytest.raises(CustodyUnavailableError, match="is its service running"):
        custody.client("ingest").create_key("landing", "water-meters")


def test_concurrent_streams_never_spend_more_than_the_quota(custody: CustodyHome) -> None:
    run = run_of(custody, quota=10_000)
    column = pa.array([f"49007-{number:09d}" for number in range(1_000)])
    answered, refused = [], []

    def work() -> None:
        try:
            for answer in run.pseudonymize("water-meter", [column] * 5):
                answered.append(len(answer))
        except CustodyRefusedError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answered) == 10_000
    assert set(refused) == {"quota_spent"}


def test_a_token_that_expires_in_mid_stream_stops_it(custody: CustodyHome) -> None:
    orchestrator = custody.client("orchestrator")
    token = orchestrator.create_run(
        "run-short", "water-meters", domains=["water-meter"], quota=100, expires_in=timedelta(seconds=1)
    )

    def arrays() -> Iterator[pa.Array]:
        yield pa.array(["a"])
        time.sleep(1.1)
        yield pa.array(["b"])

    answers = orchestrator.with_token(token).pseudonymize("water-meter", arrays())
    assert len(next(answers)) == 1
    with pytest.raises(CustodyRefusedError, match="token_expired"):
        next(answers)


def resident_peak(custody: CustodyHome) -> int:
    assert custody.process is not None
    status = Path(f"/proc/{custody.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def test_a_string_of_a_gigabyte_is_refused_before_it_comes(custody: CustodyHome) -> None:
    """Its message says how long it is; nothing of that is waited for, nor allocated."""
    (message,) = IpcWriter(IDENTIFIER_SCHEMA).write(batch(["x" * 70_000]))[1:]
    before, body = resident_peak(custody), message.to_pybytes()
    length = struct.pack("<q", pa.ipc.read_message(message).body.size)
    assert body.count(length) == 1
    declared = IDENTIFIER_SCHEMA.serialize().to_pybytes() + body.replace(length, struct.pack("<q", 1 << 30))
    status, content = post(custody, run_of(custody), declared)
    assert (status, code_of(content)) == (413, "batch_too_large")
    assert resident_peak(custody) - before < 20_000  # kB


def test_a_gigabyte_of_json_is_not_kept(custody: CustodyHome) -> None:
    before = resident_peak(custody)

    def body() -> Iterator[bytes]:
        yield b'{"identifiers": ["'
        for _ in range(1_000):
            yield b"x" * 1_000_000

    token = run_of(custody)._token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for path in ("/v1/pseudonymize/water-meter", "/v1/runs"):
        connection = http.client.HTTPConnection("127.0.0.1", custody.port, timeout=30)
        try:
            connection.request("POST", path, body(), headers, encode_chunked=True)
            assert connection.getresponse().status == 413
        except ConnectionError:  # closed on what was still being sent
            assert path == "/v1/runs"
        connection.close()
    assert resident_peak(custody) - before < 60_000  # kB
    assert custody.healthy()


def test_a_body_that_stops_coming_is_given_up(make_custody: MakeHome) -> None:
    """But not one that was sent whole, whose answer is read slowly."""
    custody = make_custody()
    assert custody.initialize().returncode == 0
    settings = custody.home / "custody.toml"
    settings.write_text(settings.read_text() + "stall_seconds = 1.0\n")
    custody.start()

    def body() -> Iterator[bytes]:
        yield stream_of(batch(["a"]), end=False)[:-8]
        time.sleep(3)

    status, content = post(custody, run_of(custody), body())
    assert (status, code_of(content)) == (408, "stream_stalled")
    column = pa.array([f"49007-{number:09d}" for number in range(60_000)])
    answers = run_of(custody).pseudonymize("water-meter", (column for _ in range(40)))
    next(answers)
    time.sleep(2.5)
    assert sum(len(answer) for answer in answers) == 39 * 60_000
