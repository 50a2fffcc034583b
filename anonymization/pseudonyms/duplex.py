"""One full-duplex exchange with custody: a thread sends identifiers (or pseudonyms), the caller reads pseudonyms.

Numbered as it happens: (1) open the request; (2) the sender puts a note of each array in a queue, then sends it in
batches; (3) the reader takes a note, reads as many batches, hands out one array; (4) after the last note, the
end-of-stream marker must stand. Whatever breaks on either side stops the other by shutting the socket.
"""

from __future__ import annotations

import http.client
import queue
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.errors import CustodyError, CustodyRefusedError, CustodyUnavailableError
from anonymization.pseudonyms.wire import (
    ANSWER_TYPES,
    BATCH_ROWS,
    ERROR_CODE,
    ERROR_MESSAGE,
    ERROR_STATUS,
    IDENTIFIER_SCHEMA,
    MEDIA_TYPE,
    SUBJECT_SCHEMA,
    Bytes,
    IpcReader,
    IpcWriter,
    Piece,
    StreamEndedError,
    StreamSource,
)

Refusal = Callable[[int, bytes], CustodyError]

_READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Sent:
    """Note of one array: how many rows to expect, and the indices to spread them by if it was a dictionary."""

    rows: int
    indices: pa.Array | None


@dataclass(frozen=True, slots=True)
class _Failed:
    """The caller's own iterable raised."""

    error: BaseException


_Note = _Sent | _Failed | None  # None: everything was sent, or nothing more can be


class _CutOffError(Exception):
    """The socket takes no more."""


class _CallerError(Exception):
    """Carries what the caller's own iterable raised past the handlers of what the network may raise."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Sender(threading.Thread):
    """Sends the request's body in chunks (RFC 9112, 7.1)."""

    def __init__(
        self, sock: socket.socket, identifiers: Iterable[pa.Array], subjects: pa.Array | None, schema: pa.Schema
    ) -> None:
        super().__init__(name="custody-sender", daemon=True)
        self.notes: queue.SimpleQueue[_Note] = queue.SimpleQueue()
        self._sock = sock
        self._schema = schema
        self._identifiers = identifiers
        self._subjects = subjects
        self._stopped = threading.Event()

    def run(self) -> None:
        """Send it all; leave a note of each array before it goes."""
        try:
            if self._subjects is not None:
                self._send_stream(SUBJECT_SCHEMA, [self._subjects])
            writer = IpcWriter(self._schema)
            for array in self._identifiers:
                plain, indices = _spread(array, self._schema.field(0).type)
                self.notes.put(_Sent(len(plain), indices))
                for batch in _batches(plain, self._schema):
                    self._chunk(writer.write(batch))
                if self._stopped.is_set():
                    return
            self._chunk(writer.end())
            self._send(b"0\r\n\r\n")
            self.notes.put(None)
        except _CutOffError:
            self.notes.put(None)  # the reader finds out why: custody's refusal, or a broken connection
        except BaseException as error:
            self.notes.put(_Failed(error))

    def stop(self) -> None:
        """Give up: wake the sender if it waits for custody."""
        self._stopped.set()

    def _send_stream(self, schema: pa.Schema, arrays: Iterable[pa.Array]) -> None:
        writer = IpcWriter(schema)
        for array in arrays:
            for batch in _batches(array, schema):
                self._chunk(writer.write(batch))
        self._chunk(writer.end())

    def _chunk(self, piece: Piece) -> None:
        self._send(b"%x\r\n" % sum(len(part) for part in piece))
        for part in piece:
            self._send(part)
        self._send(b"\r\n")

    def _send(self, data: Bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError:
            raise _CutOffError from None


def _spread(array: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """Return what to send: of a dictionary, each distinct value once (if it has fewer of them than rows)."""
    if isinstance(array, pa.DictionaryArray):
        if len(array.dictionary) <= len(array):
            return array.dictionary.cast(kind), array.indices
        array = array.dictionary_decode()
    return array.cast(kind), None


def _batches(array: pa.Array, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(array), BATCH_ROWS):
        yield pa.record_batch([array.slice(start, BATCH_ROWS)], schema=schema)


def exchange(
    connection: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    identifiers: Iterable[pa.Array],
    subjects: pa.Array | None,
    refusal: Refusal,
    schema: pa.Schema = IDENTIFIER_SCHEMA,
) -> Pseudonyms:
    """Return one array of pseudonyms for each array of identifiers; ``schema`` says of which type these are sent.

    Raises (once it is read):
        CustodyRefusedError: custody said no, before or in the middle of its answer.
        CustodyUnavailableError: no answer, or one that stops before its end.
    """
    opened: list[pa.Field] = []
    return Pseudonyms(_exchange(connection, path, headers, identifiers, subjects, refusal, schema, opened), opened)


def _exchange(
    connection: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    identifiers: Iterable[pa.Array],
    subjects: pa.Array | None,
    refusal: Refusal,
    schema: pa.Schema,
    opened: list[pa.Field],
) -> Generator[pa.Array]:
    sock: socket.socket | None = None
    sender: _Sender | None = None
    where = f"{connection.host}:{connection.port}"
    try:
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in (headers | {"Content-Type": MEDIA_TYPE, "Transfer-Encoding": "chunked"}).items():
            connection.putheader(name, value)
        connection.endheaders()
        sock = connection.sock
        sender = _Sender(sock, identifiers, subjects, schema)
        sender.start()
        yield from _answers(connection, sender.notes, refusal, opened)
    except _CallerError as caller:
        raise caller.error from caller.error.__cause__
    except StreamEndedError:
        raise CustodyUnavailableError(f"custody's answer from {where} stopped before its end: do not use it") from None
    except (OSError, http.client.HTTPException, pa.ArrowInvalid) as error:
        raise CustodyUnavailableError(
            f"the exchange with custody at {where} broke ({type(error).__name__}): is its service running?"
        ) from None
    finally:
        if sender is not None:
            sender.stop()
        _shut(sock)
        connection.close()


def _answers(
    connection: http.client.HTTPConnection,
    notes: queue.SimpleQueue[_Note],
    refusal: Refusal,
    opened: list[pa.Field],
) -> Iterator[pa.Array]:
    reader: IpcReader | None = None
    while True:
        note = notes.get()
        if isinstance(note, _Failed):
            raise _CallerError(note.error)
        if reader is None:
            reader = _open(connection, refusal)
            opened.append(reader.schema.field(0))
        if note is None:
            break
        pseudonyms = _read(reader, note.rows)
        yield pseudonyms if note.indices is None else pseudonyms.take(note.indices)
    if _next(reader) is not None:
        raise CustodyUnavailableError("custody answered more than it was asked: its answer can not be used")


def _open(connection: http.client.HTTPConnection, refusal: Refusal) -> IpcReader:
    response = connection.getresponse()
    if response.status != http.client.OK:
        raise refusal(response.status, response.read())
    reader = IpcReader(StreamSource(lambda wanted: response.read1(max(wanted, _READ_BYTES))))
    if reader.schema.names != ["pseudonym"] or reader.schema.field(0).type not in ANSWER_TYPES.values():
        raise CustodyUnavailableError("custody's answer does not have one column of pseudonyms: versions differ?")
    return reader


def _read(reader: IpcReader, rows: int) -> pa.Array:
    parts: list[pa.Array] = []
    missing = rows
    while missing > 0:
        batch = _next(reader)
        if batch is None:
            raise StreamEndedError("fewer pseudonyms than identifiers")
        parts.append(batch.column(0))
        missing -= batch.num_rows
    if missing < 0:
        raise CustodyUnavailableError("custody's batches do not match those it was sent: its answer can not be used")
    return pa.concat_arrays(parts) if parts else pa.array([], reader.schema.field(0).type)


def _next(reader: IpcReader) -> pa.RecordBatch | None:
    found = reader.next_batch()
    if found is None:
        return None
    batch, metadata = found
    if ERROR_CODE in metadata:
        code, message = metadata[ERROR_CODE].decode(), metadata.get(ERROR_MESSAGE, b"").decode()
        status = int(metadata.get(ERROR_STATUS, b"500"))
        if status >= 500:
            raise CustodyUnavailableError(f"custody failed in mid-answer ({status} {code}): {message}")
        raise CustodyRefusedError(code, message, status)
    return batch


def _shut(sock: socket.socket | None) -> None:
    if sock is None:
        return
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already closed by the other side
