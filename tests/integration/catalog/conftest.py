"""A real CKAN on the session's PostgreSQL and cache."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from stack.embedded import Stack
from stack.service import StackContext
from stack.services import ckan as service

PREAMBLE = """
from ckanext.ardoise.wsgi import application
with application._wsgi_app.test_request_context():
"""


@dataclass(frozen=True, slots=True)
class CkanServer:
    """A running CKAN and the ways into it."""

    context: StackContext

    @property
    def url(self) -> str:
        """Its address."""
        return self.context.settings.ckan_url

    @property
    def editor(self) -> str:
        """The publisher's API token."""
        return self.context.settings.secret("ckan-editor").get_secret_value()

    def action(self, name: str, data: dict[str, Any] | None = None, token: str | None = None) -> httpx.Response:
        """Call an action as the owner of ``token``, or as anybody."""
        headers = {"Authorization": token} if token else {}
        return httpx.post(f"{self.url}/api/3/action/{name}", json=data or {}, headers=headers, timeout=60)

    def ask(self, name: str, data: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """Return the result of an action that must succeed."""
        answer = self.action(name, data, token)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def workers(self) -> list[int]:
        """The processes that answer, without the one they are forked from."""
        bound = f"gunicorn --bind=127.0.0.1:{self.context.ports['ckan']}"
        listed = subprocess.run(["pgrep", "-f", bound], capture_output=True, text=True)
        return sorted(int(each) for each in listed.stdout.split())[1:]

    def command(self, *arguments: str) -> str:
        """Run « ckan … » and return what it prints."""
        return service.run_command(self.context, arguments).decode()

    def script(self, code: str, given: str) -> str:
        """Run ``code`` inside CKAN, with ``given`` as its standard input; return what it prints."""
        done = subprocess.run(
            [str(self.context.ckan_python), "-c", PREAMBLE + textwrap.indent(code, "    ")],
            input=given,
            env=service.environment(self.context),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def ckan(stack_context: StackContext) -> Iterator[CkanServer]:
    """Return a running CKAN, prepared for the shipped territory."""
    Stack(stack_context, only=("postgres", "valkey", "ckan")).up(die_with_parent=True)
    return CkanServer(stack_context)
