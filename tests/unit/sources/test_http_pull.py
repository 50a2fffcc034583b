"""The HTTP connector against a real server on this machine, which answers as each test says."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sources import Delivery, FeedError, PayloadError, SourceUnavailableError
from sources.connectors.http_client import HttpLimits
from sources.connectors.http_paging import next_link
from sources.connectors.http_pull import HttpPull
from sources.credentials import OperatorCredential
from tests.certificates import Authority
from tests.unit.sources.support import fed_by
from tests.unit.sources.web import Asked, Reply, Web, serving, speaking

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK = HttpLimits(attempts=3, first_pause=0.001, timeout=2.0, jitter=lambda: 0.0)
SECRET = OperatorCredential(login="hub", password="s3cret")
ROWS = [{"id": number, "at": f"2026-11-{number + 1:02d}"} for number in range(7)]


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as found:
        yield found


def pull(web: Web | str, collections: dict[str, Any], limits: HttpLimits = QUICK, **more: Any) -> HttpPull:
    options = {"collections": collections, **more.pop("options", {})}
    contract = fed_by("citizen-reports", "http_pull", **options)
    return HttpPull(contract, web if isinstance(web, str) else web.url, limits, **more)


def landed(deliveries: Iterator[Delivery]) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    """Names and bytes of the one delivery's parts, and where it leaves the connector."""
    (delivery,) = deliveries
    parts = [(part.name, part.stream.read()) for part in delivery.parts]
    return parts, delivery.next_cursor


def ids(parts: list[tuple[str, bytes]], path: str = "") -> list[int]:
    answers = [json.loads(content) for _, content in parts]
    return [row["id"] for answer in answers for row in (answer[path] if path else answer)]


def as_json(value: Any, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), headers=headers)


# -- pages


def test_pages_by_offset_with_other_names_than_explore_s(web: Web) -> None:
    def entities(asked: Asked) -> Reply:
        start, size = int(asked.query["start"]), int(asked.query["count"])
        return as_json({"data": {"rows": ROWS[start : start + size]}})

    web.routes["/entities"] = entities
    collection = {
        "path": "/entities",
        "paging": "offset",
        "since": "at",
        "sinceParameter": "from",
        "size": 3,
        "sizeParameter": "count",
        "positionParameter": "start",
        "records": "data.rows",
    }
    parts, cursor = landed(pull(web, {"rows": collection}).fetch({"since": {"rows": "2026-11-01"}}, NOW))
    assert [len(json.loads(content)["data"]["rows"]) for _, content in parts] == [3, 3, 1]
    assert web.queries("/entities")[0] == {"start": "0", "count": "3", "from": "2026-11-01"}
    assert cursor == {"since": {"rows": "2026-11-07"}}


def test_pages_by_cursor(web: Web) -> None:
    def events(asked: Asked) -> Reply:
        start = int(asked.query.get("after", "c0")[1:])
        following = f"c{start + 3}" if start + 3 < len(ROWS) else None
        return as_json({"results": ROWS[start : start + 3], "meta": {"next": following}})

    web.routes["/events"] = events
    collection = {
        "path": "/events",
        "paging": "cursor",
        "since": "at",
        "next": "meta.next",
        "records": "results",
        "positionParameter": "after",
        "parameters": {"kind": "all"},
    }
    parts, _ = landed(pull(web, {"events": collection}).fetch(None, NOW))
    assert ids(parts, "results") == list(range(7))
    assert web.queries("/events") == [{"kind": "all"}, {"kind": "all", "after": "c3"}, {"kind": "all", "after": "c6"}]


def test_pages_by_link(web: Web) -> None:
    def reports(asked: Asked) -> Reply:
        page = int(asked.query.get("p", "0"))
        more = {"link": f'</reports?p={page + 1}>; rel="next", </reports>; rel="first"'} if page < 2 else {}
        return as_json(ROWS[page * 3 : page * 3 + 3], **more)

    web.routes["/reports"] = reports
    parts, _ = landed(pull(web, {"r": {"path": "/reports", "paging": "link", "since": "at"}}).fetch(None, NOW))
    assert ids(parts) == list(range(7))


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a/?x=1,2>; rel="next"', "https://a/?x=1,2"),
        ('<a>; rel="prev", <b>; title="x, y"; rel=next', "b"),
        ('<b>; rel="last next"', "b"),
        ('<b>; rel="nextish"', None),
        ("nonsense", None),
    ],
)
def test_a_link_header_is_read(header: str, target: str | None) -> None:
    assert next_link([header]) == target


@pytest.mark.parametrize(
    ("collection", "reply", "told"),
    [
        ({"paging": "page"}, as_json(ROWS[:3]), "page 2 : le service rend deux fois la même"),
        ({"paging": "link"}, as_json(ROWS, link="<https://ailleurs.example/x>; rel=next"), "chez un autre hôte"),
        ({"paging": "link"}, as_json(ROWS, link="</rows>; rel=next"), "la même page"),
        ({"paging": "cursor", "next": "n", "records": "r"}, as_json({"r": ROWS, "n": {"x": 1}}), "n'est pas un texte"),
        ({"paging": "page"}, as_json({"error": "Jeanne"}), "page 1 : la réponse n'est pas le JSON"),
        ({"paging": "page"}, Reply(b"[" * 100_000), "page 1 : la réponse n'est pas le JSON"),
    ],
)
def test_a_service_that_pages_wrongly_is_told_with_its_place(
    web: Web, collection: dict[str, Any], reply: Reply, told: str
) -> None:
    web.routes["/rows"] = lambda asked: reply
    source = pull(web, {"rows": {"path": "/rows", "since": "at", "size": 3, **collection}})
    with pytest.raises((SourceUnavailableError, PayloadError), match=told) as caught:
        landed(source.fetch(None, NOW))
    for words in ("opérateur relation-usagers", "jeu citizen-reports", "/rows", "collection « rows »"):
        assert words in str(caught.value)
    assert "Jeanne" not in str(caught.value)


# -- documents


def test_a_document_is_taken_again_only_when_it_changed(web: Web) -> None:
    content, tag = b"<d2LogicalModel/>", '"v1"'

    def document(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == tag:
            return Reply(status=304)
        return Reply(content, headers={"etag": tag, "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT"})

    web.routes["/traffic.xml"] = document
    source = pull(web, {"traffic": {"path": "/traffic.xml", "paging": "none"}})
    parts, cursor = landed(source.fetch(None, NOW))
    assert parts == [("traffic/0001.xml", content)]
    assert list(source.fetch(cursor, NOW)) == []
    assert web.asked[-1].headers["if-modified-since"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    content, tag = b"<d2LogicalModel>2</d2LogicalModel>", '"v2"'
    assert landed(source.fetch(cursor, NOW))[0] == [("traffic/0001.xml", content)]


def test_documents_that_go_together_come_together(web: Web) -> None:
    def same(asked: Asked) -> Reply:
        return Reply(status=304) if "if-none-match" in asked.headers else Reply(b"[]", headers={"etag": '"a"'})

    web.routes["/same"] = same
    web.routes["/other"] = lambda asked: Reply(b"{}", headers={"etag": '"b"', "content-type": "application/json"})
    source = pull(web, {name: {"path": f"/{name}", "paging": "none"} for name in ("same", "other")})
    _, cursor = landed(source.fetch(None, NOW))
    assert cursor["validators"] == {"same": {"etag": '"a"'}, "other": {"etag": '"b"'}}
    parts, _ = landed(source.fetch(cursor, NOW))
    assert [name for name, _ in parts] == ["same/0001.bin", "other/0001.json"]


def test_a_document_cut_short_is_no_delivery_and_moves_nothing(web: Web) -> None:
    web.routes["/d"] = lambda asked: Reply([b"abc"], headers={"content-length": "10"})
    (delivery,) = pull(web, {"d": {"path": "/d", "paging": "none"}}).fetch(None, NOW)
    with pytest.raises(SourceUnavailableError, match="/d : RemoteProtocolError au milieu"):
        [part.stream.read() for part in delivery.parts]
    assert delivery.next_cursor == {}


# -- bodies that are not what they seem

DOCUMENT = {"d": {"path": "/d", "paging": "none"}}


def test_gzip_is_unpacked(web: Web) -> None:
    text = json.dumps(ROWS).encode() * 1000
    web.routes["/d"] = lambda asked: Reply(gzip.compress(text), headers={"content-encoding": "gzip"})
    assert landed(pull(web, DOCUMENT).fetch(None, NOW))[0][0][1] == text
    assert web.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(gzip.compress(bytes(1 << 26)), headers={"content-encoding": "gzip"}), "compressés en donnent"),
        (Reply(gzip.compress(b"x" * 99)[:-3], headers={"content-encoding": "gzip"}), "est coupé"),
        (Reply(b"x", headers={"content-encoding": "br"}), "n'a pas été demandé"),
        (Reply(bytes(2000)), "plus de 1000 octets"),
    ],
)
def test_a_body_out_of_bounds_is_refused(web: Web, reply: Reply, told: str) -> None:
    web.routes["/d"] = lambda asked: reply
    limits = HttpLimits(attempts=1, document=1000 if told.startswith("plus") else 1 << 30)
    with pytest.raises(PayloadError, match=told):
        landed(pull(web, DOCUMENT, limits).fetch(None, NOW))


# -- slow, wrong or absent operators


def drip(connection: socket.socket) -> None:
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nx: "):
        connection.send(bytes([byte]))
        time.sleep(0.02)


def drip_body(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.send(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize("talk", [drip, drip_body, lambda connection: time.sleep(5)])
def test_nothing_outlasts_a_visit(talk: Any) -> None:
    limits = HttpLimits(attempts=1000, first_pause=0.001, longest_pause=0.001, timeout=0.2, total=0.6)
    started = time.monotonic()
    with speaking(talk) as url, pytest.raises(SourceUnavailableError):
        landed(pull(url, DOCUMENT, limits).fetch(None, NOW))
    assert time.monotonic() - started < 3.0


# -- who we are


def test_a_bearer_token_and_a_login_are_sent_and_shown_nowhere(web: Web) -> None:
    web.routes["/d"] = lambda asked: Reply(b"1")
    landed(pull(web, DOCUMENT, credential=SECRET, options={"credential": "relation-usagers"}).fetch(None, NOW))
    options = {"credential": "relation-usagers", "authentication": "basic"}
    landed(pull(web, DOCUMENT, credential=SECRET, options=options).fetch(None, NOW))
    assert [one.headers["authorization"] for one in web.asked] == ["Bearer s3cret", "Basic aHViOnMzY3JldA=="]
    assert "s3cret" not in repr(SECRET)


def oauth(web: Web, **credential: Any) -> HttpPull:
    options = {
        "credential": "relation-usagers",
        "authentication": "oauth2",
        "tokenUrl": f"{web.url}/token",
        "scope": "read",
    }
    return pull(web, DOCUMENT, credential=SECRET, options=options)


def test_oauth_asks_for_a_token_once_and_again_when_it_is_refused(web: Web) -> None:
    tokens, good = itertools.count(1), {"Bearer t1"}
    web.routes["/token"] = lambda asked: as_json({"access_token": f"t{next(tokens)}", "expires_in": 3600})
    web.routes["/d"] = lambda asked: Reply(b"1", status=200 if asked.headers["authorization"] in good else 401)
    landed(oauth(web).fetch(None, NOW))
    asked = web.asked[0]
    assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials&scope=read")
    assert asked.headers["authorization"] == "Basic aHViOnMzY3JldA=="
    good = {"Bearer t3"}  # t2 was revoked before its time
    landed(oauth(web).fetch(None, NOW))
    assert [one.path for one in web.asked] == ["/token", "/d", "/token", "/d", "/token", "/d"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Reply(b"s3cret", status=401), "statut 401 à la demande de jeton"),
        (Reply(b"{}"), "ne se lit pas"),
        (Reply(b"x" * 100_000), "trop longue"),
        (Reply(b"", status=503), "ReadError, 3 fois"),
    ],
)
def test_a_token_that_is_not_given_is_told_without_a_secret(web: Web, answer: Reply, told: str) -> None:
    web.routes["/token"] = lambda asked: answer
    with pytest.raises(SourceUnavailableError, match=told) as caught:
        landed(oauth(web).fetch(None, NOW))
    assert "s3cret" not in str(caught.value)


def test_a_service_that_refuses_every_token_is_not_insisted_on(web: Web) -> None:
    web.routes["/token"] = lambda asked: as_json({"access_token": "t"})
    web.routes["/d"] = lambda asked: Reply(status=401)
    with pytest.raises(SourceUnavailableError, match="statut 401"):
        landed(oauth(web).fetch(None, NOW))
    assert len(web.asked) == 4


@pytest.mark.parametrize(
    ("base", "credential", "told"),
    [
        ("http://service.example", SECRET, "ne voyagent pas en clair"),
        ("https://service.example", OperatorCredential(password="x", hosts=("autre.example",)), "ne valent pas pour"),
    ],
)
def test_secrets_go_to_nobody_else(base: str, credential: OperatorCredential, told: str) -> None:
    with pytest.raises(FeedError, match=told):
        pull(base, DOCUMENT, credential=credential, options={"credential": "relation-usagers"})


def test_a_certificate_is_checked(tmp_path: Any) -> None:
    authority = Authority(tmp_path, "authority")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.sign("server"))
    with serving(server) as web:
        web.routes["/d"] = lambda asked: Reply(b"1")
        with pytest.raises(SourceUnavailableError, match="ConnectError"):
            landed(pull(web, DOCUMENT).fetch(None, NOW))
        assert landed(pull(web, DOCUMENT, trust=authority.trusting()).fetch(None, NOW))[0] == [("d/0001.bin", b"1")]
