"""What *assess* thinks of a protected table: the checks of its file, the attack, and the figures of its certificate.

Any violation refuses the candidate. Nothing here shares code with what made it; see :mod:`anonymization.secrecy.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.measures import Finding
from anonymization.secrecy.audit import Attacked, Truth, attack_releases, read_evidence, shape_of, truths
from anonymization.secrecy.published import PublishedTable, read_table
from policies.contract import Measure, ReleaseRule, Strategy

_FROZEN = "Ce qui en a été publié est figé et reste tel quel ; les corrections reçues depuis n'y paraîtront pas."
_KEPT = {  # by the fact « revision » of a candidate that is what was published last
    2.0: (
        "KEPT",
        "La publication reste celle d'avant : une nouvelle version, rapprochée des précédentes, laisserait deviner des "
        "cases secrètes. D'autres corrections pourront la débloquer.",
    ),
    3.0: (
        "FORGOTTEN",
        "La publication reste celle d'avant : le détail dont elle a été faite est oublié, parce que le délai de "
        "corrections du contrat est passé ou qu'une rotation a changé les pseudonymes ; une nouvelle version ne peut "
        f"plus lui être comparée. {_FROZEN}",
    ),
    4.0: (
        "ROTATED",
        "La publication reste celle d'avant : une rotation a changé les pseudonymes depuis, et une nouvelle version ne "
        f"peut plus lui être comparée unité par unité. {_FROZEN}",
    ),
}


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """An earlier release of the period: its file, and the evidence of what was true then."""

    table: pa.Table = field(repr=False)
    evidence: pa.Table = field(repr=False)


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """What was found of a candidate. Any violation refuses it."""

    violations: tuple[Finding, ...]
    remarks: tuple[Finding, ...]
    smallest: int | None  # fewest units behind a published figure
    largest_share: float | None  # of one unit in a published sum
    attacked: Attacked


def measure_protected(
    table: pa.Table,
    evidence: pa.Table | None,
    rule: ReleaseRule,
    strategy: Strategy,
    facts: Mapping[str, float],
    earlier: Sequence[EarlierFile] = (),
) -> TableVerdict:
    """Measure a candidate of kind `protected_table`.

    Args:
        table: the rows that may become public.
        evidence: what joins its finest cells to numbered units.
        rule: what the contract asks; the stricter of rule and strategy holds.
        strategy: the territory's floors.
        facts: what making it came to.
        earlier: every release of the same period.

    Raises:
        MeasurementError: table and evidence do not belong together.
    """
    if evidence is None:
        raise MeasurementError("the candidate has no evidence of its protection units: it can not be measured")
    read = read_table(table, shape_of(rule))
    truth = truths(read, evidence, rule)
    found = attack_releases((read, truth), [read_evidence(one.table, one.evidence, rule) for one in earlier])
    smallest, share = _smallest(read, truth), _largest_share(read, truth, rule)
    violations = [
        *_floors(smallest, share, rule, strategy),
        *_figures(read, truth, table, rule),
        *_attack(found, len(earlier)),
    ]
    if not any(read.shown):
        violations.append(Finding("ALL_SECRET", "Toutes les cases sont secrètes : il n'y a rien à publier."))
    return TableVerdict(tuple(violations), tuple(_remarks(facts)), smallest, share, found)


def _smallest(read: PublishedTable, truth: Mapping[str, Truth]) -> int | None:
    """The fewest units behind a published figure that they contribute to."""
    shown = np.array(read.shown, bool)
    fewest = [int(one.units[shown].min()) for one in truth.values()] if shown.any() else []
    return min(fewest, default=None)


def _largest_share(read: PublishedTable, truth: Mapping[str, Truth], rule: ReleaseRule) -> float | None:
    """The largest share one unit has of a published sum."""
    shown = np.array(read.shown, bool)
    shares = [0.0]
    for measure in rule.measures:
        if measure.function == "sum":
            one = truth[measure.name]
            held = shown & (one.total > 0)
            shares += (one.largest[held] / one.total[held]).tolist()
    return max(shares) if shown.any() else None


def _floors(smallest: int | None, share: float | None, rule: ReleaseRule, strategy: Strategy) -> Iterator[Finding]:
    floor = max(rule.minimum_units or 0, strategy.minimum_units)
    if smallest is not None and smallest < floor:
        yield Finding("MINIMUM_UNITS", f"Une case publiée compte moins de {floor} unités protégées distinctes.")
    limit = min([strategy.maximum_dominance, *([rule.dominance] if rule.dominance is not None else [])])
    if share is not None and share > limit * (1 + 1e-12):
        yield Finding("DOMINANCE", f"Une unité pèse {share:.1%} d'une case publiée, au-delà de {limit:.1%}.")


def _figures(read: PublishedTable, truth: Mapping[str, Truth], table: pa.Table, rule: ReleaseRule) -> Iterator[Finding]:
    """Whether published figures are those of the evidence, and no published cell is one that a rule hides."""
    shown = np.array(read.shown, bool)
    if any((one.upper[shown] > 0).any() for one in truth.values()):
        yield Finding("SECRET_PUBLISHED", "Une case que les règles du secret cachent a des chiffres publiés.")
    for measure in rule.measures:
        published = np.array([value or 0.0 for value in table[measure.name].to_pylist()], np.float64)
        expected = _expected(measure, truth, rule)
        gap = np.abs(published - expected)[shown]
        if len(gap) and gap.max() > 0.51 * 10.0**-measure.decimals + 1e-9 * np.abs(expected).max():
            yield Finding("FIGURES", f"La mesure « {measure.name} » n'est pas celle des unités comptées.")


def _expected(
    measure: Measure, truth: Mapping[str, Truth], rule: ReleaseRule
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if measure.function != "mean":
        return truth[measure.name].total
    whole = next(one for one in rule.measures if one.function == "sum" and one.column == measure.column)
    count = next(one for one in rule.measures if one.function == "units")
    return truth[whole.name].total / np.maximum(truth[count.name].total, 1.0)


def _attack(found: Attacked, earlier: int) -> Iterator[Finding]:
    if found.failed:
        where = f"le fichier et ses {earlier} version(s) précédente(s)" if earlier else "le fichier"
        yield Finding(
            "DEDUCIBLE", f"{found.failed} chiffre(s) secret(s) se déduisent de trop près en attaquant {where}."
        )


def _remarks(facts: Mapping[str, float]) -> Iterator[Finding]:
    if (kept := _KEPT.get(facts.get("revision", 0.0))) is not None:
        yield Finding(*kept)
    elif facts.get("kept_cells"):
        yield Finding(
            "KEPT_CELLS",
            f"{round(facts['kept_cells'])} case(s) gardent leur valeur d'avant : trop peu d'unités y ont changé.",
        )
