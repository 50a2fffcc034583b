"""The body of a load: one line of JSON, then CSV for COPY, then the sha256 of that CSV as 64 hexadecimal digits.

Read as it comes, in bounded memory. The digest stands last, so that the sender needs to make its rows only once; a body
that was cut anywhere does not end with the digest of what came before.
"""

from __future__ import annotations

import hashlib
import json
from typing import IO, Any

from ckanext.ardoise.tables.errors import BadTableError

DIGEST_BYTES = 64
LONGEST_LINE = 1 << 20  # bytes of the description
PIECE = 1 << 20


def read_description(body: IO[bytes]) -> Any:
    """Return the JSON of the body's first line."""
    line = body.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise BadTableError("description", "the first line must be the table's description")
    try:
        return json.loads(line)
    except ValueError:
        raise BadTableError("description", "the first line must be JSON") from None


class CheckedRows:
    """What follows the description, as a file that COPY reads: the rows, without the digest that ends them."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body, self._kept, self._hash = body, b"", hashlib.sha256()
        self._ended = False

    def read(self, size: int = PIECE) -> bytes:
        """Return up to about ``size`` bytes; none at the end.

        Raises:
            BadTableError: the body does not end with the digest of its rows: it was cut or altered.
        """
        while not self._ended:
            piece = self._body.read(max(size, PIECE))
            if not piece:
                self._ended = True
                if self._kept.decode("ascii", "replace") != self._hash.hexdigest():
                    raise BadTableError("rows", "they were cut short or altered on the way: nothing was kept")
                return b""
            whole = self._kept + piece
            rows, self._kept = whole[:-DIGEST_BYTES], whole[-DIGEST_BYTES:]
            if rows:
                self._hash.update(rows)
                return rows
        return b""
