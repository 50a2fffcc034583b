"""Slows down whoever guesses passwords: failed sign-ins are counted by login and by address in a sliding window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from console.errors import TooManyAttemptsError

WINDOW_SECONDS = 300.0
FAILURES_PER_LOGIN = 5
FAILURES_PER_ADDRESS = 25
MAXIMUM_SUBJECTS = 10_000  # so that made-up logins can not fill the memory


@dataclass(slots=True)
class Throttle:
    """Failures of the last minutes. `now` is a monotonic time in seconds."""

    _failures: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def check(self, login: str, address: str, now: float) -> None:
        """Let an attempt through.

        Raises:
            TooManyAttemptsError: this login or this address failed too often lately.
        """
        for subject, limit in _subjects(login, address):
            times = self._recent(subject, now)
            if len(times) >= limit:
                raise TooManyAttemptsError(max(1, round(times[0] + WINDOW_SECONDS - now)))

    def failed(self, login: str, address: str, now: float) -> None:
        """Count a failed attempt."""
        for subject, _ in _subjects(login, address):
            if subject not in self._failures and len(self._failures) >= MAXIMUM_SUBJECTS:
                self._failures.pop(next(iter(self._failures)))
            self._failures.setdefault(subject, deque()).append(now)

    def succeeded(self, login: str) -> None:
        """Forget the failures of a login that got in."""
        self._failures.pop(("login", login), None)

    def _recent(self, subject: tuple[str, str], now: float) -> deque[float]:
        times = self._failures.get(subject, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return times


def _subjects(login: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (("login", login), FAILURES_PER_LOGIN), (("address", address), FAILURES_PER_ADDRESS)
