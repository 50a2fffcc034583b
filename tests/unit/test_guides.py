"""The developer guides say the same in two languages: the same code, and contents that lead to every chapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides import CARRIED, ENGLISH, FRENCH, RUN, anchors, blocks, contents

BOTH = pytest.mark.parametrize("guide", [FRENCH, ENGLISH], ids=lambda guide: guide.stem)


@BOTH
def test_the_contents_lead_to_every_chapter(guide: Path) -> None:
    assert contents(guide) == anchors(guide)
    assert len(contents(guide)) > 10


@BOTH
def test_every_example_is_in_a_language_that_the_tests_run(guide: Path) -> None:
    assert {block.language for block in blocks(guide)} == set(RUN)
    assert guide.read_text(encoding="utf-8").count("```") == 2 * len(blocks(guide))


def test_both_show_the_same_code() -> None:
    assert blocks(FRENCH) == blocks(ENGLISH)


@BOTH
def test_the_catalogue_carries_the_same_text(guide: Path) -> None:
    assert (CARRIED / guide.name).read_bytes() == guide.read_bytes()
