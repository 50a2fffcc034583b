from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import Settings
from sources import FeedError, check_feed, connector
from sources.connectors.http_client import asked_pause
from tests.unit.sources.support import TERRITORY, contract, with_options

PATH = "/open311/v2/requests.json"


@pytest.mark.parametrize("dataset", ["parking", "citizen-reports", "water-meters"])
def test_the_shipped_feeds_are_understood(dataset: str) -> None:
    check_feed(contract(dataset), TERRITORY)


@pytest.mark.parametrize(
    ("dataset", "options", "place"),
    [
        ("parking", {"mislabeledOffset": "+00:00"}, "feed.options.mislabeledOffset"),
        ("parking", {"join": {"live": "nom", "reference": "id", "trough": "x.csv"}}, "feed.options.join.trough"),
        ("parking", {"base": "https://user@host"}, "feed.options.base"),
        ("citizen-reports", {"delimiter": ";"}, "feed.options.delimiter"),
        ("citizen-reports", {"collections": {}}, "feed.options.collections"),
        ("citizen-reports", {"collections": {"a": {"path": PATH, "paging": "page"}}}, "feed.options.collections"),
        ("citizen-reports", {"collections": {"a": {"path": PATH + "?x=1", "paging": "page"}}}, "collections.a.path"),
        ("water-meters", {"pattern": "../secrets/*"}, "feed.options.pattern"),
        ("water-meters", {"pattern": "/etc/*"}, "feed.options.pattern"),
        ("water-meters", {"delimiter": ";;"}, "feed.options.delimiter"),
        ("water-meters", {"encoding": "utf-7"}, "feed.options.encoding"),
    ],
)
def test_an_option_that_nothing_understands_is_named(dataset: str, options: dict[str, Any], place: str) -> None:
    with pytest.raises(FeedError) as caught:
        check_feed(with_options(dataset, **options), TERRITORY)
    assert place in str(caught.value)
    assert f"{dataset}.odcs.yaml" in str(caught.value)


def test_a_pairing_file_must_be_there() -> None:
    join = {"live": "nom", "reference": "id", "through": "ailleurs.csv"}
    with pytest.raises(FeedError, match=r"ailleurs\.csv"):
        check_feed(with_options("parking", join=join), TERRITORY)


def test_a_drop_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="drop_folder"):
        connector(contract("water-meters"), Settings(home=tmp_path, territory=TERRITORY.folder))


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("7", 7.0, 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, 0.0), ("Thu, 01 Jan 2099 00:00:00 GMT", 1e6, 1e12)],
)
def test_retry_after_is_seconds_or_a_date(header: str, least: float, most: float) -> None:
    pause = asked_pause(httpx.Response(503, headers={"retry-after": header}))
    assert pause is not None
    assert least <= pause <= most


@pytest.mark.parametrize("header", ["", "soon", "-1"])
def test_a_retry_after_that_is_neither_is_ignored(header: str) -> None:
    assert asked_pause(httpx.Response(503, headers={"retry-after": header})) is None
