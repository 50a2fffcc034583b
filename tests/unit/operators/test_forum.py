"""Contributions to the Forum: read by the contract, signed by people, page by page."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from sources import decoder
from stack.operators import forum
from stack.operators.canaries import make_canaries
from stack.operators.feeds import forum_contributions
from stack.operators.server import build_app
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY, contract, decode

OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))


def test_contributions_are_read_whole() -> None:
    made = contract("forum-contributions")
    data = json.dumps(forum.contributions(*OCTOBER, 40, 1), ensure_ascii=False)
    table, rejects, _ = decode(decoder(made, TERRITORY), "forum-contributions", data)
    assert (table.num_rows, rejects) == (40, [])
    assert set(table["theme"].to_pylist()) <= set(forum.THEMES)


def test_people_sign_and_some_agree() -> None:
    canaries = make_canaries(6, 9)
    found = forum.contributions(*OCTOBER, 100, 1, canaries=canaries)
    assert found == forum.contributions(*OCTOBER, 100, 1, canaries=canaries)
    assert set(canaries.accounts) <= {one["auteur"] for one in found}
    agreed = forum.signed(100, 1, canaries).to_pylist()
    assert set(canaries.accounts) <= set(agreed)
    assert len(agreed) < forum.authors_of(100)


def test_pages_follow_the_last_change(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, 11, tzinfo=UTC)
    world = World(1, Size(10, 300, 0.001), tmp_path, TERRITORY.folder, lambda: now)
    with TestClient(build_app(world)) as client:
        pages = [client.get("/forum/contributions", params={"page": page}).json() for page in (1, 2)]
        since = pages[1][0]["modifie_le"]
        later = client.get("/forum/contributions", params={"modifiees_apres": since}).json()
    changes = [one["modifie_le"] for page in pages for one in page]
    assert len(changes) == 100
    assert changes == sorted(changes)
    assert later[0]["modifie_le"] == since
    assert len(forum_contributions.consenting(Size(scale=0.001), 1, None)) > 30
