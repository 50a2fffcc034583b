"""CKAN's own tests of all its reading actions, home, feeds, organizations, groups and the page of searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.service import StackContext
from tests.ckan_suite import WHOLE, check


@pytest.mark.timeout(3600)
def test_ckans_own_tests_pass_against_our_search(stack_context: StackContext, tmp_path: Path) -> None:
    check(stack_context, tmp_path, WHOLE, least=440)
