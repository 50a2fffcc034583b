"""The simulated operator of well-being asks the real custody, and delivers pseudonyms alone."""

from __future__ import annotations

import dataclasses
import json

from stack.embedded import Stack
from stack.operators import wellbeing
from stack.service import StackContext
from stack.services import participants


def test_the_file_of_a_month_bears_pseudonyms_alone_and_is_made_once(stack_context: StackContext) -> None:
    Stack(stack_context, only=("postgres", "hub", "custody")).up(die_with_parent=True)
    account = stack_context.paths.of_service("devices") / "accounts" / "vyv"
    participants.prepare(stack_context)
    assert not account.exists()  # only where every feed is shown
    context = dataclasses.replace(stack_context, operators=dataclasses.replace(stack_context.operators, every=True))
    participants.prepare(context)
    (file,) = (account / "bien-etre").iterdir()
    before = file.read_bytes()
    answers = json.loads(before)["reponses"]
    assert len(answers) >= participants.LEAST
    assert {answer["participant"].rpartition(":")[0] for answer in answers} == {"wellbeing:0"}
    assert len({answer["participant"] for answer in answers}) == len(answers)
    people = wellbeing.make_participants(len(answers), context.operators.seed)
    assert not any(one.account in before.decode() or one.name in before.decode() for one in people)
    participants.prepare(context)
    assert file.read_bytes() == before
