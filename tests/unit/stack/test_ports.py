from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import pytest

from stack.errors import PortTakenError, StackError
from stack.ports import PREFERRED, RANGE, Ports, check_free, choose, is_free, load_or_choose


@pytest.fixture
def listener() -> socket.socket:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def test_ports_are_distinct_and_free() -> None:
    ports = choose(random.Random(1), preferred=False)
    assert len(set(ports.values())) == len(PREFERRED)
    assert all(RANGE[0] <= number < RANGE[1] and is_free(number) for number in ports.values())


def test_ports_are_chosen_once(tmp_path: Path) -> None:
    first = load_or_choose(tmp_path / "ports.toml", random.Random(1), preferred=False)
    assert load_or_choose(tmp_path / "ports.toml", random.Random(2), preferred=False) == first


def test_a_port_added_later_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "ports.toml"
    first = load_or_choose(file, random.Random(1), preferred=False)
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("ckan")))
    again = load_or_choose(file, random.Random(2), preferred=False)
    assert {name: number for name, number in again.items() if name != "ckan"} == {
        name: number for name, number in first.items() if name != "ckan"
    }
    assert again["ckan"] not in {number for name, number in again.items() if name != "ckan"}


def test_a_taken_preferred_port_is_left_to_its_owner(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = listener.getsockname()[1]
    monkeypatch.setattr("stack.ports.PREFERRED", {"airflow": taken})
    assert choose(random.Random(1))["airflow"] != taken


def test_a_conflict_names_the_occupant_and_the_line_to_change(listener: socket.socket, tmp_path: Path) -> None:
    taken = listener.getsockname()[1]
    with pytest.raises(PortTakenError) as caught:
        check_free(Ports({"ckan": taken}), tmp_path / "ports.toml")
    for words in (str(taken), "ckan", str(os.getpid()), "ports.toml"):
        assert words in str(caught.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ports.toml").write_text("ckan = [")
    with pytest.raises(StackError, match=r"ports\.toml"):
        load_or_choose(tmp_path / "ports.toml", random.Random(1))


def test_a_port_that_another_user_s_socket_is_named_after_is_not_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.ports.SOCKETS", tmp_path)
    left = tmp_path / "seaweedfs-master-grpc-31999.sock"
    left.touch()
    assert is_free(31999)
    monkeypatch.setattr("os.geteuid", lambda: left.stat().st_uid + 1)
    assert not is_free(31999)
    with pytest.raises(PortTakenError, match=r"seaweedfs-master-grpc-31999\.sock"):
        check_free(Ports({"weed-master-grpc": 31999}), tmp_path / "ports.toml")
