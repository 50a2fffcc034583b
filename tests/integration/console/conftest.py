"""The console as a service of the stack, on the real PostgreSQL, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, sync_playwright

from settings import Settings
from stack.embedded import Stack
from stack.service import StackContext
from storage import Journal, database_engine

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert executable, "no browser: run « ardoise doctor --tests --install »"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield opened
        opened.close()
