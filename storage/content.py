"""The digest of logical rows: independent of batches, encodings and files."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from hashlib import sha256
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.ahead import side_by_side

if TYPE_CHECKING:
    from hashlib import _Hash

_MANY = 1 << 16  # rows: fewer are not worth a second thread


class ContentDigest:
    """Takes in batches in order; see :mod:`storage.parquet` for what the digest covers. Metadata is left out.

    Columns are digested side by side: each has a hash of its own.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self._schema = schema
        self._columns = [_ColumnDigest() for _ in schema]

    def update(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows."""
        self.rows += batch.num_rows
        pairs = zip(self._columns, batch.columns, strict=True)
        if batch.num_rows < _MANY:
            deque(starmap(_ColumnDigest.take_in, pairs), maxlen=0)
        else:
            deque(side_by_side(lambda pair: _ColumnDigest.take_in(*pair), pairs), maxlen=0)

    def hexdigest(self, *, without: Collection[str] = ()) -> str:
        """The digest of all rows so far, as if the columns named `without` did not exist."""
        kept = [(f, column) for f, column in zip(self._schema, self._columns, strict=True) if f.name not in without]
        names = "\n".join(f"{field.name}\t{_logical(field.type)}" for field, _ in kept)
        whole = sha256(f"ardoise content 1\n{self.rows}\n{names}\n".encode())
        for _, column in kept:
            whole.update(column.digest())
        return whole.hexdigest()


def content_digest(table: pa.Table) -> str:
    """The content digest of a table."""
    digest = ContentDigest(table.schema)
    digest.update(table)
    return digest.hexdigest()


class _ColumnDigest:
    """Validity, lengths and values of one column, each in a hash of its own so that batches leave no trace."""

    def __init__(self) -> None:
        self._hashes: tuple[_Hash, _Hash, _Hash] = (sha256(), sha256(), sha256())

    def take_in(self, column: pa.Array | pa.ChunkedArray) -> None:
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else (column,):
            self.update(chunk)

    def update(self, column: pa.Array) -> None:
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if isinstance(column, pa.NullArray):
            return  # the number of rows says all
        validity, lengths, values = self._hashes
        validity.update(_bytes(column.is_valid().cast(pa.uint8())))
        if pa.types.is_nested(column.type):
            raise pa.ArrowNotImplementedError(f"no content digest is defined for columns of type {column.type}")
        if _variable(column.type):
            column = column.cast(pa.large_binary() if _binary(column.type) else pa.large_string())
            filled = column.fill_null(b"" if _binary(column.type) else "")
            lengths.update(_bytes(pc.binary_length(filled)))
            values.update(_variable_bytes(filled))
        else:
            values.update(_fixed_bytes(column))

    def digest(self) -> bytes:
        return b"".join(hash_.digest() for hash_ in self._hashes)


def _variable(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or _binary(kind)
    )


def _binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _logical(kind: pa.DataType) -> str:
    """The type's name, the same whether a dictionary, a view or large offsets hold it."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    return "binary" if _binary(kind) else str(kind)


def _variable_bytes(column: pa.Array) -> memoryview:
    """The bytes of all values of a large string or binary array, one after another."""
    _, offsets, data = column.buffers()
    if data is None:
        return memoryview(b"")
    bounds = np.frombuffer(offsets, np.int64, len(column) + 1, column.offset * 8)
    return memoryview(data)[int(bounds[0]) : int(bounds[-1])]


def _fixed_bytes(column: pa.Array) -> memoryview:
    """The bytes of all values of a fixed-width type, zeros where null; one NaN stands for all."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return _bytes(column.cast(pa.uint8()).fill_null(0))
    if pa.types.is_floating(kind):
        nan = pa.scalar(float("nan"), kind)
        return _bytes(pc.if_else(pc.is_nan(column), nan, column).fill_null(pa.scalar(0.0, kind)))
    width = kind.bit_width // 8
    data = column.buffers()[1]
    if data is None:
        return memoryview(b"")
    raw = np.frombuffer(data, np.uint8, len(column) * width, column.offset * width)
    if not column.null_count:
        return raw.data
    present = column.is_valid().cast(pa.uint8()).to_numpy(zero_copy_only=False)
    return memoryview((raw.reshape(len(column), width) * present[:, None]).tobytes())


def _bytes(column: pa.Array) -> memoryview:
    """The values of a primitive array without nulls."""
    return memoryview(column.to_numpy(zero_copy_only=False)).cast("B") if len(column) else memoryview(b"")
