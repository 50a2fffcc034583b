"""Fixtures shared by every test."""

pytest_plugins = ["tests.stack_fixtures"]
