"""Who posts: operators' tokens, of which the hub keeps hashes only.

A token is 256 random bits, so that one SHA-256 is enough. The file has a line a token: operator, hash, and the day it
ends or « - ». An operator may have several, so that one can be replaced without a pause. The file is read again when it
changes: a token taken off the list ends at the next request.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from settings import SettingsError

PREFIX = "ardoise_"  # so that scanners recognise one that leaked
MAXIMUM_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _Known:
    operator: str
    hash: str
    until: date | None


class Tokens:
    """The tokens of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: tuple[_Known, ...] = ()
        self._version: tuple[int, int] | None = None

    def operator_of(self, token: str, today: date) -> str | None:
        """Whose token this is; None if nobody's, or no longer.

        Raises:
            SettingsError: the file does not read.
        """
        if not token or len(token) > MAXIMUM_LENGTH:
            return None
        found = _hash(token)
        for known in self._read():
            if compare_digest(known.hash, found) and (known.until is None or today <= known.until):
                return known.operator
        return None

    def issue(self, operator: str, until: date | None = None) -> str:
        """Make a token, keep its hash, and return it: it is shown this once."""
        token = PREFIX + secrets.token_urlsafe(32)
        self._write([*self._read(), _Known(operator, _hash(token), until)])
        return token

    def revoke(self, operator: str) -> int:
        """Take every token of an operator off the list; return how many."""
        known = self._read()
        kept = [one for one in known if one.operator != operator]
        self._write(kept)
        return len(known) - len(kept)

    def _read(self) -> tuple[_Known, ...]:
        try:
            status = self._file.stat()
            version = (status.st_mtime_ns, status.st_ino)
            if version != self._version:
                lines = self._file.read_text(encoding="utf-8").splitlines()
                self._known = tuple(_parse(line) for line in lines if line.strip())
                self._version = version
        except FileNotFoundError:
            self._known, self._version = (), None
        except (OSError, ValueError):
            raise SettingsError(f"{self._file} does not read as a list of tokens") from None
        return self._known

    def _write(self, known: list[_Known]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._file.with_name(f".{self._file.name}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{one.operator} {one.hash} {one.until or '-'}\n" for one in known)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _parse(line: str) -> _Known:
    operator, found, until = line.split()
    if len(bytes.fromhex(found)) != 32:
        raise ValueError
    return _Known(operator, found, None if until == "-" else date.fromisoformat(until))
