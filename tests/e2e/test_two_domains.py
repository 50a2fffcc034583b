"""The README's second script: one person under two domains, unlinkable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from stack.embedded import Stack

README = Path(__file__).parents[2] / "README.md"


def test_one_person_has_two_pseudonyms_that_share_nothing(full_stack: Stack, tmp_path: Path) -> None:
    blocks = [part.split("```")[0] for part in README.read_text("utf-8").split("```sh\n")[1:]]
    script = next(block for block in blocks if "curl" in block)
    environment = {
        "CUSTODY_URL": full_stack.context.settings.custody_url,
        "ARDOISE_HOME": str(full_stack.context.paths.home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    ran = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    water, reports = (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))
    assert (water["domain"], reports["domain"]) == ("water-meters", "citizen-reports")
    ((one,), (other,)) = water["pseudonyms"], reports["pseudonyms"]
    assert len(one) == len(other) == 26
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 8  # of 26 characters of 32: two or so by chance
    token = (tmp_path / "atelier.token").read_text().strip()
    assert token not in ran.stdout + ran.stderr
