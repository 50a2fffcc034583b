"""Run the tests part by part, each within its budget of time: ``python -m tests.parts [--prove]``.

Prints how long each part took beside its budget, then one closing line for all of them, as pytest writes it. With
``--prove``: the proofs, the properties again and again, each round on other
examples, then every benchmark at its full size.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """Some folders of tests, and the minutes they may take on two cores."""

    name: str
    folders: tuple[str, ...]
    minutes: float
    spread: str = ""  # over two processes: a file at a time, or a folder of servers at a time


TIMEOUT_SECONDS = 900  # of one test with its fixtures: the first to ask for Airflow waits for it on a busy machine

PARTS = (
    Part("unit, properties and vectors", ("tests/unit", "tests/properties", "tests/vectors"), 4, spread="loadfile"),
    Part("integration", ("tests/integration",), 7, spread="loadscope"),
    Part("end to end", ("tests/e2e",), 7),
)
PROOFS = (Part("proofs", ("tests/proofs",), 130),)  # an hour of it fuzzes the decoders
ROUNDS = 25  # of the properties, in a proof
ROUND_MINUTES = 4
BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)\b")


def main(arguments: list[str]) -> int:
    """Run the parts; return pytest's exit code of the first that failed, else 0."""
    prove = "--prove" in arguments
    parts = (*PROOFS, *[Part("properties", ("tests/properties",), ROUND_MINUTES)] * ROUNDS) if prove else PARTS
    started, code, totals, lines = time.monotonic(), 0, dict[str, int](), list[str]()
    for part in parts:
        print(f"\n=== {part.name}: budget {part.minutes:g} min ===", flush=True)
        begun = time.monotonic()
        status, closing = _run(part)
        minutes = (time.monotonic() - begun) / 60
        over = "" if minutes <= part.minutes else ", OVER BUDGET"
        lines.append(f"{part.name:30} {minutes:5.1f} of {part.minutes:g} min{over}")
        for count, word in _COUNT.findall(closing):
            word = {"error": "errors", "warning": "warnings"}.get(word, word)
            totals[word] = totals.get(word, 0) + int(count)
        code = code or status
    if prove:
        code = max(code, *(_benchmark(file.stem) for file in sorted(BENCHMARKS.glob("[a-z]*.py"))))
    print("\n" + "\n".join(lines))
    print(closing_line(totals, time.monotonic() - started))
    return code


def closing_line(totals: dict[str, int], seconds: float) -> str:
    """Return pytest's closing line for the sum of several runs."""
    order = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "errors")
    counts = ", ".join(f"{totals[word]} {word}" for word in order if totals.get(word))
    text = f" {counts or 'no tests ran'} in {seconds:.2f}s "
    return text.center(100, "=")


def _run(part: Part) -> tuple[int, str]:
    """Run pytest on one part, show what it prints, and return its exit code and closing line."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--color=auto",
        "--durations=5",
        f"--timeout={TIMEOUT_SECONDS}",
        *(("-n", "2", "--no-loadscope-reorder", "--dist", part.spread) if part.spread else ()),
        *part.folders,
    ]
    closing = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # its servers end with it
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if _COUNT.search(line) and " in " in line:
                closing = line
    return process.returncode, closing


def _benchmark(name: str) -> int:
    """Run one benchmark, which prints its ratio; return its exit code."""
    print(f"\n=== benchmark: {name} ===", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
