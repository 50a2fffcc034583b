"""Mails of the catalogue, against a real SMTP server: who gets which, once, and how they stop.

The story runs inside CKAN with a mail server configured; the CKAN that serves pages has none, and promises nothing.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import secrets
import socket
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from catalog.publisher import CkanCatalogue
from stack.services.postgres import hub_cluster
from tests.catalog_pages import page, water
from tests.integration.catalog.conftest import CkanServer

WRITTEN, WRITER = "Le compteur du 12 rue des Lices tourne à l'envers.", "ecrivain@exemple.fr"
STORY = """
import json, logging, sys, uuid
from ckan import model
from ckan.common import config
import ckan.plugins as p
from ckanext.ardoise.messages import box
from ckanext.ardoise.messages.rules import Message

given, told, lines = json.load(sys.stdin), {}, []
class Kept(logging.Handler):
    def emit(self, record):
        lines.append(self.format(record))
for each in (None, "ckan", "ckanext"):
    logging.getLogger(each).addHandler(Kept())
config.update({
    "ardoise.send_mails": True, "smtp.server": f"127.0.0.1:{given['port']}", "smtp.starttls": False,
    "smtp.mail_from": "catalogue@territoire.example",
})
def call(user, action, **data):
    return p.toolkit.get_action(action)({"user": user}, data)
def send(step):
    told[step] = call("ardoise-editor", "ardoise_send_mails")
def change(text, **more):
    shown = call("ardoise-editor", "package_show", id=given["name"])
    new = {"date": "2026-11-04T08:00:00+00:00", "period": "2026-10", "version": "1.0.0", "text": text}
    call("ardoise-editor", "package_patch", id=given["name"], changes=[new, *shown["changes"]], **more)
def write():
    box.keep(dataset, Message(uuid.uuid4(), "problem", given["written"], "", given["writer"]))

for name, address in given["users"].items():
    model.Session.add(model.User(name=name, email=address))
model.Session.commit()
dataset = model.Package.get(given["name"]).id
anne, bruno, refus = given["users"]
call(anne, "follow_dataset", id=given["name"])
call(refus, "follow_dataset", id=given["name"])
model.Session.add(model.UserFollowingDataset(model.User.get(bruno).id, dataset))  # before there was a mail server
model.Session.commit()
send("nothing changed")
change("Octobre 2026 : correction, 4 lignes au lieu de 3.")
send("a correction")
send("again")
change("Ce que nul ne doit lire.", private=True)
send("private")
change("Octobre 2026 : une autre correction.", private=False)
config["smtp.server"] = f"127.0.0.1:{given['closed']}"
send("no server")
config.update({"smtp.server": f"127.0.0.1:{given['port']}", "smtp.starttls": True})
send("no encryption")
config["smtp.starttls"] = False
send("the server is back")
write()
send("a message, nobody has an address")
model.Session.add(model.User(name=given["steward"], email="responsable@exemple.fr"))
model.Session.commit()
joined = {"id": model.Package.get(given["name"]).owner_org, "username": given["steward"], "role": "editor"}
site = p.toolkit.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
p.toolkit.get_action("organization_member_create")({"ignore_auth": True, "user": site}, joined)
write()
write()
send("two messages")
send("told once")
with application._wsgi_app.test_client() as client:
    told["page"] = client.get(f"/dataset/{given['name']}").get_data(as_text=True)
told["lines"] = lines
print(json.dumps(told))
"""


class Box:
    """What an SMTP server took; it knows nobody called « refus »."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("refus"):
            return "550 5.1.1 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.letters += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"


@dataclass(frozen=True, slots=True)
class Told:
    """What came of the story."""

    name: str
    users: dict[str, str]
    steps: dict[str, Any]
    letters: list[tuple[str, str, EmailMessage]]  # address, text, message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def story(ckan: CkanServer) -> Told:
    mark = secrets.token_hex(4)
    name = f"eau-{mark}"
    CkanCatalogue(ckan.url, SecretStr(ckan.editor)).publish(page(water(name)))
    users = {f"{who}-{mark}": f"{who}@exemple.fr" for who in ("anne", "bruno", "refus")}
    taken = Box()
    controller = Controller(taken, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        given = {"name": name, "users": users, "steward": f"steward-{mark}", "written": WRITTEN, "writer": WRITER}
        printed = ckan.script(STORY, json.dumps({**given, "port": controller.port, "closed": free_port()}))
        steps = json.loads(printed.splitlines()[-1])
    finally:
        controller.stop()
    read = [(to, str(letter.get_content()).replace("\r\n", "\n"), letter) for to, letter in taken.letters]
    return Told(name, users, steps, read)


def counts(told: Told, step: str) -> tuple[int, int]:
    assert told.steps[step]["fault"] is None
    return told.steps[step]["sent"], told.steps[step]["refused"]


def test_followers_get_each_change_once(story: Told) -> None:
    assert counts(story, "nothing changed") == (0, 0)
    assert counts(story, "a correction") == (2, 1)  # an address that the server refuses holds up nobody
    assert counts(story, "again") == (0, 1)
    for who in ("anne", "bruno"):
        texts = [text for to, text, _ in story.letters if to == f"{who}@exemple.fr"]
        assert len(texts) == 2
        assert texts[0].count("\n- ") == 1
        assert "4 novembre 2026 : Octobre 2026 : correction, 4 lignes au lieu de 3." in texts[0]
        assert f"/dataset/{story.name}\n" in texts[0]


def test_nothing_of_a_private_dataset_is_told_while_it_is(story: Told) -> None:
    assert counts(story, "private") == (0, 0)


def test_what_could_not_go_goes_once_the_server_is_back(story: Told) -> None:
    for step in ("no server", "no encryption"):
        assert story.steps[step]["sent"] == 0
        assert story.steps[step]["fault"].startswith("the mail server can not be used")
    assert counts(story, "the server is back") == (2, 1)
    last = [text for to, text, _ in story.letters if to == "anne@exemple.fr"][-1]
    assert "Octobre 2026 : une autre correction." in last


def test_a_steward_learns_that_messages_wait_and_nothing_of_them(story: Told) -> None:
    assert counts(story, "a message, nobody has an address") == (1, 1)
    assert counts(story, "two messages") == (1, 1)
    assert counts(story, "told once") == (0, 1)
    notices = [(to, letter["Subject"], text) for to, text, letter in story.letters if "/ardoise/messages" in text]
    assert [(to, subject) for to, subject, _ in notices] == [
        ("donnees@angersloiremetropole.example", "Un message vous attend"),  # the contract's contact
        ("responsable@exemple.fr", "2 messages vous attendent"),
    ]
    for _, text, letter in story.letters:
        assert WRITTEN not in text
        assert "ecrivain" not in str(letter)


def test_no_address_is_written_in_the_log(story: Told) -> None:
    assert not [line for line in story.steps["lines"] if "@exemple" in line]


def test_a_mail_says_how_to_stop_and_that_needs_no_account(story: Told, ckan: CkanServer) -> None:
    _, text, letter = next(one for one in story.letters if one[0] == "bruno@exemple.fr")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert str(letter["From"]).endswith("<catalogue@territoire.example>")
    this, every = re.findall(r"https?://\S+/ardoise/stop/\S+", text)
    assert letter["List-Unsubscribe"] == f"<{every}>"
    bruno = next(name for name in story.users if name.startswith("bruno"))
    for address in (this, every):
        assert followers(ckan, story) & {bruno} == ({bruno} if address == this else set())
        assert httpx.get(address, timeout=30).status_code == 200  # looking changes nothing
        assert followers(ckan, story) & {bruno} == ({bruno} if address == this else set())
        assert "C’est fait" in httpx.post(address, data={"List-Unsubscribe": "One-Click"}, timeout=30).text
    assert next(name for name in story.users if name.startswith("anne")) in followers(ckan, story)
    assert httpx.post(f"{this}x", timeout=30).status_code == 404


def followers(ckan: CkanServer, story: Told) -> set[str]:
    query = """SELECT u.name FROM "user" u JOIN user_following_dataset f ON f.follower_id = u.id
               JOIN package p ON p.id = f.object_id WHERE p.name = %s"""
    with psycopg.connect(hub_cluster(ckan.context).admin_dsn("ckan")) as connection:
        return {name for (name,) in connection.execute(query, [story.name])}


def test_without_a_mail_server_nothing_is_sent_nor_promised(story: Told, ckan: CkanServer) -> None:
    assert CkanCatalogue(ckan.url, SecretStr(ckan.editor)).send_mails() == {"sent": 0, "refused": 0}
    assert ckan.action("ardoise_send_mails").status_code == 403
    shown = httpx.get(f"{ckan.url}/dataset/{story.name}", timeout=30).text
    assert f"/ardoise/changes/{story.name}.atom" in shown
    assert "courriel" not in shown.split('id="ard-subscribe"')[1].split("</section>")[0]
    assert "Se connecter pour être prévenu par courriel" in story.steps["page"]
