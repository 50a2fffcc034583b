"""How fast free text is read, how soon and in how much memory. Run: `python -m benchmarks.text_speed [--copies 20]`.

* patterns, two processes: patterns and gazetteers alone over distinct texts, in texts of 160 characters a second;
* patterns, model: the same in one process, and with the language model, with the share of texts that the model was
asked
  about;
* long: one text of five megabytes;
* start: a new process, from nothing to the first text read with the model, and its memory.

Wall-clock seconds; the processor's own are beside them, since a machine that does other work slows the first only.
Quality, and the comparison with Presidio in one run, are those of `benchmarks.text`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable

import pyarrow as pa

from anonymization.text import RedactionSettings, redact
from anonymization.text.detector import Detector
from tests.evaluation.corpus import load

_START = """
import time
begun = time.perf_counter()
import pyarrow as pa
from anonymization.text import redact
redact(pa.array(["Vu Qorvalec hier, au coin"]))
seconds = time.perf_counter() - begun
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
print(f"start: {seconds:.1f} s ({time.process_time():.1f} s of processor), {peak} MB")
"""


def timed(name: str, texts: list[str], work: Callable[[], object]) -> None:
    """Print texts of 160 characters a second."""
    begun, spent = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - begun, time.process_time() - spent
    units = sum(map(len, texts)) / 160
    print(f"{name:<24} {units / wall:8.0f} /s   {units / cpu if cpu > 0.01 else 0:8.0f} /s of one processor")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=20)
    copies = parser.parse_args().copies
    texts = [f"{document.text} {copy}" for copy in range(copies) for document in load("development")]
    patterns = RedactionSettings(model=None)
    alone, model = Detector(patterns), Detector(RedactionSettings())
    alone.detect(texts[:300])
    model.detect(texts[:300])
    timed("patterns", texts, lambda: alone.detect(texts))
    timed("with the model", texts, lambda: model.detect(texts))
    column = pa.array([f"{text} {copy}" for copy in range(4) for text in texts])
    several = RedactionSettings(model=None, workers=2)
    timed("patterns, two processes", column.to_pylist(), lambda: redact(column, several))
    long = " ".join(texts)[:5_000_000]
    timed("five megabytes at once", [long], lambda: alone.detect([long]))
    answer = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    print(answer.stdout.strip())


if __name__ == "__main__":
    main()
