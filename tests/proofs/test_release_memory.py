"""Records under models take bounded memory: as many distinct combinations, three times the rows, the same peak."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = """
import sys
from pathlib import Path
import pyarrow as pa
from anonymization.generalization import Surroundings
from anonymization.generalized import choose, count_release, stream_release
from tests.unit.anonymization.test_generalized import PERSON, K3, people, rule

table, repeats, asked = people(20_000), int(sys.argv[1]), rule(K3, limit=0.3)

def batches():
    for _ in range(repeats):
        yield from table.to_batches()

counted = count_release(batches, asked, PERSON, Surroundings())
streamed = stream_release(batches, counted, choose(counted), salt="", part_rows=50_000)
rows = sum(part.table.num_rows for part in streamed.parts)
peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(rows, peak)
"""


def made(repeats: int) -> tuple[int, int]:
    """Rows made, and the peak of a process of its own, in kB."""
    run = [sys.executable, "-c", MADE, str(repeats)]
    out = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return int(out[0]), int(out[1])


def test_the_peak_does_not_grow_with_the_rows() -> None:
    (few, small), (many, large) = made(50), made(150)
    assert many == 3 * few > 2_000_000
    assert large < 1.15 * small, (small, large)
