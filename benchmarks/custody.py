"""How fast custody answers, end to end, and what of it is not the wire or the disk.

    python -m benchmarks.custody [--rows 10000000]

Starts PostgreSQL and custody in a temporary folder, and measures, in one run on this machine:

1. identifiers a second through the hub's own client and the service, Arrow both ways, ten million of them; and how much
   memory the service then had more at its peak;
2. the same stream, the same way, merely echoed by the same server (Arrow read, checked and written): the ratio is what
   pseudonymising costs;
3. small calls in JSON, next to a call of the same server that makes one durable insert: one at a time, and together.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms import CustodyClient
from anonymization.pseudonyms.duplex import exchange
from anonymization.pseudonyms.errors import CustodyError
from anonymization.pseudonyms.wire import BATCH_ROWS
from benchmarks.custody_server import ECHO, INSERT
from custody.commands import main as custody
from stack.context import build_context
from stack.embedded import Stack
from stack.service import StackContext
from stack.services.postgres import custody_cluster

DOMAIN = "meter"
PSEUDONYMIZE = f"/v1/pseudonymize/{DOMAIN}"
DISTINCT = 1_000_000
REPEATS = 5
SMALL_CALLS, TOGETHER = 400, 16


class Service:
    """A running custody, its tokens, and what it costs."""

    def __init__(self, context: StackContext, folder: Path) -> None:
        """Prepare a home over custody's cluster, and start."""
        cluster, self._home = custody_cluster(context), folder / "home"
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE benchmark OWNER custody")
        (self._home / "secrets").mkdir(parents=True, mode=0o700)
        password = self._home / "secrets" / "postgres-custody"
        password.touch(mode=0o600)
        password.write_text(cluster.secrets.get("postgres-custody").get_secret_value())
        self._tokens = folder
        url = f"postgresql+psycopg://custody@127.0.0.1:{cluster.port}/benchmark"
        orchestrator = ("--client", f"orchestrator={folder / 'orchestrator'}")
        self._run("init", "--database", url, "--domain", DOMAIN, *orchestrator)
        grants = ("--domain", DOMAIN, "--quota", str(10**9), "--days", "1")
        self._run("domain", "add", DOMAIN, "--expected-inputs", str(10**9))
        self._run("client", "add", "operator", "--role", "operator", "--token-file", str(folder / "operator"), *grants)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        words = [sys.executable, "-m", "benchmarks.custody_server", str(self._home), str(self.port)]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=30)

    def token(self, name: str) -> str:
        """Return a client's token."""
        return (self._tokens / name).read_text().strip()

    def run_token(self, quota: int) -> str:
        """Return a run's token."""
        client = CustodyClient(f"http://127.0.0.1:{self.port}", SecretStr(self.token("orchestrator")))
        return client.create_run("benchmark", "benchmark", domains=[DOMAIN], quota=quota).get_secret_value()

    def memory(self, line: str) -> int:
        """Return a figure of the process, in kB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(one.split()[1] for one in status if one.startswith(line)))

    def processor(self) -> float:
        """Return the seconds of processor time that the process has taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def _run(self, *words: str) -> None:
        if custody([*words, "--home", str(self._home)]) != 0:
            raise SystemExit("custody does not get ready")

    def _wait(self) -> None:
        for _ in range(600):
            try:
                ask(self.port, "GET", "/health")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("custody does not start")


def ask(port: int, method: str, path: str, token: str = "", body: bytes | None = None) -> bytes:
    """Make one call in a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{path}: {answer.status} {content!r}")
    return content


def columns() -> list[pa.Array]:
    """Return identifiers of 14 digits, batch by batch."""
    starts = range(0, DISTINCT, BATCH_ROWS)
    return [
        pa.array([f"{number:014d}" for number in range(start, min(start + BATCH_ROWS, DISTINCT))]) for start in starts
    ]


def through(service: Service, path: str, rows: int) -> float:
    """Return the seconds that so many identifiers take through the hub's own client to a call, and back."""
    token, identifiers, sent = service.run_token(rows), columns(), 0

    def arrays() -> Iterator[pa.Array]:
        nonlocal sent
        while sent < rows:
            for one in identifiers:
                taken = one.slice(0, rows - sent)
                sent += len(taken)
                if len(taken):
                    yield taken

    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    begin = time.perf_counter()
    answers = exchange(connection, path, {"Authorization": f"Bearer {token}"}, arrays(), None, refused)
    assert sum(map(len, answers)) == rows
    return time.perf_counter() - begin


def refused(status: int, content: bytes) -> CustodyError:
    """Nothing is, here."""
    raise SystemExit(f"refused: {status} {content!r}")


def small_calls(port: int, path: str, token: str, together: int) -> float:
    """Return calls a second, each of one identifier, over as many connections as callers."""
    per_caller = SMALL_CALLS // together

    def caller(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for call in range(per_caller):
            body = json.dumps({"identifiers": [f"{number:04d}{call:010d}"]}).encode()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == http.client.OK, content
        connection.close()

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(together)]
    begin = time.perf_counter()
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    return per_caller * together / (time.perf_counter() - begin)


def best(work: Callable[[], float], *, most: bool = False) -> float:
    """Return the best of a few."""
    found = [work() for _ in range(REPEATS)]
    return max(found) if most else min(found)


def report(service: Service, rows: int) -> None:
    """Measure and print."""
    through(service, PSEUDONYMIZE, 2 * DISTINCT)
    before, spent = service.memory("VmHWM"), service.processor()
    seconds = through(service, PSEUDONYMIZE, rows)
    spent, grown = service.processor() - spent, service.memory("VmHWM") - before
    print(f"{rows} identifiers of 14 characters, hub's client to service and back, Arrow both ways")
    print(
        f"  {rows / seconds / 1e6:6.2f} M identifiers/s; {spent / seconds:.2f} cores; {grown / 1024:.1f} MB more memory"
    )

    times: dict[str, list[float]] = {ECHO: [], PSEUDONYMIZE: []}
    for _ in range(REPEATS):
        for path, taken in times.items():
            taken.append(through(service, path, rows))
    echo, own = (min(taken) for taken in times.values())
    print(f"as many, the same way, best of {REPEATS}, turn by turn")
    print(f"  echoed         {rows / echo / 1e6:6.2f} M/s")
    print(f"  pseudonymised  {rows / own / 1e6:6.2f} M/s   {echo / own:.2f} of the echo")

    for together in (1, TOGETHER):
        insert = best(lambda n=together: small_calls(service.port, INSERT, "none", n), most=True)
        small = best(
            lambda n=together: small_calls(service.port, PSEUDONYMIZE, service.token("operator"), n), most=True
        )
        print(f"small calls, {together} at a time")
        print(f"  one durable insert   {insert:7.0f} calls/s")
        print(f"  pseudonymised        {small:7.0f} calls/s   {small / insert:.2f} of that")


def main() -> None:
    """Start everything, measure, stop everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix="custody-benchmark-"))
    context = build_context(folder / "stack", preferred_ports=False)
    stack = Stack(context, only=("postgres",))
    try:
        stack.up(die_with_parent=True)
        service = Service(context, folder)
        try:
            report(service, rows)
        finally:
            service.stop()
    finally:
        stack.forget()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
