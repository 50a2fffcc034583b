"""Custody over TLS, and only for holders of a certificate when its settings say so."""

from __future__ import annotations

import ssl
import urllib.request
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import SecretStr

from anonymization.pseudonyms import CustodyClient, CustodyRefusedError, CustodyUnavailableError
from settings import Settings, SettingsError
from tests.certificates import Authority
from tests.integration.custody.conftest import CustodyHome, MakeHome


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "territory")


@pytest.fixture(scope="module")
def custody(make_custody: MakeHome, authority: Authority) -> CustodyHome:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    certificate, key = authority.sign("custody")
    with (custody.home / "custody.toml").open("a") as settings:
        settings.write(f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\nclients = "{authority.file}"\n')
    custody.tls = authority.trusting(authority.sign("hub"))
    custody.start()
    return custody


def client(custody: CustodyHome, tls: ssl.SSLContext | None) -> CustodyClient:
    token = custody.token_file("orchestrator").read_text().strip()
    return CustodyClient(f"https://127.0.0.1:{custody.port}", SecretStr(token), tls=tls, timeout_seconds=20)


def test_everything_works_over_tls_both_ways_at_once(custody: CustodyHome) -> None:
    orchestrator = client(custody, custody.tls)
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=600_000))
    column = pa.array([f"49007-{number:09d}" for number in range(50_000)])
    answers = list(run.pseudonymize("water-meter", (column for _ in range(10))))
    assert len(answers) == 10
    assert all(answer.equals(answers[0]) for answer in answers)
    with pytest.raises(CustodyRefusedError, match="quota_spent"):
        list(run.pseudonymize("water-meter", (column for _ in range(10))))
    with urllib.request.urlopen(f"https://127.0.0.1:{custody.port}/health", context=custody.tls, timeout=20) as answer:
        assert answer.status == 200


def test_without_a_certificate_of_the_authority_nobody_is_heard(
    custody: CustodyHome, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    certificate, key = authority.sign("hub")
    address = {"home": tmp_path, "territory": tmp_path, "custody_url": f"https://127.0.0.1:{custody.port}"}
    settings = Settings(**address, custody_ca=authority.file, custody_certificate=certificate, custody_key=key)
    assert client(custody, settings.custody_tls()).create_run("r", "d")
    assert Settings(home=tmp_path, territory=tmp_path).custody_tls() is None
    with pytest.raises(SettingsError, match="not readable"):
        Settings(**address, custody_ca=tmp_path / "none").custody_tls()
    wearing = ssl.create_default_context(cafile=str(authority.file))
    wearing.load_cert_chain(*map(str, stranger.sign("hub")))
    for tls in (authority.trusting(), wearing, stranger.trusting(), None):
        with pytest.raises(CustodyUnavailableError):
            client(custody, tls).create_run("r", "d")
    plain = CustodyClient(f"http://127.0.0.1:{custody.port}", SecretStr("x"), timeout_seconds=20)
    with pytest.raises(CustodyUnavailableError):
        plain.create_run("r", "d")
    assert custody.healthy()


def test_it_does_not_serve_others_in_clear(make_custody: MakeHome, authority: Authority) -> None:
    custody = make_custody()
    assert custody.initialize().returncode == 0
    settings = custody.home / "custody.toml"
    kept = settings.read_text()
    settings.write_text(kept + 'host = "0.0.0.0"\n')
    done = custody.command("serve", "--port", str(custody.port))
    assert (done.returncode, "settings need [tls]" in done.stderr) == (1, True)
    certificate, _ = authority.sign("other")
    settings.write_text(kept + f'[tls]\ncertificate = "{certificate}"\nkey = "{settings}"\n')
    done = custody.command("serve", "--port", str(custody.port))
    assert (done.returncode, "[tls] is not readable" in done.stderr) == (1, True)
