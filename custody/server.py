"""Serving. As root the order matters: everything is read, imported and rehearsed, then the process becomes its user."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn

from custody.errors import SettingsError
from custody.logs import event, logging_config
from custody.privileges import drop_to, forbid_core_dumps, give
from custody.rehearsal import rehearse
from custody.request_log import RequestLog
from custody.service import make_service
from custody.settings import CustodySettings, TlsSettings, load_settings
from custody.vault import open_vault
from settings.memory import keep_freed_memory

FREED_BYTES = 16 * 1024 * 1024  # a few batches


def serve(home: Path, port: int, user: str | None, now: Callable[[], datetime]) -> None:
    """Serve on the settings' address until told to stop.

    Raises:
        CustodyServiceError: the settings, the master key, the database's state or the user are not right.
    """
    forbid_core_dumps()
    keep_freed_memory(FREED_BYTES)
    settings = load_settings(home)
    if settings.tls is None and settings.host not in ("127.0.0.1", "::1", "localhost"):
        raise SettingsError(f"tokens and keys do not travel in clear: to serve on {settings.host}, settings need [tls]")
    vault = open_vault(settings, now)
    app = make_service(vault, settings)
    config = configuration(app, settings, port)
    rehearse(app.app, settings.host, config.get_loop_factory())  # without the log of requests: none was made
    vault.engine.dispose()
    if user is not None:
        give(home, user)
        drop_to(user)
    event("start", port=port, tls=settings.tls is not None)
    uvicorn.Server(config).run()


def configuration(app: RequestLog, settings: CustodySettings, port: int) -> uvicorn.Config:
    """Return how the service listens, loaded: sockets are all that is missing.

    Raises:
        SettingsError: the certificate or its key can not be read.
    """
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=logging_config(),
        timeout_graceful_shutdown=5,
        **_tls(settings.tls),
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the certificate or key of [tls] is not readable ({type(error).__name__})") from None
    return config


def _tls(settings: TlsSettings | None) -> dict[str, Any]:
    if settings is None:
        return {}
    files = {"ssl_certfile": str(settings.certificate), "ssl_keyfile": str(settings.key)}
    if settings.clients is None:
        return files
    return files | {"ssl_ca_certs": str(settings.clients), "ssl_cert_reqs": ssl.CERT_REQUIRED}
