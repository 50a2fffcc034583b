"""The console as a service of the stack, on the real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from settings import Settings
from stack.embedded import Stack
from stack.service import StackContext
from storage import Journal, database_engine


@dataclass(frozen=True)
class RunningConsole:
    url: str
    settings: Settings
    journal: Journal

    def password(self, login: str) -> str:
        return self.settings.secret(f"login-{login}").get_secret_value()


@pytest.fixture(scope="session")
def console(stack_context: StackContext) -> Iterator[RunningConsole]:
    Stack(stack_context, only=("postgres", "hub", "console")).up(die_with_parent=True)
    settings = stack_context.settings
    engine = database_engine(settings.hub_database_url())
    yield RunningConsole(settings.console_url, settings, Journal(engine))
    engine.dispose()
