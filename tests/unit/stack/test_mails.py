"""What an adopter says of a mail server, and what CKAN is told of it."""

from __future__ import annotations

import configparser
import random
from pathlib import Path

import pytest

from policies import load_territory
from settings import SettingsError, load_settings
from stack.context import build_context
from stack.services.ckan import _configuration

SAID = 'smtp_server = "mail.territoire.example:587"\nsmtp_sender = "donnees@territoire.example"\nsmtp_user = "hub"\n'


def told(home: Path) -> configparser.SectionProxy:
    """CKAN's own section, as CKAN reads it."""
    context = build_context(home, preferred_ports=False, rng=random.Random(7))
    parser = configparser.ConfigParser()
    parser.read_string(_configuration(context, load_territory(context.territory)))
    return parser["app:main"]


def test_without_a_server_ckan_sends_nothing(tmp_path: Path) -> None:
    section = told(tmp_path)
    assert section["ardoise.send_mails"] == "false"
    assert not [name for name in section if name.startswith("smtp.")]


def test_with_one_ckan_uses_it_encrypted(tmp_path: Path) -> None:
    (tmp_path / "ardoise.toml").write_text(SAID, encoding="utf-8")
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "smtp-password").write_text("100%secret\n", encoding="utf-8")
    section = told(tmp_path)
    assert {name: section[name] for name in section if name.startswith("smtp.")} == {
        "smtp.server": "mail.territoire.example:587",
        "smtp.mail_from": "donnees@territoire.example",
        "smtp.starttls": "true",
        "smtp.user": "hub",
        "smtp.password": "100%secret",
    }
    assert section["ardoise.send_mails"] == "true"


def test_a_server_without_a_sender_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ardoise.toml").write_text('smtp_server = "mail.territoire.example"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="smtp_sender"):
        load_settings(tmp_path)
