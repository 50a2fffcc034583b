"""The privacy budget of a dataset and protection unit, kept in the hub's database.

Rules:

1. A budget is declared once, with the bounds of what one unit can change; declaring it again changes nothing, declaring
   another amount is refused.
2. Spends add up (sequential composition: Dwork and Roth (2014), theorem 3.14). One that does not fit is refused before
   anything is drawn.
3. Noise is drawn inside the transaction that records its spend, and the figures with it: either all is kept or nothing
   is. A process killed in between has spent nothing and shown nothing.
4. A figure has a name. Asked again under the same name and question, it is the stored one, without new noise nor spend;
   under the same name with another question, it is refused.
5. Lines are only ever added (a trigger of the migration).

Who asks at the same time takes turns on the budget's line, so two spends never pass on what only pays for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from anonymization.errors import BudgetError, BudgetExhaustedError
from anonymization.noise.influence import Influence
from anonymization.noise.mechanism import MICRO, micro
from storage.database import translated, upsert
from storage.database.tables import privacy_budgets, privacy_spends


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be told in all about one unit of a dataset. `unit` is the contract's kind: person, household…"""

    dataset: str
    unit: str
    micro_epsilon: int
    influence: Influence


@dataclass(frozen=True, slots=True)
class Release:
    """Figures that were drawn and paid for."""

    name: str
    question: str  # digest of what was asked
    micro_epsilon: int
    figures: Mapping[str, Any]
    drawn_at: datetime


class BudgetLedger:
    """The budgets and spends of the hub."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def declare(self, dataset: str, unit: str, epsilon: float, influence: Influence, declared_at: datetime) -> Budget:
        """Declare a budget; may be repeated.

        Raises:
            NoiseError: epsilon is not an amount, or a bound bounds nothing.
            BudgetError: it was declared with another amount or other bounds.
        """
        influence.check()
        budget = Budget(dataset, unit, micro(epsilon), influence)
        values = {
            "dataset": dataset, "unit": unit, "micro_epsilon": budget.micro_epsilon,
            "influence": influence.to_json(), "declared_at": declared_at,
        }  # fmt: skip
        with translated("a privacy budget"), self._engine.begin() as connection:
            connection.execute(upsert(self._engine, privacy_budgets, values, update=False))
            if _declared(connection, dataset, unit) != budget:
                raise BudgetError(f"dataset « {dataset} »: its privacy budget was declared with other terms")
        return budget

    def budget(self, dataset: str, unit: str) -> Budget:
        """A budget, as declared.

        Raises:
            BudgetError: it never was.
        """
        with translated("a privacy budget"), self._engine.connect() as connection:
            return _declared(connection, dataset, unit)

    def left(self, dataset: str, unit: str) -> int:
        """What is left of a budget, in millionths of epsilon.

        Raises:
            BudgetError: it was never declared.
        """
        with translated("a privacy budget"), self._engine.connect() as connection:
            return _declared(connection, dataset, unit).micro_epsilon - _spent(connection, dataset, unit)

    def stored(self, dataset: str, unit: str, name: str) -> Release | None:
        """The figures kept under a name."""
        with translated("noisy figures"), self._engine.connect() as connection:
            return _stored(connection, dataset, unit, name)

    def spend(
        self, dataset: str, unit: str, name: str, question: str, micro_epsilon: int,
        draw: Callable[[], Mapping[str, Any]], now: datetime,
    ) -> Release:  # fmt: skip
        """The figures under `name`: those kept, or drawn now, kept and paid for.

        Args:
            dataset: whose budget.
            unit: the kind of its protection unit.
            name: of the figures, unique in the budget.
            question: digest of all that the figures depend on.
            micro_epsilon: what they cost.
            draw: gives the figures, as plain JSON; called once at most.
            now: when.

        Raises:
            BudgetError: the budget was never declared, or another question was answered under this name.
            BudgetExhaustedError: what is left does not pay.
            StoreUnavailableError: the database does not answer. Nothing was shown; asking again gives the figures if
                they were kept.
        """
        with translated("noisy figures"), self._engine.begin() as connection:
            total = _declared(connection, dataset, unit, locked=True).micro_epsilon
            kept = _stored(connection, dataset, unit, name)
            if kept is not None:
                if (kept.question, kept.micro_epsilon) != (question, micro_epsilon):
                    raise BudgetError(f"dataset « {dataset} »: another question was answered under the name « {name} »")
                return kept
            left = total - _spent(connection, dataset, unit)
            if micro_epsilon > left:
                raise BudgetExhaustedError(
                    f"dataset « {dataset} »: the privacy budget has {left / MICRO:g} left and this costs "
                    f"{micro_epsilon / MICRO:g}: refused, nothing was drawn"
                )
            release = Release(name, question, micro_epsilon, dict(draw()), now)
            connection.execute(
                insert(privacy_spends).values(
                    dataset=dataset, unit=unit, name=name, question=question, micro_epsilon=micro_epsilon,
                    figures=release.figures, drawn_at=now,
                )
            )  # fmt: skip
        return release


def _declared(connection: Connection, dataset: str, unit: str, *, locked: bool = False) -> Budget:
    columns = privacy_budgets.c
    found = select(columns.micro_epsilon, columns.influence).where(columns.dataset == dataset, columns.unit == unit)
    line = connection.execute(found.with_for_update() if locked else found).one_or_none()
    if line is None:
        raise BudgetError(f"dataset « {dataset} »: no privacy budget was declared for its « {unit} »")
    return Budget(dataset, unit, int(line.micro_epsilon), Influence.from_json(line.influence))


def _spent(connection: Connection, dataset: str, unit: str) -> int:
    spent = select(func.coalesce(func.sum(privacy_spends.c.micro_epsilon), 0)).where(
        privacy_spends.c.dataset == dataset, privacy_spends.c.unit == unit
    )
    return int(connection.execute(spent).scalar_one())


def _stored(connection: Connection, dataset: str, unit: str, name: str) -> Release | None:
    columns = privacy_spends.c
    line = connection.execute(
        select(columns.question, columns.micro_epsilon, columns.figures, columns.drawn_at).where(
            columns.dataset == dataset, columns.unit == unit, columns.name == name
        )
    ).one_or_none()
    return None if line is None else Release(name, line.question, int(line.micro_epsilon), line.figures, line.drawn_at)
