"""The stack's ports: chosen once, kept in ``<home>/ports.toml``; a conflict names the process that is in the way.

All are below Linux's ephemeral range, so that no outgoing connection can take one while the stack is down.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stack.errors import PortTakenError, StackError

PREFERRED: Mapping[str, int] = {
    "airflow": 8080,
    "ckan": 5000,
    "console": 8702,
    "custody": 8701,
    "operators": 8703,
    "inbox": 8704,
    "sftp": 8722,
    "mqtt": 8783,
    "postgres-hub": 5442,
    "postgres-custody": 5443,
    "valkey": 6389,
    "s3": 8333,
    "s3-grpc": 18333,
    "weed-master": 9333,
    "weed-master-grpc": 19333,
    "weed-volume": 9340,
    "weed-volume-grpc": 19340,
    "weed-filer": 8888,
    "weed-filer-grpc": 18888,
}
"""Names of the ports and the numbers taken when they are free at first start."""

RANGE = (20_000, 32_000)
SOCKETS = Path("/tmp")  # noqa: S108  # where the object store puts a Unix socket beside each of its gRPC ports
SOCKET_PATTERN = "seaweedfs-*-{port}.sock"


class Ports(Mapping[str, int]):
    """Port numbers by name; immutable."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = dict(numbers)

    def __getitem__(self, name: str) -> int:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def is_free(port: int) -> bool:
    """Tell whether nobody listens on ``port`` of the loopback interface, and no other user's socket is named after it.

    The object store names Unix sockets after its ports; one that another user's store left there could not be replaced.
    """
    if any(not _may_remove(socket) for socket in sockets_of(port)):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def sockets_of(port: int) -> list[Path]:
    """Return the Unix sockets that an object store named after ``port``."""
    return sorted(SOCKETS.glob(SOCKET_PATTERN.format(port=port)))


def _may_remove(socket: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.geteuid() in (0, socket.stat().st_uid)
    return True


def choose(rng: random.Random, taken: Iterable[int] = (), *, preferred: bool = True) -> Ports:
    """Choose a free number for each port name: the preferred one if it is free, else any of :data:`RANGE`."""
    used = set(taken)
    numbers: dict[str, int] = {}
    for name, wanted in PREFERRED.items():
        number = wanted
        while not preferred or number in used or not is_free(number):
            number = rng.randrange(*RANGE)
            if number not in used and is_free(number):
                break
        used.add(number)
        numbers[name] = number
    return Ports(numbers)


def load_or_choose(file: Path, rng: random.Random, *, preferred: bool = True) -> Ports:
    """Return the ports kept in ``file``; choose and keep those it does not name yet."""
    kept: dict[str, int] = {}
    if file.exists():
        try:
            kept = {name: int(number) for name, number in tomllib.loads(file.read_text(encoding="utf-8")).items()}
        except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
            raise StackError(f"{file} ne se lit pas : corrigez-le, ou effacez-le pour rechoisir les ports") from error
    if set(PREFERRED) <= set(kept):
        return Ports(kept)
    ports = Ports({**choose(rng, kept.values(), preferred=preferred), **kept})
    lines = "".join(f"{name} = {number}\n" for name, number in sorted(ports.items()))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("# Ports de la pile Ardoise, choisis une fois pour toutes.\n" + lines, encoding="utf-8")
    return ports


def check_free(ports: Mapping[str, int], file: Path) -> None:
    """Refuse to go on if somebody else listens on one of ``ports``.

    Raises:
        PortTakenError: names the port, the process in the way, and the file to change.
    """
    for name, number in ports.items():
        if not is_free(number):
            raise PortTakenError(
                f"le port {number} ({name}) est occupé par {occupant(number)} : "
                f"arrêtez ce processus, ou changez la ligne « {name} » de {file}"
            )


def occupant(port: int) -> str:
    """Describe the process that listens on ``port``, as far as this user may see."""
    for left in sockets_of(port):
        if not _may_remove(left):
            return f"le fichier {left} d'un autre utilisateur"
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if sockets & _open_files(process):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"le processus {process.name} ({words[:80]})"
    return "un processus d'un autre utilisateur"


def _open_files(process: Path) -> set[str]:
    links = set()
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                links.add(os.readlink(descriptor))
    return links


def _listening_inodes(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
