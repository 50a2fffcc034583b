"""The embedded stack as a whole: up, down, status.

``up`` goes layer by layer (``stack.services.ORDER``); within a layer every module is made ready, started, waited for
and settled side by side with the others. It is idempotent: what runs and has not changed is left alone. A stack that
was killed comes up again: leftovers are ended, stale sockets and lock files cleared, data kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast
from xmlrpc.client import Fault

from stack import leftovers
from stack.accounts import ensure_accounts
from stack.errors import BusyError, StartError
from stack.health import is_healthy
from stack.ports import check_free
from stack.service import Service, StackContext
from stack.services import ORDER
from stack.supervision import Supervisor

Reporter = Callable[[str, str], None]
"""Told of each step: the module or service, and a French word for what happens to it."""


class ServiceModule(Protocol):
    """The shape of a module of ``stack.services``; ``settle`` and ``clear`` are optional."""

    def prepare(self, context: StackContext) -> None:
        """Make ready what the processes need."""

    def services(self, context: StackContext) -> list[Service]:
        """Describe the processes."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """How one service is."""

    name: str
    state: str  # supervisord's word, or "DOWN"
    healthy: bool
    pid: int
    ports: tuple[int, ...]
    seconds: int  # since its start


class Stack:
    """One embedded stack, or the modules of it that ``only`` names."""

    def __init__(self, context: StackContext, *, only: Collection[str] | None = None) -> None:
        self.context = context
        self._supervisor = Supervisor(context.paths)
        self._scope = {name for layer in ORDER for name in layer if only is None or name in only}

    def up(self, report: Reporter = lambda name, step: None, *, die_with_parent: bool = False) -> None:
        """Start everything, and return once it is healthy.

        Raises:
            StackError: a port is taken, a piece is missing, or a service does not become healthy;
                :class:`BusyError`, another command is at work.
        """
        with self._alone():
            ensure_accounts()
            layers, scope = self._described(), {service.name for service in self._in_scope()}
            if self._supervisor.is_up():
                changed = self._supervisor.describe(layers, scope)
                self._supervisor.adopt()
                self._supervisor.halt(sorted(changed))
            else:
                self._recover(report)
                self._supervisor.start(layers, scope, die_with_parent=die_with_parent)
            for layer in ORDER:
                self._raise_layer([name for name in layer if name in self._scope], report)

    def is_up(self) -> bool:
        """Tell whether the supervisor answers."""
        return self._supervisor.is_up()

    def down(self, report: Reporter = lambda name, step: None) -> None:
        """Stop everything, last started first, until no process is left."""
        with self._alone():
            if self._supervisor.is_up():
                known = self._supervisor.infos()
                for layer in reversed(self._described()):
                    names = [service.name for service in layer if service.name in known]
                    for name in names:
                        report(name, "s'arrête")
                    self._supervisor.halt(names)
                self._supervisor.shut_down()
            leftovers.end(self.context.paths)
            for name in (name for layer in ORDER for name in layer):
                if (clear := getattr(_module(name), "clear", None)) is not None:
                    clear(self.context)

    def status(self) -> list[ServiceStatus]:
        """Return how each service is, in the order of start."""
        infos = self._supervisor.infos() if self._supervisor.is_up() else {}
        statuses = []
        for service in self._in_scope():
            info = infos.get(service.name)
            running = info is not None and info["statename"] == "RUNNING"
            statuses.append(
                ServiceStatus(
                    name=service.name,
                    state=info["statename"] if info else "DOWN",
                    healthy=running and is_healthy(service.health, dict(service.env)),
                    pid=info["pid"] if info else 0,
                    ports=service.ports,
                    seconds=info["now"] - info["start"] if info and running else 0,
                )
            )
        return statuses

    def forget(self) -> None:
        """Stop everything and erase the state folder, with what lies outside of it."""
        self.down()
        shutil.rmtree(self.context.paths.outside, ignore_errors=True)
        shutil.rmtree(self.context.home, ignore_errors=True)

    def _recover(self, report: Reporter) -> None:
        """Clear what a killed stack left, then make sure nobody else holds our ports."""
        if count := leftovers.end(self.context.paths):
            report("reste", f"{count} processus d'un arrêt brutal terminés")
        shutil.rmtree(self.context.paths.scratch, ignore_errors=True)
        self.context.paths.scratch.mkdir(mode=0o700)
        used = {port for service in self._in_scope() for port in service.ports}
        ports = {name: port for name, port in self.context.ports.items() if port in used}
        check_free(ports, self.context.home / "ports.toml")

    def _raise_layer(self, layer: list[str], report: Reporter) -> None:
        with ThreadPoolExecutor(max_workers=max(1, len(layer))) as pool:
            futures = [pool.submit(self._raise_module, name, report) for name in layer]
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            raise errors[0]

    def _raise_module(self, name: str, report: Reporter) -> None:
        module, started = _module(name), time.monotonic()
        services = module.services(self.context)
        if services and self._is_settled(name) and all(self._runs(service) for service in services):
            report(name, "tourne déjà")
            return
        report(name, "se prépare")
        module.prepare(self.context)
        for service in services:
            self._begin(service)
        for service in services:
            self._wait(service)
        if (settle := getattr(module, "settle", None)) is not None:
            settle(self.context)
        self._settled_mark(name).write_text(str(self._supervisor.pid()), encoding="utf-8")
        report(name, f"prêt en {time.monotonic() - started:.0f} s")

    def _settled_mark(self, name: str) -> Path:
        """Return the file that says under which supervisor the module was last made ready, to its end."""
        return self.context.paths.run / f"{name}.settled"

    def _is_settled(self, name: str) -> bool:
        mark = self._settled_mark(name)
        return mark.exists() and mark.read_text(encoding="utf-8") == str(self._supervisor.pid())

    def _runs(self, service: Service) -> bool:
        return self._supervisor.state(service.name) == "RUNNING" and self._is_healthy(service)

    def _begin(self, service: Service) -> None:
        try:
            self._supervisor.begin(service.name)
        except Fault as fault:
            raise StartError(f"{service.name} ne démarre pas ({fault.faultString}) : voir {service.log}") from None

    def _wait(self, service: Service) -> None:
        deadline = time.monotonic() + (service.health.patience_seconds if service.health else 30)
        pause = 0.1
        while not self._runs(service):
            if self._supervisor.state(service.name) == "FATAL" or time.monotonic() > deadline:
                raise StartError(f"{service.name} n'est pas prêt : voir {service.log}")
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    def _is_healthy(self, service: Service) -> bool:
        return is_healthy(service.health, dict(service.env))

    def _described(self) -> list[list[Service]]:
        return [[service for name in layer for service in _module(name).services(self.context)] for layer in ORDER]

    def _in_scope(self) -> list[Service]:
        names = [name for layer in ORDER for name in layer if name in self._scope]
        return [service for name in names for service in _module(name).services(self.context)]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one « up » or « down » at a time work on this state folder."""
        with (self.context.paths.run / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError("une autre commande démarre ou arrête déjà cette pile : attendez sa fin") from None
            yield


def _module(name: str) -> ServiceModule:
    return cast(ServiceModule, import_module(f"stack.services.{name}"))
