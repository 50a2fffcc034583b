"""The whole stack, as it stands on the machine: who listens where, what its logs hold, what a second start does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from stack import leftovers
from stack.embedded import Stack

OURS = ("custody", "console")  # whose logs are ours to shape


def _sockets_of(pids: set[int]) -> set[str]:
    found = set()
    for pid in pids:
        try:
            found |= {os.readlink(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
    return {link.removeprefix("socket:[").removesuffix("]") for link in found if link.startswith("socket:[")}


def _listening() -> dict[str, str]:
    """Return the addresses listened on, by socket inode, as the kernel writes them."""
    found = {}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if table.startswith("udp") or fields[3] == "0A":
                found[fields[9]] = fields[1]
    return found


def test_every_service_is_healthy(full_stack: Stack) -> None:
    assert [entry.name for entry in full_stack.status() if not entry.healthy] == []


def test_nothing_of_it_listens_beyond_the_loopback_interface(full_stack: Stack) -> None:
    sockets = _sockets_of(set(leftovers.find(full_stack.context.paths)))
    addresses = {address for inode, address in _listening().items() if inode in sockets}
    unused = {"sftp", "mqtt"}  # by the feeds of a demonstration; the other one that may be silent is the object store's
    assert len(addresses) >= len(set(full_stack.context.ports) - unused) - 1
    loopback = ("0100007F", "00000000000000000000000001000000")
    assert [address for address in addresses if address.split(":")[0] not in loopback] == []


def test_every_service_answers_about_its_health(full_stack: Stack) -> None:
    settings = full_stack.context.settings
    for url in (settings.custody_url, settings.console_url, settings.ckan_url, settings.operators_url):
        assert httpx.get(f"{url}/health", timeout=30).is_success
    assert httpx.get(f"{settings.airflow_url}/api/v2/monitor/health", timeout=30).is_success


def test_no_secret_is_in_a_log_or_an_argument(full_stack: Stack) -> None:
    context = full_stack.context
    secrets = [file.read_bytes().strip() for file in context.secrets.folder.iterdir()]
    for log in context.paths.logs.iterdir():
        content = log.read_bytes()
        assert not [1 for secret in secrets if secret in content], f"{log.name} holds a secret"
    for pid in leftovers.find(context.paths):
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        assert not [1 for secret in secrets if secret in arguments]


@pytest.mark.parametrize("name", OURS)
def test_our_services_log_json(full_stack: Stack, name: str) -> None:
    lines = full_stack.context.log_file(name).read_text().splitlines()
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict)


def test_a_second_start_leaves_everything_alone(full_stack: Stack) -> None:
    before = {entry.name: entry.pid for entry in full_stack.status()}
    full_stack.up(die_with_parent=True)
    assert {entry.name: entry.pid for entry in full_stack.status()} == before
