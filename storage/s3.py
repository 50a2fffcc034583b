"""Objects in an S3 bucket, through the `minio` client: the only module that knows a storage SDK.

The client's own patience (minutes, many retries) would hold a task while the store is down, so connections are given
few and short tries, and writes are never repeated blindly: a conditional write that was carried out but not answered
would look refused. Objects larger than one part are multipart uploads: nobody sees anything before the one request
that completes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, MutableSequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any, cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.error import InvalidResponseError, S3Error, ServerError

from settings import Credential, S3Settings
from storage.ahead import ahead
from storage.errors import (
    AccessRefusedError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageError,
    StoreUnavailableError,
)
from storage.objects import OCTETS, READ_SIZE, StoredObject, as_file, check_condition, verified

PART_SIZE = 8 << 20  # bytes; S3 asks for at least 5 MiB but for the last part
_CONNECT_TIMEOUT, _READ_TIMEOUT = 2.0, 30.0  # seconds
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
_CONDITION = {"PreconditionFailed", "ConditionalRequestConflict"}
_OUTAGE = {"InternalError", "ServiceUnavailable", "SlowDown", "NoSuchBucket"}


class S3ObjectStore:
    """One bucket of an S3 service, with one credential. Safe to share between threads."""

    def __init__(self, settings: S3Settings, bucket: str, credential: Credential) -> None:
        address = urlsplit(settings.endpoint)
        retry = urllib3.Retry(total=2, connect=2, read=0, status=2, status_forcelist=[503], backoff_factor=0.2)
        timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=_READ_TIMEOUT)
        self._endpoint = settings.endpoint
        self._bucket = bucket
        self._client = Minio(
            address.netloc,
            credential.access_key,
            credential.secret_key.get_secret_value(),
            secure=address.scheme == "https",
            region=settings.region,
            http_client=urllib3.PoolManager(retries=retry, timeout=timeout, maxsize=8),
        )

    def __repr__(self) -> str:
        return f"S3ObjectStore({self._endpoint}, {self._bucket})"

    def put(
        self,
        key: str,
        data: bytes | Iterable[bytes],
        *,
        media_type: str = OCTETS,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> StoredObject:
        """See :class:`~storage.ObjectStore`."""
        condition = {"If-None-Match": "*"} if if_absent else {"If-Match": f'"{if_match}"'} if if_match else {}
        check_condition(data, if_absent, if_match)
        if isinstance(data, bytes):
            return self._put_whole(key, data, media_type, condition)
        blocks = ahead(_blocks(data), 1)
        first = next(blocks, b"")
        second = next(blocks, None)
        if second is None:
            return self._put_whole(key, first, media_type, {})
        return self._put_multipart(key, _chain(first, second, blocks), media_type)

    def get(self, key: str, digest: str | None = None) -> bytes:
        """See :class:`~storage.ObjectStore`."""
        with self.open(key, digest) as stream:
            return stream.read()

    def open(self, key: str, digest: str | None = None) -> IO[bytes]:
        """See :class:`~storage.ObjectStore`."""
        with self._translated(key):
            response = self._client.get_object(self._bucket, key)

        def chunks() -> Iterator[bytes]:
            with self._translated(key):
                yield from response.stream(READ_SIZE)

        def close() -> None:
            response.close()
            response.release_conn()

        return as_file(verified(chunks(), key, digest), close)

    def head(self, key: str) -> StoredObject | None:
        """See :class:`~storage.ObjectStore`."""
        try:
            with self._translated(key):
                found = self._client.stat_object(self._bucket, key)
        except ObjectNotFoundError:
            return None
        digest = (found.metadata or {}).get("x-amz-meta-sha256")
        return StoredObject(key, found.size or 0, found.etag or "", digest, found.last_modified or _EPOCH)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See :class:`~storage.ObjectStore`."""
        with self._translated(prefix):
            for found in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                if not found.is_dir:
                    modified = found.last_modified or _EPOCH
                    yield StoredObject(found.object_name or "", found.size or 0, found.etag or "", None, modified)

    def delete(self, key: str) -> None:
        """See :class:`~storage.ObjectStore`."""
        with self._translated(key):
            self._client.remove_object(self._bucket, key)

    def discard_unfinished(self, prefix: str, before: datetime) -> int:
        """See :class:`~storage.ObjectStore`."""
        count = 0
        with self._translated(prefix):
            for upload in self._client._list_multipart_uploads(self._bucket, prefix=prefix).uploads:
                started = upload.initiated_time
                if upload.object_name.startswith(prefix) and started is not None and started < before:
                    self._client._abort_multipart_upload(self._bucket, upload.object_name, cast(str, upload.upload_id))
                    count += 1
        return count

    def _put_whole(self, key: str, data: bytes, media_type: str, condition: dict[str, str]) -> StoredObject:
        digest = hashlib.sha256(data).hexdigest()
        headers: dict[str, Any] = {"Content-Type": media_type, "x-amz-meta-sha256": digest, **condition}
        with self._translated(key):
            answer = self._client._execute("PUT", self._bucket, key, body=data, headers=headers)
        return StoredObject(key, len(data), answer.headers.get("etag", "").strip('"'), digest, _date(answer.headers))

    def _put_multipart(self, key: str, blocks: Iterator[bytes], media_type: str) -> StoredObject:
        with self._translated(key):
            upload = self._client._create_multipart_upload(self._bucket, key, {"Content-Type": media_type})
        try:
            digest, size = hashlib.sha256(), 0
            parts: MutableSequence[Part] = []
            for number, block in enumerate(blocks, 1):
                digest.update(block)
                size += len(block)
                with self._translated(key):
                    etag = self._client._upload_part(self._bucket, key, block, None, upload, number)
                parts.append(Part(number, etag))
            with self._translated(key):
                answer = self._client._complete_multipart_upload(self._bucket, key, upload, [*parts])
        except BaseException:
            self._abandon(key, upload)
            raise
        moment = _date(answer.http_headers) if answer.http_headers else _EPOCH
        return StoredObject(key, size, (answer.etag or "").strip('"'), digest.hexdigest(), moment)

    def _abandon(self, key: str, upload: str) -> None:
        """Drop the parts already sent, if the store still answers; else `discard_unfinished` will."""
        try:
            with self._translated(key):
                self._client._abort_multipart_upload(self._bucket, key, upload)
        except StorageError:
            return

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """Turn the client's exceptions into ours, which say what to do."""
        try:
            yield
        except S3Error as error:
            raise self._translate(error.code or "", key) from None
        except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, OSError):
            raise self._unavailable(key) from None

    def _translate(self, code: str, key: str) -> StorageError:
        where = f"{self._bucket}/{key}"
        if code in ("NoSuchKey", "NoSuchUpload"):
            return ObjectNotFoundError(f"no object stands at {where}")
        if code in _CONDITION:
            return PreconditionFailedError(f"object {where} is not the version this write expected: read it and retry")
        if code in _REFUSED:
            return AccessRefusedError(
                f"the object store refuses this credential at {where}: check which S3 role the step uses ({code})"
            )
        if code in _OUTAGE:
            return self._unavailable(key)
        return StorageError(f"the object store refused a request at {where}: {code}")

    def _unavailable(self, key: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"the object store at {self._endpoint} does not serve {self._bucket}/{key}: nothing was committed. "
            "See « ardoise status », then run the task again"
        )


_EPOCH = datetime.fromtimestamp(0, UTC)


def _date(headers: Mapping[str, str]) -> datetime:
    """When the store answered, to the second."""
    value = headers.get("Date")
    return parsedate_to_datetime(value).astimezone(UTC) if value else _EPOCH


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Gather chunks into blocks of PART_SIZE bytes; the last one may be smaller, and is never empty."""
    pieces: list[bytes | memoryview] = []
    size = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while size + len(view) >= PART_SIZE:
            taken = view[: PART_SIZE - size]
            yield b"".join([*pieces, taken])
            view, pieces, size = view[len(taken) :], [], 0
        if view:
            pieces.append(bytes(view))
            size += len(view)
    if pieces:
        yield b"".join(pieces)


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
