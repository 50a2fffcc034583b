"""See whether a service is ready."""

from __future__ import annotations

import socket
import subprocess

import httpx

from stack.service import HealthCheck


def is_healthy(check: HealthCheck | None, env: dict[str, str] | None = None) -> bool:
    """Run the check once; a service without one is healthy as soon as it runs."""
    if check is None:
        return True
    if check.url is not None:
        return _answers(check.url, check.contains)
    if check.port is not None:
        return _accepts(check.port)
    if check.command is not None:
        return subprocess.run(check.command, env=env, capture_output=True, timeout=20).returncode == 0
    return True


def _answers(url: str, contains: str) -> bool:
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success and contains in answer.text


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False
