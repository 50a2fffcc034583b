"""The officers' page: each command it shows is one that custody understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from custody.commands.parser import command_parser

PAGE = Path(__file__).resolve().parents[3] / "docs" / "officers.md"
COMMANDS = re.findall(r"^    python -m custody (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_page_is_understood(words: str) -> None:
    assert command_parser().parse_args(shlex.split(words)).run


def test_the_page_shows_every_act() -> None:
    shown = {" ".join(words.split()[:2]) for words in COMMANDS}
    for act in ("officer keys", "officer add", "request rotate", "request reidentify", "log show"):
        assert act in shown
    assert {"approve", "refuse", "collect", "requests", "domains", "epochs"} <= {words.split()[0] for words in COMMANDS}
