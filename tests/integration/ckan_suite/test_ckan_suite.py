"""CKAN's own tests of searching, autocompletion, permissions and lists, and of the pages made of them."""

from __future__ import annotations

from pathlib import Path

from stack.embedded import Stack
from stack.service import StackContext
from tests.ckan_suite import SEARCHING, excluded, run


def test_ckans_own_tests_of_search_pass(stack_context: StackContext, tmp_path: Path) -> None:
    Stack(stack_context, only=("postgres", "valkey")).up(die_with_parent=True)
    outcome = run(stack_context, tmp_path, SEARCHING)
    assert outcome.failed == set(excluded()), outcome.printed
    assert not outcome.skipped, outcome.printed
    assert len(outcome.passed) > 320
