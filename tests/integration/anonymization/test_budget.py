"""The privacy budget on the real service: together with what only it has, turns and a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from anonymization.errors import BudgetExhaustedError
from anonymization.noise import BudgetLedger, NoisyFigures
from tests.unit.anonymization.noise.behavior import DATA, INFLUENCE, NOW, BudgetBehavior

ROOT = Path(__file__).parents[3]


@pytest.fixture
def ledger(engine: Engine) -> BudgetLedger:
    return BudgetLedger(engine)


class TestBudgetOnPostgres(BudgetBehavior):
    """The one suite, on the real service."""


def test_who_asks_at_the_same_time_takes_turns(ledger: BudgetLedger) -> None:
    ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
    figures = NoisyFigures(ledger, "water", "delivery_point")

    def ask(number: int) -> bool:
        try:
            figures.count(f"units {number}", DATA, 0.3, NOW)
        except BudgetExhaustedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        answered = list(pool.map(ask, range(12)))
    assert sum(answered) == 3
    assert ledger.left("water", "delivery_point") == 100_000


def test_the_same_question_at_the_same_time_has_one_answer(ledger: BudgetLedger) -> None:
    ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
    figures = NoisyFigures(ledger, "water", "delivery_point")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: figures.count("units", DATA, 0.01, NOW).value, range(12)))
    assert len(set(found)) == 1
    assert ledger.left("water", "delivery_point") == 990_000


def test_a_process_killed_between_draw_and_commit_has_spent_nothing(ledger: BudgetLedger, hub_database: str) -> None:
    ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
    command = [sys.executable, "-m", "tests.integration.anonymization.child_drawer"]
    child = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "HUB_URL": hub_database}, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    drawn = child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate(timeout=30)
    assert drawn.startswith("drawn")
    assert rest == ""  # nothing was shown
    assert ledger.left("water", "delivery_point") == 1_000_000
    assert ledger.stored("water", "delivery_point", "units") is None
    figures = NoisyFigures(ledger, "water", "delivery_point")
    assert figures.count("units", DATA, 0.1, NOW).value == figures.count("units", DATA, 0.1, NOW).value
    assert ledger.left("water", "delivery_point") == 900_000


@pytest.mark.parametrize("table", ["privacy_budgets", "privacy_spends"])
@pytest.mark.parametrize("change", ["UPDATE {} SET dataset = dataset", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_give_a_spend_back(
    engine: Engine, ledger: BudgetLedger, table: str, change: str
) -> None:
    ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
    NoisyFigures(ledger, "water", "delivery_point").count("units", DATA, 0.1, NOW)
    with pytest.raises(IntegrityError, match="only ever added"), engine.begin() as connection:
        connection.execute(text(change.format(table)))
    assert ledger.left("water", "delivery_point") == 900_000
