"""Fixtures shared by every test."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.corrections_behaviour", "tests.journey_behaviour", "tests.known_behaviour")

pytest_plugins = ["tests.stack_fixtures", "tests.browser_fixture"]

# How fast an example runs says nothing on a busy machine.
settings.register_profile("ardoise", deadline=None)
settings.load_profile("ardoise")
