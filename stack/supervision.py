"""The process supervisor: supervisord, spoken to over a Unix socket that its owner alone may open.

supervisord restarts what dies. Its configuration names only launch descriptions (see :mod:`stack.launch`), so that no
secret stands in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from stack.errors import StartError
from stack.paths import StackPaths
from stack.service import STACK_MARK, Service

SOCKET_PATH_LIMIT = 100  # bytes; the kernel takes 107
Layers = Sequence[Sequence[Service]]  # services by order of start
LAUNCHER = Path(__file__).with_name("launch.py")
RUNNING = ("RUNNING", "STARTING")


class Supervisor:
    """The supervisord of one stack."""

    def __init__(self, paths: StackPaths) -> None:
        self._paths = paths
        self._configuration = paths.run / "supervisord.conf"

    @property
    def socket(self) -> Path:
        """Return its socket's path; a state folder too deep for one gets a private folder under the system's."""
        path = self._paths.run / "supervisor.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(self._paths.home)).hexdigest()[:16]
        folder = Path("/tmp") / f"ardoise-{os.geteuid()}-{digest}"  # noqa: S108  # mode 700, owner checked below
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise StartError(f"{folder} appartient à un autre utilisateur : effacez-le")
        return folder / "supervisor.sock"

    def is_up(self) -> bool:
        """Tell whether supervisord answers."""
        try:
            return bool(self._call("getState")["statecode"] == 1)
        except OSError:
            return False

    def pid(self) -> int:
        """Return supervisord's process number."""
        return int(self._call("getPID"))

    def start(self, layers: Layers, scope: Collection[str], *, die_with_parent: bool = False) -> None:
        """Start supervisord with every service stopped.

        Raises:
            StartError: it does not answer within 20 seconds.
        """
        self.describe(layers, scope)
        self.socket.unlink(missing_ok=True)
        log = (self._paths.logs / "supervisord.log").open("ab")
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", STACK_MARK: str(self._paths.home)}
        command = [sys.executable, "-I", "-m", "supervisor.supervisord", "-n", "-c", str(self._configuration)]
        with log:
            process = subprocess.Popen(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent if die_with_parent else None,
            )
        deadline = time.monotonic() + 20
        while not self.is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"le superviseur ne démarre pas : voir {self._paths.logs / 'supervisord.log'}")
            time.sleep(0.05)

    def describe(self, layers: Layers, scope: Collection[str]) -> set[str]:
        """Write configuration and launch descriptions; return the services of ``scope`` whose description changed."""
        changed = set()
        sections = [self._own_sections()]
        for priority, layer in enumerate(layers, start=1):
            for service in layer:
                sections.append(self._program_section(service, priority))
                if service.name in scope and _write_private(self._description(service), _launch_description(service)):
                    changed.add(service.name)
        _write_private(self._configuration, "\n".join(sections))
        return changed

    def adopt(self) -> None:
        """Let a running supervisord take up services added to, or removed from, its configuration."""
        added, changed, removed = self._call("reloadConfig")[0]
        for name in (*removed, *changed):
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._call("addProcessGroup", name)

    def begin(self, name: str) -> None:
        """Start one service, unless it runs."""
        if self.state(name) not in RUNNING:
            self._call("startProcess", name, False)

    def halt(self, names: Sequence[str]) -> None:
        """Stop services side by side, and wait until they have stopped."""
        for name in names:
            if self.state(name) in (*RUNNING, "BACKOFF"):
                try:
                    self._call("stopProcess", name, False)
                except Fault:
                    continue
        while any(self.state(name) in (*RUNNING, "STOPPING") for name in names):
            time.sleep(0.1)

    def state(self, name: str) -> str:
        """Return supervisord's word for the state of a service (``RUNNING``, ``FATAL``…)."""
        return str(self.info(name)["statename"])

    def info(self, name: str) -> dict[str, Any]:
        """Return what supervisord knows of a service: ``statename``, ``pid``, ``start``, ``now``…."""
        return cast(dict[str, Any], self._call("getProcessInfo", name))

    def infos(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of every service, by name."""
        return {entry["name"]: entry for entry in self._call("getAllProcessInfo")}

    def shut_down(self) -> None:
        """Stop supervisord, which stops in reverse order whatever still runs, and wait for its end."""
        pid = self.pid()
        self._call("shutdown")
        while _is_alive(pid):
            time.sleep(0.1)
        self.socket.unlink(missing_ok=True)

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        proxy = ServerProxy("http://127.0.0.1", transport=transport)
        try:
            call: Callable[..., Any] = getattr(proxy.supervisor, method)
            return call(*arguments)
        finally:
            transport.close()

    def _description(self, service: Service) -> Path:
        return self._paths.run / f"{service.name}.json"

    def _own_sections(self) -> str:
        paths = self._paths
        lines = [
            "[unix_http_server]",
            f"file={_plain(self.socket)}",
            "chmod=0700",
            "[supervisord]",
            f"logfile={_plain(paths.logs / 'supervisord.log')}",
            "logfile_maxbytes=5MB",
            "logfile_backups=1",
            f"pidfile={_plain(paths.run / 'supervisord.pid')}",
            f"childlogdir={_plain(paths.logs)}",
            "nodaemon=true",
            "silent=true",
            "umask=077",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        return "\n".join(lines) + "\n"

    def _program_section(self, service: Service, priority: int) -> str:
        command = shlex.join([sys.executable, "-I", str(LAUNCHER), str(self._description(service))])
        lines = [
            f"[program:{service.name}]",
            f"command={_plain(command)}",
            f"priority={priority}",
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            "startretries=5",
            f"stopsignal={service.stop_signal}",
            f"stopwaitsecs={service.stop_seconds}",
            "stopasgroup=true",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_plain(service.log)}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=1",
        ]
        return "\n".join(lines) + "\n"


def _launch_description(service: Service) -> str:
    description = {
        "command": service.command,
        "env": dict(service.env),
        "cwd": str(service.cwd),
        "user": service.user,
    }
    return json.dumps(description, indent=1, sort_keys=True)


def _plain(value: object) -> str:
    """Escape what supervisord's configuration would expand."""
    return str(value).replace("%", "%%")


def _write_private(file: Path, text: str) -> bool:
    """Write ``text``, mode 600, if the file does not hold it already; tell whether it changed."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    partial = file.with_name(f".{file.name}.partial")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
    return True


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # our own child would stay a zombie
    return Path(f"/proc/{pid}").exists()


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, however it ends (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
