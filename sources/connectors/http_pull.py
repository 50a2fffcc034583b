"""What changed at an operator's HTTP service since the last visit, kept byte for byte.

Three kinds of collections:

* with `since`: walked from the last value seen, minus `overlap`, for operators whose rows come late;
* one document (paging ``none``): asked for under the validators of the copy that landed last (ETag, Last-Modified), and
  streamed whatever its size;
* the others describe the first two: they are pulled whole, first, and only if the others have something new.

The connector reads no more of a page than paging needs: how many records, what comes next, the last value of `since`.
The cursor only moves once every part was read: a visit cut short is made again from where the last whole one ended.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from urllib.parse import urlsplit

from policies.contract import Contract
from sources.connectors.http_client import Document, Fetcher, HttpLimits
from sources.connectors.http_credentials import Authorization, ClientCredentials, NoAuthorization, basic, bearer
from sources.connectors.http_paging import Page, Walk
from sources.credentials import OperatorCredential, check_private
from sources.errors import FeedError
from sources.limits import place
from sources.options import Collection, HttpOptions, read_options
from sources.protocol import Cursor, Delivery, PayloadPart
from storage import as_file

_ENDINGS = {
    "application/json": "json",
    "application/geo+json": "geojson",
    "application/ld+json": "jsonld",
    "application/x-ndjson": "ndjson",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
}


@dataclass(slots=True)
class _Found:
    """What is new, before it is read."""

    walks: dict[str, Iterator[Page]] = field(default_factory=dict)
    first: dict[str, Page] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    validators: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def cursor(self) -> Cursor:
        """Where the next visit starts."""
        return {"since": self.since} | ({"validators": self.validators} if self.validators else {})


class HttpPull:
    """Pulls what changed since the last visit."""

    def __init__(
        self,
        contract: Contract,
        base: str,
        limits: HttpLimits = HttpLimits(),
        credential: OperatorCredential | None = None,
        trust: ssl.SSLContext | bool = True,
    ) -> None:
        self._options = options = read_options(contract, HttpOptions)
        self._contract = contract
        self._base = (options.base or base).rstrip("/")
        self._limits = limits
        self._credential = credential
        self._trust = trust
        self._where = place(contract, "service HTTP")
        self.problems: list[str] = []
        collections = options.collections.items()
        self._changing = {name: one for name, one in collections if one.since and one.paging != "none"}
        self._documents = {name: one for name, one in collections if one.paging == "none"}
        self._describing = {name: one for name, one in collections if not one.since and one.paging != "none"}
        self._check_addresses()

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield one delivery if anything is new. See :class:`sources.protocol.Connector`."""
        fetcher = Fetcher(self._base, self._limits, self._authorization(), self._trust, self._where)
        with ExitStack() as cleanup:
            cleanup.callback(fetcher.close)
            found = self._look(fetcher, cursor or {})
            if not found.first and not found.documents and (self._changing or self._documents):
                return
            cleanup.pop_all()  # the parts may be read after this generator has ended: they close the session
        delivery = Delivery(source=self._base, fetched_at=now, parts=iter(()))
        delivery.parts = self._parts(fetcher, found, delivery)
        yield delivery

    def _look(self, fetcher: Fetcher, cursor: Cursor) -> _Found:
        found = _Found(since=dict(cursor.get("since", {})), validators=dict(cursor.get("validators", {})))
        for name, one in self._changing.items():
            found.walks[name] = self._walk(fetcher, name, one).pages(_before(found.since.get(name), one.overlap))
            if (page := next(found.walks[name], None)) is not None:
                found.first[name] = page
        for name, one in self._documents.items():
            document = fetcher.open(one.path, one.parameters, found.validators.get(name, {}))
            if document is not None:
                found.documents[name] = document
        return found

    def _parts(self, fetcher: Fetcher, found: _Found, delivery: Delivery) -> Iterator[PayloadPart]:
        with closing(fetcher):
            for name, one in self._describing.items():
                for number, page in enumerate(self._walk(fetcher, name, one).pages(None), start=1):
                    yield _part(name, number, page)
            for name, one in self._documents.items():
                document = found.documents.get(name) or fetcher.open(one.path, one.parameters, {})
                if document is not None:
                    found.validators[name] = _validators(document)
                    yield PayloadPart(f"{name}/0001.{_ending(one, document)}", as_file(document.chunks))
            for name, page in found.first.items():
                for number, following in enumerate(chain([page], found.walks[name]), start=1):
                    found.since[name] = max(found.since.get(name, ""), following.last or "")
                    yield _part(name, number, following)
        delivery.next_cursor = found.cursor

    def _walk(self, fetcher: Fetcher, name: str, collection: Collection) -> Walk:
        return Walk(fetcher, collection, f"{self._where}, {fetcher.host}{collection.path}, collection « {name} »")

    def _authorization(self) -> Authorization:
        credential, options = self._credential, self._options
        if credential is None:
            return NoAuthorization()
        match options.authentication:
            case "basic":
                return basic(credential)
            case "oauth2":
                return ClientCredentials(credential, options.token_url or "", options.scope)
            case _:
                return bearer(credential)

    def _check_addresses(self) -> None:
        """Let the credential go to the service, and to where tokens are given."""
        if self._credential is None:
            return
        for address in (self._base, self._options.token_url):
            if address:
                parts, where = urlsplit(address), f"{self._contract.source}: feed.options"
                check_private(parts.scheme == "https", parts.hostname or "", where)
                self._credential.check_host(parts.hostname or "", where)
        if self._options.authentication == "oauth2" and not self._options.token_url:
            raise FeedError(f"{self._contract.source}: feed.options.tokenUrl : OAuth 2.0 demande une adresse de jetons")


def _before(since: str | None, overlap: timedelta) -> str | None:
    """The value to start from. One that is not a date is taken as it is."""
    if since is None or not overlap:
        return since
    try:
        return (datetime.fromisoformat(since) - overlap).isoformat()
    except ValueError:
        return since


def _validators(document: Document) -> dict[str, str]:
    pairs = {"etag": document.headers.get("etag"), "modified": document.headers.get("last-modified")}
    return {name: value for name, value in pairs.items() if value}


def _ending(collection: Collection, document: Document) -> str:
    """How the part's name ends: as the path says, else as the media type does."""
    suffix = collection.path.rpartition("/")[2].rpartition(".")[2]
    if suffix.isalnum() and "." in collection.path and len(suffix) <= 8:
        return suffix.lower()
    media_type = document.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _ENDINGS.get(media_type, "bin")


def _part(name: str, number: int, page: Page) -> PayloadPart:
    return PayloadPart(f"{name}/{number:04d}.json", io.BytesIO(page.content))
