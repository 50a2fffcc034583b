"""How services cut a collection into pages, and how to ask for the next one.

* ``offset``: `limit` and `offset`. By default Opendatasoft Explore v2.1 (answers ``{"results": […]}``), which refuses
  an offset beyond 10 000: past that limit the walk starts again from the last value of `since` seen. The repeated rows
  at the seam are harmless, as rows have a primary key.
* ``page``: a page's number, from 1. By default Open311 GeoReport v2 with the usual extensions.
* ``cursor``: each answer holds what to ask the next page with, in the field `next`.
* ``link``: each answer names the next page in a `Link` header (RFC 8288) with ``rel="next"``, on the same service.

Invariant: a walk ends. A service that answers the same page again, or never says « no more », is an error, not a loop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from sources.connectors.http_client import Answer, Fetcher
from sources.errors import PayloadError, SourceUnavailableError
from sources.options import Collection

EXPLORE_LIMIT = 10_000  # Explore v2.1: offset + limit may not go beyond
MAXIMUM_PAGES = 20_000  # a service that never says « no more » is not followed for ever
_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s,;"]+))*)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=\s*(?:;|$)))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page, byte for byte, and what paging needs of it."""

    content: bytes
    records: int
    last: str | None  # largest value of `since`


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    query: dict[str, str]


class Walk:
    """The pages of one collection, from a value of `since` on."""

    def __init__(self, fetcher: Fetcher, collection: Collection, where: str) -> None:
        self._fetcher = fetcher
        self._collection = collection
        self._where = where  # operator, feed and collection, for errors
        self._explore = collection.paging == "offset" and collection.since_parameter is None

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield every page with records.

        Raises:
            SourceUnavailableError: see :meth:`Fetcher.get`; or the service does not page as the contract says.
            PayloadError: a page is not JSON of that shape.
        """
        start, number, last = since, 0, since
        request: _Request | None = self._numbered(start, number)
        seen: set[bytes] = set()
        for position in range(1, MAXIMUM_PAGES + 1):
            if request is None:
                return
            answer = self._fetcher.get(request.path, request.query)
            page, parsed = self._read(answer, position)
            if page.records:
                mark = sha256(page.content).digest()
                if mark in seen:
                    raise SourceUnavailableError(f"{self._where}, page {position} : le service rend deux fois la même")
                seen.add(mark)
                yield page
            last = max(last or "", page.last or "") or None
            number += 1
            if self._explore and (number + 1) * self._collection.size > EXPLORE_LIMIT and self._full(page):
                if last is None or last == start:
                    raise SourceUnavailableError(
                        f"{self._where} : plus de {EXPLORE_LIMIT} enregistrements, et pas de « since » pour continuer"
                    )
                start, number, request = last, 0, self._numbered(last, 0)
                seen.clear()  # the seam repeats rows, maybe a whole page of them
            else:
                request = self._following(request, answer, parsed, page, start, number, position)
        raise SourceUnavailableError(f"{self._where} : plus de {MAXIMUM_PAGES} pages")

    def _full(self, page: Page) -> bool:
        return page.records >= self._collection.size

    def _following(
        self, request: _Request, answer: Answer, parsed: Any, page: Page, start: str | None, number: int, position: int
    ) -> _Request | None:
        """What to ask next; None after the last page."""
        match self._collection.paging:
            case "link":
                return self._linked(request, answer, position)
            case "cursor":
                token = _at(parsed, self._collection.next or "")
                if token in (None, "", False):
                    return None
                if not isinstance(token, str | int):
                    raise PayloadError(f"{self._where}, page {position} : « next » n'est pas un texte")
                query = self._query(start) | {self._collection.position_name: str(token)}
                if query == request.query:
                    raise SourceUnavailableError(f"{self._where}, page {position} : « next » désigne la même page")
                return _Request(self._collection.path, query)
            case _:
                return self._numbered(start, number) if self._full(page) else None

    def _linked(self, request: _Request, answer: Answer, position: int) -> _Request | None:
        target = next_link(answer.headers.get_list("link"))
        if target is None:
            return None
        here = f"{self._fetcher.base}{request.path}"
        found, base = urlsplit(urljoin(here, target)), urlsplit(self._fetcher.base)
        if (found.scheme, found.netloc) != (base.scheme, base.netloc):
            raise SourceUnavailableError(f"{self._where}, page {position} : la page suivante est chez un autre hôte")
        path = found.path.removeprefix(base.path) if base.path else found.path
        following = _Request(path, dict(parse_qsl(found.query, keep_blank_values=True)))
        if following == request:
            raise SourceUnavailableError(f"{self._where}, page {position} : le lien « next » désigne la même page")
        return following

    def _numbered(self, since: str | None, number: int) -> _Request:
        one, query = self._collection, self._query(since)
        if one.paging == "offset":
            query[one.position_name] = str(number * one.size)
        elif one.paging == "page":
            query[one.position_name] = str(number + 1)
        return _Request(one.path, query)

    def _query(self, since: str | None) -> dict[str, str]:
        one = self._collection
        query = dict(one.parameters)
        if one.size_name:
            query[one.size_name] = str(one.size)
        if one.since and self._explore:
            query["order_by"] = one.since
            if since is not None:
                query["where"] = f"{one.since}>=date'{since}'"
        elif one.since and since is not None:
            query[one.since_name] = one.since_format.replace("{since}", since)
        return query

    def _read(self, answer: Answer, position: int) -> tuple[Page, Any]:
        one = self._collection
        try:
            parsed = json.loads(answer.content)
            records = _at(parsed, one.records_name)
            if not isinstance(records, list):
                raise TypeError
            values = [_at(record, one.since) for record in records] if one.since else []
        except (ValueError, TypeError, KeyError, RecursionError):
            raise PayloadError(
                f"{self._where}, page {position} : la réponse n'est pas le JSON qu'un tel service donne ; "
                "prévenez l'opérateur"
            ) from None
        last = max((value for value in values if isinstance(value, str)), default=None)
        return Page(answer.content, len(records), last), parsed


def next_link(headers: list[str]) -> str | None:
    """The target of the link whose relation is « next », if there is one (RFC 8288, section 3)."""
    for header in headers:
        for target, parameters in _LINK.findall(header):
            if _NEXT.search(parameters):
                return str(target)
    return None


def _at(value: Any, path: str) -> Any:
    """The value at a dotted path of JSON objects; `value` itself for an empty path, None where there is nothing."""
    for name in path.split(".") if path else ():
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
