"""CKAN's own tests of searching, listing, autocompletion, permissions, home, feeds, organizations and groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.embedded import Stack
from stack.service import StackContext
from tests.ckan_suite import WHOLE, excluded, run


@pytest.mark.timeout(3600)
def test_ckans_own_tests_pass_against_our_search(stack_context: StackContext, tmp_path: Path) -> None:
    Stack(stack_context, only=("postgres", "valkey")).up(die_with_parent=True)
    outcome = run(stack_context, tmp_path, WHOLE)
    assert outcome.failed == set(excluded()), outcome.printed
    assert not outcome.skipped, outcome.printed
    assert len(outcome.passed) > 440
