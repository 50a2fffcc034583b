"""A publisher killed with -9 before any of its calls to a real CKAN, then run again: what readers see meanwhile.

Files stand in the open bucket before the first call (see `tests/integration/pipeline/test_killed_workers.py`); here are
the steps that follow: the dataset, its rows that wait, its metadata, the swap of its rows, its views.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr

from catalog import DatasetPage
from catalog.ckan_api import CkanApi
from catalog.publisher import CkanCatalogue
from tests.catalog_pages import NOON, ROWS, page, water
from tests.forks import forked
from tests.integration.catalog.conftest import CkanServer

OLD, NEW = ROWS, [{**ROWS[0], "foyers_participants": 121}, ROWS[1]]
Seen = tuple[int, int] | None  # rows that the page tells of, and rows of the table


def first(name: str) -> DatasetPage:
    return page(water(name), rows=OLD)


def correction(name: str) -> DatasetPage:
    return page(water(name), rows=NEW, released_at=NOON + timedelta(hours=1))


def publish_until(url: str, token: str, make: Callable[[str], DatasetPage], name: str, kill_before: int) -> None:
    """Publish in this process; die before call number ``kill_before``, if there are so many."""
    numbers: Iterator[int] = count()

    def mortal(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if next(numbers) == kill_before:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return counted

    CkanApi.call, CkanApi.find, CkanApi.send = map(mortal, (CkanApi.call, CkanApi.find, CkanApi.send))  # type: ignore[method-assign]
    CkanCatalogue(url, SecretStr(token)).publish(make(name))


def kills(ckan: CkanServer, make: Callable[[str], DatasetPage], name: str) -> Iterator[int]:
    """Kill the publication before its first call, then its second…; yield after each, at last once it survived."""
    for number in count():
        arguments = (ckan.url, ckan.editor, make, name, number)
        process = forked.Process(target=publish_until, args=arguments)
        process.start()
        process.join(120)
        assert process.exitcode in (0, -signal.SIGKILL)
        yield number
        if process.exitcode == 0:
            return


def seen(ckan: CkanServer, name: str) -> Seen:
    """What anybody sees of the period: None where the dataset is not shown."""
    answer = ckan.action("package_show", {"id": name})
    if answer.status_code in (403, 404):
        assert ckan.ask("package_search", {"fq": f"name:{name}"})["count"] == 0
        return None
    resources = answer.json()["result"]["resources"]
    (told,) = {each["rows"] for each in resources if each["role"] == "period"}
    table = next(each["id"] for each in resources if each["role"] == "table")
    found = ckan.ask("datastore_search", {"resource_id": table, "limit": 100})
    assert found["total"] == len(found["records"])
    return told, found["total"]


@pytest.fixture
def name() -> str:
    return f"eau-{secrets.token_hex(4)}"


def test_a_publication_killed_before_any_call_shows_all_or_nothing(ckan: CkanServer, name: str) -> None:
    states = [seen(ckan, name) for _ in kills(ckan, first, name)]
    assert len(states) >= 8
    assert set(states) == {None, (3, 3)}
    assert states[0] is None
    assert states[-1] == (3, 3)
    views = ckan.ask("resource_view_list", {"id": table_of(ckan, name)})
    assert sorted(each["view_type"] for each in views) == ["ardoise_chart", "ardoise_table"]

    states = [seen(ckan, name) for _ in kills(ckan, correction, name)]
    assert len(states) >= 5
    assert {state[1] for state in states if state} == {3, 2}  # never rows of both, never none
    assert states[0] == (3, 3)
    assert states[-1] == (3, 2)
    shown = ckan.ask("package_show", {"id": name})
    assert len(shown["resources"]) == len({each["id"] for each in shown["resources"]}) == 6
    told = [each["text"] for each in shown["changes"]]
    assert len(told) == len(set(told))


def table_of(ckan: CkanServer, name: str) -> str:
    resources = ckan.ask("package_show", {"id": name})["resources"]
    return str(next(each["id"] for each in resources if each["role"] == "table"))
