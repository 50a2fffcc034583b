"""Operators' real servers: SFTP (asyncssh), MQTT 5 (Mosquitto), on free ports of this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.certificates import Authority

LOGIN, PASSWORD = "ardoise", "mot-de-passe"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class SftpServer:
    """An account over a folder. `on_read` is called before each read of a file, in the server's thread."""

    folder: Path
    port: int = 0
    host_key: str = ""
    logins: list[str] = field(default_factory=list)
    on_read: Callable[[str], None] = lambda name: None

    def put(self, name: str, text: str, age: float = 60.0) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    @property
    def credential(self) -> dict[str, Any]:
        return {
            "login": LOGIN,
            "password": PASSWORD,
            "host": "127.0.0.1",
            "port": self.port,
            "extra": {"host_key": self.host_key},
        }


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = SftpServer(folder, host_key=key.export_public_key().decode().strip())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    class Account(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            server.logins.append(username)
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (LOGIN, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())

        async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            await asyncio.to_thread(server.on_read, Path(file_obj.name.decode()).name)
            return bytes(super().read(file_obj, offset, size))

    async def begin() -> Any:
        return await asyncssh.create_server(
            Account, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Files, allow_scp=False
        )

    listener = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    server.port = listener.get_port()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(listener), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(listener: Any) -> None:
    listener.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass(slots=True)
class Mosquitto:
    """A broker: one listener in clear, one with TLS and a login."""

    folder: Path
    port: int
    tls_port: int
    authority: Authority
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["mosquitto", "-c", str(self.folder / "mosquitto.conf")]
        log = (self.folder / "mosquitto.log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((self.folder / "mosquitto.log").read_text())

    def stop(self) -> None:
        """As a broker is stopped: it writes its sessions to disk."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)

    def publish(self, messages: list[tuple[str, bytes]]) -> None:
        """Publish at QoS 1, and wait until the broker has all."""
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        sent = [client.publish(topic, payload, qos=1) for topic, payload in messages]
        for one in sent:
            one.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


@contextmanager
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder, free_port(), free_port(), Authority(folder, "authority"))
    certificate, key = broker.authority.sign("broker")
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), LOGIN, PASSWORD], check=True, capture_output=True)
    (folder / "mosquitto.conf").write_text(
        "per_listener_settings true\n"
        f"user {Path('/proc/self').owner()}\n"
        f"persistence true\npersistence_location {folder}/\n"
        "max_queued_messages 100000\n"
        f"listener {broker.port} 127.0.0.1\nallow_anonymous true\n"
        f"listener {broker.tls_port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"certfile {certificate}\nkeyfile {key}\n",
        encoding="utf-8",
    )
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
