"""Those of CKAN's own tests that a change of the search breaks first; the proofs run the others too."""

from __future__ import annotations

from pathlib import Path

from stack.embedded import Stack
from stack.service import StackContext
from tests.ckan_suite import QUICK, excluded, run


def test_ckans_own_tests_of_search_pass(stack_context: StackContext, tmp_path: Path) -> None:
    Stack(stack_context, only=("postgres", "valkey")).up(die_with_parent=True)
    outcome = run(stack_context, tmp_path, QUICK)
    assert outcome.failed == set(excluded()), outcome.printed
    assert not outcome.skipped, outcome.printed
    assert len(outcome.passed) > 120
