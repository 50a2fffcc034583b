"""The command line of enrolled people: two officers, a requester and a recipient, each with their file of keys."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.pseudonyms import binding, pad, siv_encrypt
from custody.commands import main
from custody.settings import load_settings
from custody.vault import open_vault
from tests.integration.custody.conftest import CustodyHome, Done

REASON = ("--reason", "Une fuite est soupçonnée sur le réseau d'eau.")
BASIS = ("--legal-basis", "RGPD, article 6, paragraphe 1, point d.")


@dataclass(slots=True)
class Desk:
    """Runs commands as somebody, at one place."""

    folder: Path
    place: tuple[str, str]
    custody: CustodyHome
    cards: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(words)
        return Done(status, out.getvalue(), err.getvalue())

    def enroll(self, name: str, role: str) -> None:
        recipient = ("--recipient",) if role == "recipient" else ()
        out = ("--out", str(self.folder / name), "--passphrase-file", str(self.folder / "passphrase"))
        made = self.run("officer", "keys", *out, *recipient)
        assert made.returncode == 0, made.stderr
        self.cards[name] = made.stdout.strip()
        done = self.custody.command("officer", "add", name, "--role", role, "--card", self.cards[name])
        assert done.returncode == 0, done.stderr

    def acts(self, name: str, *words: str) -> Done:
        keys = ("--key", str(self.folder / name), "--passphrase-file", str(self.folder / "passphrase"))
        return self.run(*words, *self.place, "--as", name, *keys)


@pytest.fixture(params=["--home", "--url"])
def desk(request: pytest.FixtureRequest, custody: CustodyHome, tmp_path: Path) -> Desk:
    custody.query("DELETE FROM person")
    (tmp_path / "passphrase").write_text("une phrase de passe\n")
    value = str(custody.home) if request.param == "--home" else custody.url
    desk = Desk(tmp_path, (request.param, value), custody)
    for name, role in (("anne", "officer"), ("bruno", "officer"), ("diane", "requester"), ("emile", "recipient")):
        desk.enroll(name, role)
    return desk


def reversible(custody: CustodyHome, identifier: str) -> str:
    words = ("domain", "add", "leaks", "--kind", "reversible", "--padded-length", "32")
    assert custody.command(*words).returncode == 0
    vault = open_vault(load_settings(custody.home), lambda: pytest.fail("no clock is needed"))
    with vault.engine.connect() as connection:
        key = vault.open_domain(connection, "leaks").key
    vault.engine.dispose()
    (made,) = siv_encrypt(key, pad(pa.array([identifier]), [32]), binding("leaks", "contrat", 0)).to_pylist()
    return bytes(made).hex()


def test_a_re_identification_from_the_request_to_the_reading(desk: Desk) -> None:
    pseudonym = reversible(desk.custody, "ALM-000001")
    asked = desk.acts(
        "diane", "request", "reidentify", "--domain", "leaks", "--epoch", "0", "--column", "contrat",
        "--pseudonym", pseudonym, "--recipient", "emile", "--recipient-card", desk.cards["emile"], *REASON, *BASIS,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    digest = asked.stdout.split()[1]
    early = desk.acts("emile", "collect", digest)
    assert (early.returncode, early.stdout) == (1, "")
    assert "il manque des approbations" in early.stderr
    for name, state in (("anne", "attend"), ("bruno", "approuvée")):
        approved = desk.acts(name, "approve", digest[:12], "--yes")
        assert approved.returncode == 0, approved.stderr
        assert pseudonym in approved.stdout
        assert "Une fuite est soupçonnée" in approved.stdout
        assert state in approved.stdout.splitlines()[-1]
    assert desk.acts("emile", "collect", digest).stdout == "ALM-000001\n"
    again = desk.acts("emile", "collect", digest)
    assert again.returncode == 1
    assert "close" in again.stderr
    listed = desk.acts("anne", "requests")
    assert "faite" in next(line for line in listed.stdout.splitlines() if line.startswith(digest[:12]))


def test_a_rotation_is_started_by_two(desk: Desk) -> None:
    domain = f"cli-{desk.place[0].strip('-')}"
    desk.custody.command("domain", "add", domain)
    asked = desk.acts("diane", "request", "rotate", "--domain", domain, "--epoch", "0", *REASON)
    digest = asked.stdout.split()[1]
    assert desk.acts("anne", "approve", digest, "--yes").returncode == 0
    assert "déjà approuvé" in desk.acts("anne", "approve", digest, "--yes").stderr
    assert "rotation en cours" in desk.acts("bruno", "approve", digest, "--yes").stdout
    assert "0 (rotation en cours)" in desk.acts("anne", "domains").stdout
    epochs = [line.split()[:3] for line in desk.acts("anne", "epochs").stdout.splitlines() if line.startswith(domain)]
    assert epochs == [[domain, "0", "en"], [domain, "1", "prochaine"]]
    assert "rotation:start" in desk.acts("anne", "log", "show").stdout
    assert "jamais « consent »" in desk.acts(
        "diane", "request", "rotate", "--domain", "consent", "--epoch", "0", *REASON
    ).stderr  # fmt: skip


def test_an_officer_refuses_and_a_hand_that_hesitates_approves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = f"no-{desk.place[0].strip('-')}"
    desk.custody.command("domain", "add", domain)
    asked = desk.acts("diane", "request", "rotate", "--domain", domain, "--epoch", "0", *REASON)
    digest = asked.stdout.split()[1]
    monkeypatch.setattr("builtins.input", lambda question: "non")
    hesitant = desk.acts("anne", "approve", digest)
    assert (hesitant.returncode, "rien n'a été approuvé" in hesitant.stderr) == (1, True)
    assert desk.acts("bruno", "refuse", digest).returncode == 0
    assert "close" in desk.acts("anne", "approve", digest, "--yes").stderr
    assert "il n'y a pas de telle demande" in desk.acts("anne", "approve", "0" * 12, "--yes").stderr


def test_the_administrator_sees_and_enrolls_but_approves_nothing(desk: Desk) -> None:
    for what in (("requests",), ("domains",), ("epochs",), ("log", "show"), ("officer", "list")):
        shown = desk.custody.command(*what)
        assert (shown.returncode, shown.stderr) == (0, "")
    assert "anne" in desk.custody.command("officer", "list").stdout
    assert desk.custody.command("officer", "remove", "anne").returncode == 0
    assert "personne n'est inscrit" in desk.acts("anne", "requests").stderr
    assert desk.custody.command("officer", "remove", "anne").returncode == 1
    assert "dites qui regarde" in desk.run("requests", "--url", desk.custody.url).stderr


def test_a_service_that_is_not_there_is_told(desk: Desk) -> None:
    keys = ("--key", str(desk.folder / "anne"), "--passphrase-file", str(desk.folder / "passphrase"))
    for url, words in (("http://127.0.0.1:1", "does not answer"), ("ftp://x", "begins with")):
        done = desk.run("requests", "--url", url, "--as", "anne", *keys)
        assert done.returncode == 1
        assert words in done.stderr
