"""What the console works with, put together once by its entry point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from console.accounts import Accounts
from console.contexts import Reader
from console.proofreading import Proofreading
from console.records import LineageRecords
from console.sessions import Sessions
from console.theme import Theme
from console.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Services:
    """Collaborators of the routes. `wall` gives aware times, `monotonic` seconds."""

    accounts: Accounts
    sessions: Sessions
    reader: Reader
    lineage: LineageRecords
    proofreading: Proofreading
    lineage_token: SecretStr
    theme: Theme
    version: str
    database_ready: Callable[[], bool]
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    throttle: Throttle = field(default_factory=Throttle)
    secure_cookie: bool = False  # true where the console is served over https
