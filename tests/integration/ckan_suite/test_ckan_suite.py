"""CKAN's own tests of searching, autocompletion, permissions and lists, and of the pages made of them."""

from __future__ import annotations

from pathlib import Path

from stack.service import StackContext
from tests.ckan_suite import SEARCHING, check


def test_ckans_own_tests_of_search_pass(stack_context: StackContext, tmp_path: Path) -> None:
    check(stack_context, tmp_path, SEARCHING, least=320)
