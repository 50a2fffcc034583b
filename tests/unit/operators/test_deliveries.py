"""What every simulated operator delivers is where its contract looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.connectors.options import MqttOptions, PushOptions
from sources.options import read_options
from stack.operators.registry import offering, simulated
from tests.unit.operators.support import NOW, world
from tests.unit.sources.support import contract

FILES = offering("files")


@pytest.mark.parametrize("dataset", FILES)
def test_files_are_where_the_contract_looks(dataset: str, tmp_path: Path) -> None:
    FILES[dataset](world(tmp_path))
    feed = contract(dataset).feed
    folder = tmp_path if feed.connector == "file_drop" else tmp_path / "accounts" / str(feed.options.get("credential"))
    assert list(folder.glob(str(feed.options["pattern"])))


@pytest.mark.parametrize("dataset", offering("messages"))
def test_messages_have_the_contract_s_topics(dataset: str, tmp_path: Path) -> None:
    ((name, _),) = simulated()[dataset].messages(world(tmp_path), NOW)
    assert read_options(contract(dataset), MqttOptions).topics == (f"{dataset}/+",)
    assert "/" not in name


@pytest.mark.parametrize("dataset", offering("posts"))
def test_posts_have_the_contract_s_path(dataset: str) -> None:
    assert simulated()[dataset].PATH in read_options(contract(dataset), PushOptions).paths
