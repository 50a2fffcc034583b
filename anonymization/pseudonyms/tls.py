"""A TLS connection that one thread writes to while another one reads.

Python's own TLS sockets may not be used that way: both directions share one OpenSSL object, which is not safe for two
threads at once. Here that object works on memory, under a lock that is never held while the network is waited for; so
neither direction can hold up the other.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from threading import Lock
from typing import Any

_WRITE_BYTES = 256 * 1024
_READ_BYTES = 256 * 1024


class TlsConnection(http.client.HTTPConnection):
    """An HTTP connection over :class:`TlsChannel`."""

    def __init__(self, host: str, port: int | None, context: ssl.SSLContext, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._tls_context = context

    def connect(self) -> None:
        """Connect, and shake hands."""
        super().connect()
        self.sock: Any = TlsChannel(self.sock, self._tls_context, self.host)


class TlsChannel:
    """As much of a socket as HTTP needs. One thread may send while another one receives."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, hostname: str) -> None:
        """Shake hands over ``sock``, which is the channel's from now on.

        Raises:
            ssl.SSLError: the other side is not who it should be, or does not want us.
        """
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self._lock = Lock()  # of the TLS object and its memory
        self._sending = Lock()  # records leave in the order they were made in
        try:
            self._shake_hands()
        except BaseException:
            sock.close()
            raise

    def sendall(self, data: Any) -> None:
        """Send bytes, all of them."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _WRITE_BYTES):
            with self._sending:
                with self._lock:
                    self._tls.write(view[start : start + _WRITE_BYTES])
                    records = self._outgoing.read()
                self._sock.sendall(records)

    def recv(self, size: int) -> bytes:
        """Return some bytes, at most ``size``; none once the other side has said that it is done.

        Raises:
            ssl.SSLError: it went away without saying so.
        """
        while True:
            with self._lock:
                try:
                    return self._tls.read(size)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    return b""
            self._flush()
            self._receive()

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what HTTP reads answers from."""
        return io.BufferedReader(_Reader(self), _READ_BYTES)

    def shutdown(self, how: int) -> None:
        """Stop both directions, whoever waits in them."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket below."""
        self._sock.close()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
            else:
                self._flush()
                return

    def _flush(self) -> None:
        """Send what the TLS object has to say of its own."""
        with self._sending:
            with self._lock:
                records = self._outgoing.read()
            if records:
                self._sock.sendall(records)

    def _receive(self) -> None:
        records = self._sock.recv(_READ_BYTES)
        with self._lock:
            if records:
                self._incoming.write(records)
            else:
                self._incoming.write_eof()


class _Reader(io.RawIOBase):
    def __init__(self, channel: TlsChannel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)
