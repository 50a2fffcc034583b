"""Errors of the anonymization room. Their messages name columns and rules, never a value of the data."""


class AnonymizationError(Exception):
    """Root of every error raised while data is made anonymous or measured."""


class ReleaseRuleError(AnonymizationError):
    """A release rule that can not be applied to the data, or lacks the floor its protection unit needs."""


class UnknownGeneralizationError(AnonymizationError):
    """A contract names a generalization that the registry does not hold."""


class GeneralizationError(AnonymizationError):
    """A generalization was given columns or options it can not work with."""


class MeasureOverflowError(AnonymizationError):
    """Summed values are too large to be added exactly."""


class MeasurementError(AnonymizationError):
    """A candidate and its evidence do not belong together, so nothing can be said about its risk."""


class TextModelError(AnonymizationError):
    """The language model that reads free text is not installed or does not load."""


class RedactionError(AnonymizationError):
    """A free text could not be read, so none of its batch may be kept."""


class HierarchyError(AnonymizationError):
    """A hierarchy that is not one: uncovered values, levels that do not nest, no root, or unreadable."""


class PrivacyModelError(AnonymizationError):
    """A privacy model that no table could satisfy, or that lacks what it is measured with."""


class TooFewError(PrivacyModelError):
    """The data has fewer units, or fewer sensitive values, than a model asks of each class."""


class GeneralizationSearchError(AnonymizationError):
    """The search was given data, limits or weights it can not work with."""


class NoSolutionError(GeneralizationSearchError):
    """No generalization within the suppression limit satisfies the models."""


class ModelViolationError(AnonymizationError):
    """A table that does not satisfy the models it was checked against."""


class SecrecyRuleError(AnonymizationError):
    """A rule of statistical secrecy that says nothing, contradicts another, or does not fit the table."""


class TabulationError(AnonymizationError):
    """A table can not be made of the data: a column, a hierarchy or a value does not fit."""


class InfeasibleTableError(AnonymizationError):
    """No pattern of hidden cells protects the table under its rules."""


class UnprotectedTableError(AnonymizationError):
    """The attacker narrowed a hidden cell below its protection interval: the table is refused."""


class NoiseError(AnonymizationError):
    """A noisy figure was asked for without what bounds one unit's influence on it, or of columns that do not fit."""


class BudgetError(NoiseError):
    """A privacy budget that was never declared, or is declared anew with another amount."""


class BudgetExhaustedError(BudgetError):
    """What is left of a privacy budget does not pay for a figure: nothing was drawn."""
