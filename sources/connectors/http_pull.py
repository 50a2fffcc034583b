"""Pages of a collection pulled over HTTP, kept byte for byte.

Two dialects of paging are spoken:

* ``offset``: Opendatasoft Explore v2.1 (`limit`, `offset`, answers ``{"results": […]}``). The service refuses an offset
  beyond 10 000, so a collection with a `since` field is walked by key: past that limit the walk starts again from the
  last value seen. The repeated rows at the seam are harmless, as rows have a primary key.
* ``page``: Open311 GeoReport v2 with the usual extensions (`page`, `page_size`, `updated_after`, answers an array).

A collection without `since` describes the others: it is pulled whole, first, and only if the others have something new.
The connector reads no more of a page than paging needs: how many records, and the last value of `since`. A visit goes
back by `overlap` before that value, for operators whose rows come late.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from policies.contract import Contract
from sources.connectors.http_client import Fetcher, HttpLimits
from sources.errors import PayloadError, SourceUnavailableError
from sources.options import Collection, HttpOptions, read_options
from sources.protocol import Cursor, Delivery, PayloadPart

OFFSET_LIMIT = 10_000  # Explore v2.1: offset + limit may not go beyond
PAGE_SIZE = {"offset": 100, "page": 100}
MAXIMUM_PAGES = 20_000  # a service that never says « no more » is not followed for ever


@dataclass(frozen=True, slots=True)
class _Page:
    content: bytes
    records: int
    last: str | None  # largest value of `since`


class HttpPull:
    """Pulls what changed since the last visit."""

    def __init__(self, contract: Contract, base: str, limits: HttpLimits = HttpLimits()) -> None:
        options = read_options(contract, HttpOptions)
        self._contract = contract
        self._base = (options.base or base).rstrip("/")
        self._limits = limits
        self._changing = {name: one for name, one in options.collections.items() if one.since}
        self._describing = {name: one for name, one in options.collections.items() if not one.since}

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield one delivery if anything is new. See :class:`sources.protocol.Connector`."""
        known: dict[str, str] = dict((cursor or {}).get("since", {}))
        fetcher = Fetcher(self._base, self._limits)
        with ExitStack() as cleanup:
            cleanup.callback(fetcher.close)
            walks = {
                name: self._walk(fetcher, name, _before(known.get(name), one.overlap))
                for name, one in self._changing.items()
            }
            first = {name: page for name, walk in walks.items() if (page := next(walk, None)) is not None}
            if not first:
                return
            cleanup.pop_all()  # the parts may be read after this generator has ended: they close the session
        delivery = Delivery(source=self._base, fetched_at=now, parts=iter(()))
        delivery.parts = self._parts(fetcher, walks, first, known, delivery)
        yield delivery

    def _parts(
        self,
        fetcher: Fetcher,
        walks: dict[str, Iterator[_Page]],
        first: dict[str, _Page],
        known: dict[str, str],
        delivery: Delivery,
    ) -> Iterator[PayloadPart]:
        with closing(fetcher):
            for name in self._describing:
                for number, page in enumerate(self._walk(fetcher, name, None), start=1):
                    yield _part(name, number, page)
            for name, page in first.items():
                for number, following in enumerate(chain([page], walks[name]), start=1):
                    known[name] = max(known.get(name, ""), following.last or "")
                    yield _part(name, number, following)
        delivery.next_cursor = {"since": known}

    def _walk(self, fetcher: Fetcher, name: str, since: str | None) -> Iterator[_Page]:
        """Every page of a collection from `since` on."""
        collection = (self._changing | self._describing)[name]
        size = PAGE_SIZE[collection.paging]
        start, number = since, 0
        last = since
        for _ in range(MAXIMUM_PAGES):
            page = self._page(fetcher, name, collection, start, number)
            if page.records:
                yield page
            if page.records < size:
                return
            last = max(last or "", page.last or "") or None
            number += 1
            if collection.paging == "offset" and (number + 1) * size > OFFSET_LIMIT:
                if last is None or last == start:
                    raise SourceUnavailableError(
                        f"{fetcher.host}{collection.path}: over {OFFSET_LIMIT} records and no « since » to go on from"
                    )
                start, number = last, 0
        raise SourceUnavailableError(f"{fetcher.host}{collection.path}: more than {MAXIMUM_PAGES} pages")

    def _page(self, fetcher: Fetcher, name: str, collection: Collection, since: str | None, number: int) -> _Page:
        content = fetcher.get(collection.path, _query(collection, since, number))
        try:
            answer = json.loads(content)
            records = answer["results"] if collection.paging == "offset" else answer
            found = [record.get(collection.since) for record in records] if collection.since else []
            count = len(records)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise PayloadError(
                f"{self._contract.id}: page {number + 1} of « {name} » at {fetcher.host}{collection.path} is not the "
                "JSON that this kind of service answers; ask the operator"
            ) from None
        return _Page(content, count, max((value for value in found if isinstance(value, str)), default=None))


def _before(since: str | None, overlap: timedelta) -> str | None:
    """The value to start from. One that is not a date is taken as it is."""
    if since is None or not overlap:
        return since
    try:
        return (datetime.fromisoformat(since) - overlap).isoformat()
    except ValueError:
        return since


def _query(collection: Collection, since: str | None, number: int) -> dict[str, str]:
    query = dict(collection.parameters)
    size = PAGE_SIZE[collection.paging]
    if collection.paging == "offset":
        query |= {"limit": str(size), "offset": str(number * size)}
        if collection.since:
            query["order_by"] = collection.since
            if since is not None:
                query["where"] = f"{collection.since}>=date'{since}'"
    else:
        query |= {"page": str(number + 1), "page_size": str(size)}
        if since is not None:
            query["updated_after"] = since
    return query


def _part(name: str, number: int, page: _Page) -> PayloadPart:
    return PayloadPart(f"{name}/{number:04d}.json", io.BytesIO(page.content))
