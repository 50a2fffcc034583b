"""Custody as the stack runs it: its own cluster, its own folder, and as root its own operating-system user."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import httpx
import pytest

from stack.accounts import CUSTODY_USER
from stack.embedded import Stack
from stack.service import StackContext


@pytest.fixture(scope="module")
def custody(stack_context: StackContext) -> Stack:
    stack = Stack(stack_context, only=("postgres", "custody"))
    stack.up(die_with_parent=True)
    return stack


def test_it_answers(custody: Stack) -> None:
    assert httpx.get(f"{custody.context.settings.custody_url}/health").is_success


def test_its_folder_is_closed_and_holds_its_keys(custody: Stack) -> None:
    paths = custody.context.paths
    assert stat.S_IMODE(paths.custody.stat().st_mode) == 0o700
    assert (paths.custody / "secrets" / "master.key").exists()
    assert not [file for file in custody.context.secrets.folder.iterdir() if "master" in file.name]


def test_as_root_it_is_somebody_else_for_good(custody: Stack) -> None:
    (status,) = [entry for entry in custody.status() if entry.name == "custody"]
    lines = Path(f"/proc/{status.pid}/status").read_text().splitlines()
    process = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    expected = pwd.getpwnam(CUSTODY_USER).pw_uid if os.geteuid() == 0 else os.geteuid()
    assert set(process["Uid"].split()) == {str(expected)}
    assert custody.context.paths.custody.stat().st_uid == expected


def test_its_environment_names_no_place_of_the_hub_s_secrets(custody: Stack) -> None:
    (status,) = [entry for entry in custody.status() if entry.name == "custody"]
    environment = Path(f"/proc/{status.pid}/environ").read_bytes()
    assert b"ARDOISE_HOME" not in environment
    for file in custody.context.secrets.folder.iterdir():
        assert file.read_bytes().strip() not in environment
