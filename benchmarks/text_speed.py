"""How fast free text is read, how soon and in how much memory. Run: `python -m benchmarks.text_speed [--copies 20]`.

* patterns, model: one process, patterns and gazetteers alone, then with the language model;
* patterns, two processes: through `redact`, the processes having been started before, their processor's time counted;
* Presidio with the full French model, on some of the same texts in the same run;
* long: one text of five megabytes;
* start: a new process, from nothing to the first text read without and with the model, and its memory.

Wall-clock seconds; the processor's own are beside them, since a machine that does other work slows the first only.
Quality, and the comparison with Presidio in one run, are those of `benchmarks.text`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from anonymization.text import RedactionSettings, redact
from anonymization.text.detector import Detector
from benchmarks.text import presidio
from tests.evaluation.corpus import load

_START = """
import time
begun = time.perf_counter()
import pyarrow as pa
from anonymization.text import RedactionSettings, redact
def read(what, settings):
    redact(pa.array(["Vu Qorvalec hier, au coin"]), settings)
    seconds = time.perf_counter() - begun
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
    print(f"start, {what}: {seconds:.1f} s ({time.process_time():.1f} s of processor), {peak} MB")
read("patterns", RedactionSettings(model=None))
read("then the model", RedactionSettings())
"""


def processor(pid: str = "self") -> float:
    """Seconds of processor of a process and of its children that live."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(processor, children.split()))


def timed(name: str, texts: Sequence[str], work: Callable[[], object]) -> float:
    """Print texts of 160 characters a second; the processor's seconds for one."""
    begun, spent = time.perf_counter(), processor()
    work()
    wall, cpu = time.perf_counter() - begun, processor() - spent
    units = sum(map(len, texts)) / 160
    print(f"{name:<24} {units / wall:8.0f} /s   {cpu / units * 1e6:8.0f} us of processor each")
    return cpu / units


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=20)
    copies = parser.parse_args().copies
    texts = [f"{document.text} {copy}" for copy in range(copies) for document in load("development")]
    alone, model = Detector(RedactionSettings(model=None)), Detector(RedactionSettings())
    alone.detect(texts[:300])
    model.detect(texts[:300])
    timed("patterns", texts, lambda: alone.detect(texts))
    ours = timed("with the model", texts, lambda: model.detect(texts))
    column = pa.array([f"{text} {copy}" for copy in range(4) for text in texts])
    several = RedactionSettings(model=None, workers=2)
    redact(column, several)  # the processes start, and load
    spent = timed("patterns, two processes", column.to_pylist(), lambda: redact(column, several))
    print(f"{'':<24} {2 / spent:8.0f} /s on two processors that do nothing else")
    installed = presidio()
    installed(texts[:20])
    theirs = timed("Presidio as installed", texts[:300], lambda: installed(texts[:300]))
    print(f"{'':<24} {theirs / ours:8.1f} x the processor of ours with the model, {theirs / spent:.1f} x of patterns")
    long = " ".join(texts)[:5_000_000]
    timed("five megabytes at once", [long], lambda: alone.detect([long]))
    answer = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    print(answer.stdout.strip())


if __name__ == "__main__":
    main()
