"""What a budget does, on any database: one suite, run in memory and on the real service."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from anonymization.errors import BudgetError, BudgetExhaustedError, NoiseError
from anonymization.noise import BudgetLedger, Influence, NoisyFigures

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INFLUENCE = Influence("meter", bins=2, bounds={"volume": (0.0, 100.0)})
DATA = pa.table(
    {
        "meter": [1, 1, 1, 2, 3, 4, None],
        "commune": ["a", "b", "c", "a", "a", "z", "a"],
        "volume": [60.0, 60.0, 60.0, 10.0, 20.0, -5.0, 1000.0],
    }
)


class BudgetBehavior:
    """`ledger` is a fixture: an empty one."""

    @pytest.fixture
    def figures(self, ledger: BudgetLedger) -> NoisyFigures:
        ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
        return NoisyFigures(ledger, "water", "delivery_point")

    def test_a_retry_returns_what_is_stored_and_spends_nothing(
        self, ledger: BudgetLedger, figures: NoisyFigures
    ) -> None:
        first = [figures.count("units", DATA, 0.1, NOW)]
        first += [figures.count("units", DATA.slice(0, number), 0.1, NOW) for number in range(1, 7)]
        assert len({figure.value for figure in first}) == 1
        assert ledger.left("water", "delivery_point") == 900_000
        stored = ledger.stored("water", "delivery_point", "units")
        assert stored is not None
        assert stored.figures["values"] == [first[0].value]

    def test_spends_add_up_exactly_and_then_are_refused(self, ledger: BudgetLedger, figures: NoisyFigures) -> None:
        for number in range(10):
            figures.count(f"units {number}", DATA, 0.1, NOW)
        assert ledger.left("water", "delivery_point") == 0
        with pytest.raises(BudgetExhaustedError, match=r"« water »: .* 0 left and this costs 1e-06: refused, nothing"):
            figures.count("one more", DATA, 0.000_001, NOW)
        assert ledger.stored("water", "delivery_point", "one more") is None
        assert figures.count("units 3", DATA, 0.1, NOW).epsilon == 0.1

    def test_every_kind_is_answered_once(self, ledger: BudgetLedger, figures: NoisyFigures) -> None:
        histogram = figures.histogram("by commune", DATA, "commune", ["a", "b", "nobody"], 0.2, NOW)
        assert list(histogram) == ["a", "b", "nobody"]
        assert figures.histogram("by commune", DATA, "commune", ["a", "b", "nobody"], 0.2, NOW) == histogram
        total = figures.sum("total", DATA, "volume", 0.2, NOW)
        mean = figures.mean("mean", DATA, "volume", 0.2, NOW)
        assert figures.sum("total", DATA, "volume", 0.2, NOW) == total
        assert figures.mean("mean", DATA, "volume", 0.2, NOW) == mean
        assert mean.value is None or 0 <= mean.value <= 100
        assert ledger.left("water", "delivery_point") == 400_000

    def test_another_question_under_the_same_name_is_refused(self, figures: NoisyFigures) -> None:
        figures.count("units", DATA, 0.1, NOW)
        for again in (
            lambda: figures.count("units", DATA, 0.2, NOW),
            lambda: figures.sum("units", DATA, "volume", 0.1, NOW),
            lambda: figures.histogram("units", DATA, "commune", ["a"], 0.1, NOW),
        ):
            with pytest.raises(BudgetError, match="another question was answered under the name « units »"):
                again()

    def test_a_budget_is_declared_once(self, ledger: BudgetLedger, figures: NoisyFigures) -> None:
        ledger.declare("water", "delivery_point", 1.0, INFLUENCE, NOW)
        with pytest.raises(BudgetError, match="« water »: its privacy budget was declared with other terms"):
            ledger.declare("water", "delivery_point", 2.0, INFLUENCE, NOW)
        with pytest.raises(BudgetError, match="other terms"):
            ledger.declare("water", "delivery_point", 1.0, Influence("meter", bins=3), NOW)
        assert figures.count("units", DATA, 0.1, NOW).scale == pytest.approx(10)

    def test_no_budget_no_figure(self, ledger: BudgetLedger) -> None:
        with pytest.raises(BudgetError, match="« water »: no privacy budget was declared for its « person »"):
            NoisyFigures(ledger, "water", "person")
        with pytest.raises(BudgetError, match="no privacy budget"):
            ledger.left("water", "person")

    def test_a_draw_that_fails_spends_nothing(self, ledger: BudgetLedger, figures: NoisyFigures) -> None:
        def broken() -> dict[str, float]:
            raise NoiseError("the mechanism would spend more than was asked")

        with pytest.raises(NoiseError, match="would spend more"):
            ledger.spend("water", "delivery_point", "units", "0" * 64, 100_000, broken, NOW)
        assert ledger.left("water", "delivery_point") == 1_000_000
        assert figures.count("units", DATA, 0.1, NOW).epsilon == 0.1

    @pytest.mark.parametrize(
        ("question", "said"),
        [
            (lambda figures: figures.count("x", DATA.drop(["meter"]), 0.1, NOW), "« meter » is not in the data"),
            (lambda figures: figures.sum("x", DATA, "commune", 0.1, NOW), "« commune »: no bounds"),
            (lambda figures: figures.histogram("x", DATA, "city", ["a"], 0.1, NOW), "« city » is not in the data"),
            (lambda figures: figures.histogram("x", DATA, "commune", [], 0.1, NOW), "bins are declared"),
            (lambda figures: figures.histogram("x", DATA, "commune", ["a", "a"], 0.1, NOW), "each once"),
            (lambda figures: figures.count("x", DATA, 0.0, NOW), "epsilon is 0.0"),
            (lambda figures: figures.count("x", DATA, float("nan"), NOW), "epsilon is nan"),
            (lambda figures: figures.count("x", DATA, 1e-7, NOW), "whole millionths"),
            (lambda figures: figures.mean("x", DATA, "volume", 1e-6, NOW), "a mean needs two millionths"),
        ],
    )
    def test_a_question_that_does_not_fit_spends_nothing(
        self, ledger: BudgetLedger, figures: NoisyFigures, question: object, said: str
    ) -> None:
        with pytest.raises(NoiseError, match=said):
            question(figures)  # type: ignore[operator]
        assert ledger.left("water", "delivery_point") == 1_000_000
