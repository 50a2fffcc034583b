"""What can go wrong in the console. HTTP status codes are decided in the routes."""

from __future__ import annotations


class ConsoleError(Exception):
    """Root of this package's errors."""


class SignInError(ConsoleError):
    """Login or password is wrong; which one is never said."""


class TooManyAttemptsError(ConsoleError):
    """Too many failed sign-ins: wait `retry_seconds`."""

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(f"too many failed sign-ins, wait {retry_seconds} s")
        self.retry_seconds = retry_seconds


class SessionError(ConsoleError):
    """No session, or one that is forged, revoked or over."""


class ForgedFormError(ConsoleError):
    """A form came without the token of its session."""


class EventRefusedError(ConsoleError):
    """A lineage event is not valid OpenLineage; the message names the place, never a value."""


class ThemeError(ConsoleError):
    """The territory's theme can not be read."""
