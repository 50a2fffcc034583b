"""Noisy counts, sums, means and histograms of a dataset, each paid for and kept.

Counts are of distinct protection units. A mean is a noisy sum over a noisy count, each with half of epsilon. What is
returned is what the database keeps: the same question under the same name has the same answer for ever.

What must not change: no figure leaves this module that the ledger has not committed, and the true figures never do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa

from anonymization.errors import NoiseError
from anonymization.noise.budget import BudgetLedger
from anonymization.noise.influence import STEPS, bounded, check
from anonymization.noise.mechanism import MICRO, micro, noisy
from storage import canonical_json

_ALL = ("",)


@dataclass(frozen=True, slots=True)
class NoisyFigure:
    """A figure and the scale of the Laplace noise in it. A mean has that of its sum, and may be unknown (None)."""

    value: float | None
    scale: float
    epsilon: float
    drawn_at: datetime

    def within(self, confidence: float = 0.95) -> float:
        """How far the noise is from 0 at most, with this confidence; not for means.

        Source: the tail of the Laplace distribution, P(|X| > t) = exp(-t / scale).
        """
        return self.scale * math.log(1 / (1 - confidence))


class NoisyFigures:
    """Answers questions about one dataset, out of its budget.

    Args:
        ledger: keeps budget and figures.
        dataset: its name, with the version of its data where that changes.
        unit_kind: the kind of its protection unit, as the budget names it.

    Raises:
        BudgetError: no budget was declared.
    """

    def __init__(self, ledger: BudgetLedger, dataset: str, unit_kind: str) -> None:
        self._ledger, self._dataset, self._unit_kind = ledger, dataset, unit_kind
        self._influence = ledger.budget(dataset, unit_kind).influence

    def count(self, name: str, data: pa.Table, epsilon: float, now: datetime) -> NoisyFigure:
        """Distinct units in `data`. Errors are those of :meth:`histogram`."""
        return self._answer("count", name, data, epsilon, now, None, _ALL, None)[""]

    def histogram(
        self, name: str, data: pa.Table, column: str, bins: Sequence[str], epsilon: float, now: datetime
    ) -> Mapping[str, NoisyFigure]:
        """Distinct units by value of `column`, for the values declared in `bins`.

        Args:
            name: of these figures, unique in the budget.
            data: rows.
            column: compared as text.
            bins: every value counted, whether or not somebody has it.
            epsilon: what the whole histogram costs.
            now: when it is drawn.

        Raises:
            NoiseError: a column, a bound or epsilon does not fit.
            BudgetError: the budget was not declared, or the name is taken by another question.
            BudgetExhaustedError: nothing was drawn.
        """
        return self._answer("histogram", name, data, epsilon, now, column, tuple(bins), None)

    def sum(self, name: str, data: pa.Table, value: str, epsilon: float, now: datetime) -> NoisyFigure:
        """The sum of units' totals, each clipped to the declared bounds. Errors are those of :meth:`histogram`."""
        return self._answer("sum", name, data, epsilon, now, None, _ALL, value)[""]

    def mean(self, name: str, data: pa.Table, value: str, epsilon: float, now: datetime) -> NoisyFigure:
        """The mean of units' totals, clipped to the declared bounds; None where the noisy count is not positive.

        Errors are those of :meth:`histogram`.
        """
        return self._answer("mean", name, data, epsilon, now, None, _ALL, value)[""]

    def _answer(
        self, kind: str, name: str, data: pa.Table, epsilon: float, now: datetime,
        column: str | None, bins: tuple[str, ...], value: str | None,
    ) -> dict[str, NoisyFigure]:  # fmt: skip
        cost = micro(epsilon)
        if kind == "mean" and cost < 2:
            raise NoiseError("epsilon: a mean needs two millionths at least")
        asked = {
            "kind": kind,
            "column": column,
            "bins": list(bins),
            "value": value,
            "influence": self._influence.to_json(),
        }
        question = sha256(canonical_json(asked)).hexdigest()
        check(data, self._influence, column, bins, value)
        drawing = self._drawing(kind, data, cost, column, bins, value)
        release = self._ledger.spend(self._dataset, self._unit_kind, name, question, cost, drawing, now)
        values, scale = release.figures["values"], float(release.figures["scale"])
        return {
            one: NoisyFigure(figure, scale, cost / MICRO, release.drawn_at)
            for one, figure in zip(bins, values, strict=True)
        }

    def _drawing(
        self, kind: str, data: pa.Table, cost: int, column: str | None, bins: tuple[str, ...], value: str | None
    ) -> Callable[[], Mapping[str, Any]]:
        influence = self._influence

        def draw() -> Mapping[str, Any]:
            units, totals = bounded(data, influence, column, bins, value)
            if kind in ("count", "histogram"):
                found, scale = noisy(units, 1 if kind == "count" else influence.bins, cost)
                return {"values": found, "scale": scale}
            single, within = influence.sensitivity(value or ""), influence.of(value or "")
            if kind == "sum":
                found, scale = noisy(totals, single, cost)
                return {"values": [figure / STEPS for figure in found], "scale": scale / STEPS}
            sums, scale = noisy(totals, single, cost // 2)
            counts, _ = noisy(units, 1, cost - cost // 2)
            return {"values": [_ratio(sums[0], counts[0], *within)], "scale": scale / STEPS}

        return draw


def _ratio(total: int, count: int, low: float, high: float) -> float | None:
    """The mean, brought back between the bounds, which everyone knows."""
    if count <= 0:
        return None
    return min(max(total / count / STEPS, low), high)
