"""A file to write to whose bytes are taken out as they come: writers that want a file become streams."""

from __future__ import annotations


class ChunkSink:
    """Collects what is written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        """Keep a copy of `data`."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._position += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """Everything written since it was last asked."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken

    def tell(self) -> int:
        """How much was written so far."""
        return self._position

    def flush(self) -> None:
        """Nothing waits below."""

    def close(self) -> None:
        """Nothing to give back; what was written can still be taken."""

    def readable(self) -> bool:
        """Write only."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """A stream."""
        return False
