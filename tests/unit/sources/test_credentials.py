from __future__ import annotations

import json
from pathlib import Path

import pytest

from settings import Settings
from sources import FeedError, check_feed
from sources.credentials import find_credential
from tests.unit.sources.support import TERRITORY, fed_by

COLLECTIONS = {"d": {"path": "/d", "paging": "none"}}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustAShape"


def settings(home: Path, **secrets: str) -> Settings:
    (home / "secrets").mkdir(exist_ok=True)
    for name, text in secrets.items():
        (home / "secrets" / name.replace("_", "-")).write_text(text, encoding="utf-8")
    return Settings(home=home, territory=TERRITORY.folder)


def named(name: str | None):
    more = {} if name is None else {"credential": name}
    return fed_by("citizen-reports", "http_pull", collections=COLLECTIONS, **more)


def test_a_file_of_the_secrets_folder_or_a_connection_which_comes_first(tmp_path: Path) -> None:
    fields = {"login": "a", "password": "b", "host": "x.example, y.example", "port": 2022, "extra": '{"k": "v"}'}
    found = find_credential(
        named("relation-usagers"), "relation-usagers", settings(tmp_path, operator_relation_usagers=json.dumps(fields))
    )
    assert found is not None
    assert (found.login, found.password, found.port, found.extra) == ("a", "b", 2022, {"k": "v"})
    assert found.hosts == ("x.example", "y.example")
    connections = {"operator-relation-usagers": '{"login": "c", "extra": {}}'}.get
    again = find_credential(named("relation-usagers"), "relation-usagers", settings(tmp_path), connections)
    assert again is not None
    assert (again.login, again.password, again.hosts) == ("c", "", ())
    for word in ("'a'", "'b'", "'v'"):
        assert word not in repr(found)


def test_no_name_no_credential(tmp_path: Path) -> None:
    assert find_credential(named(None), None, settings(tmp_path)) is None


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("eau-angers-loire-metropole", "{}", "identifiants de son opérateur"),
        ("relation-usagersx", "{}", "identifiants de son opérateur"),
        ("relation-usagers", "pas du JSON: s3cret", "n'a pas la forme"),
        ("relation-usagers", '["s3cret"]', "n'a pas la forme"),
        ("relation-usagers-2", "{}", "aucune connexion Airflow ni aucun fichier"),
    ],
)
def test_a_credential_that_is_another_s_or_does_not_read(tmp_path: Path, name: str, text: str, told: str) -> None:
    known = settings(tmp_path, operator_relation_usagers=text, operator_eau_angers_loire_metropole=text)
    with pytest.raises(FeedError, match=told) as caught:
        find_credential(named(name), name, known)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("connector", "options"),
    [
        ("http_pull", {"collections": COLLECTIONS, "credential": "relation-usagers", "base": "https://x.example"}),
        ("http_push", {"paths": ["log-reports"]}),
        ("sftp", {"pattern": "depot/*.csv", "credential": "relation-usagers", "hostKeys": [KEY]}),
        ("sftp", {"pattern": "*.csv", "credential": "relation-usagers-sftp", "host": "x.example", "port": 2022}),
        ("s3_drop", {"pattern": "a/b/*.json", "credential": "relation-usagers", "bucket": "depot"}),
        ("mqtt", {"topics": ["capteurs/+/mesure"], "host": "x.example", "credential": "relation-usagers"}),
        ("mqtt", {"topics": ["a/#"], "host": "127.0.0.1", "tls": False}),
    ],
)
def test_a_contract_s_options_are_judged_without_a_credential(connector, options) -> None:
    check_feed(fed_by("citizen-reports", connector, **options), TERRITORY)


@pytest.mark.parametrize(
    ("connector", "options", "told"),
    [
        ("http_pull", {"collections": COLLECTIONS, "credential": "parking"}, "identifiants de son opérateur"),
        (
            "http_pull",
            {"collections": COLLECTIONS, "credential": "relation-usagers", "base": "http://x.example"},
            "ne voyagent pas en clair",
        ),
        (
            "http_pull",
            {"collections": COLLECTIONS, "credential": "relation-usagers", "authentication": "oauth2"},
            "tokenUrl",
        ),
        ("http_pull", {"collections": {"a": {"path": "/a", "paging": "cursor", "since": "x"}}}, "collections.a"),
        ("http_push", {"paths": ["../x"]}, "feed.options.paths"),
        ("http_push", {"paths": ["a"], "maximumBytes": 1 << 40}, "feed.options.maximumBytes"),
        ("sftp", {"pattern": "*.csv"}, "feed.options.credential"),
        ("sftp", {"pattern": "*/x.csv", "credential": "relation-usagers"}, "feed.options.pattern"),
        ("sftp", {"pattern": "../x.csv", "credential": "relation-usagers"}, "feed.options.pattern"),
        ("s3_drop", {"pattern": "*", "credential": "relation-usagers", "bucket": "B"}, "feed.options.bucket"),
        ("mqtt", {"topics": [], "host": "x.example"}, "feed.options.topics"),
        ("mqtt", {"topics": ["a"]}, "feed.options.host"),
        ("mqtt", {"topics": ["a"], "host": "x.example", "tls": False}, "ne voyagent pas en clair"),
        ("file_drop", {"pattern": "*.csv", "complete": "perhaps"}, "feed.options.complete"),
    ],
)
def test_options_that_can_not_be_are_named(connector, options, told: str) -> None:
    with pytest.raises(FeedError) as caught:
        check_feed(fed_by("citizen-reports", connector, **options), TERRITORY)
    assert told in str(caught.value)
    assert "citizen-reports.odcs.yaml" in str(caught.value)
