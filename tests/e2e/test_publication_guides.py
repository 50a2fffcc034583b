"""Every example of the developer guides, run as shown against the catalogue of the end-to-end stack.

Both guides show the same code (``tests/unit/test_guides.py``), so it is run once. Python's examples follow each other
in one process, as a reader would paste them; JavaScript's run in a browser on a page of another origin, and in the
Node that Playwright ships. DuckDB loads ``httpfs`` from where a package put it, for the tests download nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import playwright
import pytest
from playwright.sync_api import Browser

from stack.embedded import Stack
from tests.e2e.test_publication import packages  # noqa: F401 - a fixture
from tests.guides import FRENCH, Block, blocks

pytestmark = pytest.mark.usefixtures("packages")
ADDRESS = "http://127.0.0.1:5000"  # what the examples in JavaScript begin with
ONE_AFTER_ANOTHER = """
import json, sys
shared = {"__name__": "__main__"}
for number, code in enumerate(json.load(sys.stdin), 1):
    print(f"\\f{number}", flush=True)
    exec(compile(code, f"example {number} in Python", "exec"), shared)
"""
SHELL = [block for block in blocks(FRENCH) if block.language == "sh"]
SCRIPTS = [block for block in blocks(FRENCH) if block.language == "js"]


@pytest.fixture
def environment(full_stack: Stack, tmp_path: Path) -> dict[str, str]:
    """What a reader's shell has, with DuckDB's extension already at home."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".duckdb").mkdir()
    package = importlib.util.find_spec("duckdb_ext")
    assert package is not None
    assert package.submodule_search_locations
    (home / ".duckdb" / "extensions").symlink_to(Path(package.submodule_search_locations[0]) / "extensions")
    return {
        "CKAN_URL": full_stack.context.settings.ckan_url,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def test_python_examples_run_one_after_another(environment: dict[str, str], tmp_path: Path) -> None:
    code = [block.code for block in blocks(FRENCH) if block.language == "python"]
    ran = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER],
        input=json.dumps(code), env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout.split("\f")[1:]
    assert len(told) == len(code) > 10
    silent = [number for number, text in enumerate(told, 1) if len(text.splitlines()) < 2]
    assert silent == [1]  # the first only defines what the others use
    for expected in ("water-meters", "PAR1", "colonne par colonne", "DropStmt"):
        assert expected in ran.stdout


@pytest.mark.parametrize("block", SHELL, ids=range(len(SHELL)))
def test_shell_examples_run(block: Block, environment: dict[str, str], tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", "-e", "-c", block.code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


@pytest.mark.parametrize("block", SCRIPTS, ids=range(len(SCRIPTS)))
def test_javascript_examples_run_in_a_page_of_another_origin(
    block: Block, environment: dict[str, str], browser: Browser
) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    assert page.evaluate("origin") == "null"
    page.evaluate(f"async () => {{ {_addressed(block, environment)} }}")
    page.close()
    _expected("\n".join(said))


@pytest.mark.parametrize("block", SCRIPTS, ids=range(len(SCRIPTS)))
def test_javascript_examples_run_in_node(block: Block, environment: dict[str, str], tmp_path: Path) -> None:
    node = Path(str(playwright.__file__)).parent / "driver" / "node"
    script = tmp_path / "example.mjs"
    script.write_text(_addressed(block, environment), encoding="utf-8")
    ran = subprocess.run([str(node), str(script)], env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    _expected(ran.stdout)


def _addressed(block: Block, environment: dict[str, str]) -> str:
    assert block.code.count(ADDRESS) == 1
    return block.code.replace(ADDRESS, environment["CKAN_URL"])


def _expected(said: str) -> None:
    assert "FeatureCollection" in said
    assert "206 PAR1" in said
