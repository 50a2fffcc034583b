"""What a reader may write to a steward."""

from __future__ import annotations

from uuid import uuid4

import pytest
from ckanext.ardoise.messages.rules import LONGEST, TRAP, read, trapped

NUMBER = str(uuid4())


def form(**changed: str) -> dict[str, str]:
    return {"form": NUMBER, "kind": "problem", "text": "Le total d'octobre semble doublé.", **changed}


def test_a_sound_message() -> None:
    message, wrong = read(
        form(link="https://appli.example/eau", contact="lea@exemple.fr", text="  deux\r\nlignes !\x00 ")
    )
    assert not wrong
    assert message is not None
    assert (str(message.form), message.kind, message.text) == (NUMBER, "problem", "deux\r\nlignes !")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""),
        ("kind", "urgent"),
        ("text", "court"),
        ("text", "x" * (LONGEST + 1)),
        ("link", "javascript:alert(1)"),
        ("link", "https://"),
        ("link", "https://a b"),
        ("link", "http://[::1"),
        ("link", "https://a.example/" + "x" * 500),
        ("contact", "personne"),
        ("contact", "a@b"),
        ("contact", "<a@b.fr>"),
        ("contact", "a@b.fr\nBcc: c@d.fr"),
        ("form", ""),
        ("form", "12"),
    ],
)
def test_each_field_is_told_what_is_wrong(field: str, value: str) -> None:
    message, wrong = read(form(**{field: value}))
    assert message is None
    assert list(wrong) == [field]


def test_machines_fall_into_the_trap() -> None:
    assert trapped(form(**{TRAP: "https://spam.example"}))
    assert not trapped(form(**{TRAP: " "}))
