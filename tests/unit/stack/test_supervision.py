from __future__ import annotations

from pathlib import Path

from stack.paths import StackPaths
from stack.service import Service
from stack.supervision import SOCKET_PATH_LIMIT, Supervisor


def service(home: Path, name: str, **env: str) -> Service:
    return Service(name, ("/bin/sleep", "60"), env, home, home / f"{name}.log")


def test_configuration_holds_no_environment_and_descriptions_are_private(tmp_path: Path) -> None:
    paths = StackPaths.of(tmp_path, root=False)
    paths.run.mkdir()
    changed = Supervisor(paths).describe([[service(tmp_path, "a", PASSWORD="hunter2")]], {"a"})
    assert changed == {"a"}
    configuration = paths.run / "supervisord.conf"
    assert "hunter2" not in configuration.read_text()
    assert "hunter2" in (paths.run / "a.json").read_text()
    assert {file.stat().st_mode & 0o777 for file in (configuration, paths.run / "a.json")} == {0o600}


def test_only_what_changed_within_scope_is_told(tmp_path: Path) -> None:
    paths = StackPaths.of(tmp_path, root=False)
    paths.run.mkdir()
    supervisor = Supervisor(paths)
    before = [[service(tmp_path, "a", N="1")], [service(tmp_path, "b", N="1")]]
    supervisor.describe(before, {"a", "b"})
    after = [[service(tmp_path, "a", N="2")], [service(tmp_path, "b", N="2")]]
    assert supervisor.describe(before, {"a", "b"}) == set()
    assert supervisor.describe(after, {"a"}) == {"a"}
    assert supervisor.describe(after, {"a", "b"}) == {"b"}


def test_a_deep_state_folder_still_gets_a_socket(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 40] * 4)
    deep.mkdir(parents=True)
    socket = Supervisor(StackPaths.of(deep, root=False)).socket
    assert len(str(socket)) <= SOCKET_PATH_LIMIT
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    socket.parent.rmdir()


def test_percent_signs_in_paths_survive(tmp_path: Path) -> None:
    home = tmp_path / "100%"
    home.mkdir()
    paths = StackPaths.of(home, root=False)
    paths.run.mkdir()
    Supervisor(paths).describe([[service(home, "a")]], {"a"})
    assert "100%%/a.log" in (paths.run / "supervisord.conf").read_text()
