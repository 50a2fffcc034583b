"""Figures with differential privacy, paid for from a budget that is kept in the hub's database."""

from anonymization.noise.budget import Budget, BudgetLedger, Release
from anonymization.noise.figures import NoisyFigure, NoisyFigures
from anonymization.noise.influence import Influence

__all__ = ["Budget", "BudgetLedger", "Influence", "NoisyFigure", "NoisyFigures", "Release"]
