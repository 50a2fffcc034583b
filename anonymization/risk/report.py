"""The risk of re-identification of a published table, and what WP29 asks of it.

Prosecutor, journalist and marketer risks are those of El Emam, *Guide to the de-identification of personal health
information* (2013), chapters 15 to 17: with f units in a class of the table and F in the same class of the population,
over n units in J classes:

* prosecutor (the intruder knows the target is in the table): highest 1/min f, average J/n, units with 1/f above a
  threshold;
* journalist (does not know): highest 1/min F, average the larger of J/sum F and (1/n) sum f/F, units with 1/F above;
* marketer (re-identifies as many as possible): (1/n) sum f/F.

Without a population, the table is taken for the whole of it (F = f), which is the worst case. With a sampling fraction
instead, population uniques are estimated after Zayatz, *Estimation of the percent of unique population elements on a
microdata file using the sample*, US Bureau of the Census, 1991.

The criteria are those of the Article 29 Working Party, opinion 05/2014 on anonymisation techniques, section 2.2.2:
singling out, linkability, inference. Each has its number, and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.risk.attacks import LinkageAttack, link_register
from anonymization.risk.published import UNIT, class_sizes, frame_of
from anonymization.risk.wording import one_in, percent

_SIZE, _POPULATION = "risk:size", "risk:population"


@dataclass(frozen=True, slots=True)
class IntruderRisk:
    """Of one kind of intruder. `above` is the share of units whose own risk is above the threshold."""

    highest: float
    average: float
    above: float


@dataclass(frozen=True, slots=True)
class AttributeDisclosure:
    """What can be learned of one sensitive attribute without finding anyone's row.

    `known` is the share of units in classes where all carry one value; `probable` that of units in classes where one
    value is carried by at least the share asked; `highest` the largest share a value has in a class.
    """

    attribute: str
    known: float
    probable: float
    highest: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of WP29 05/2014: its number (a share), whether it is met, and a sentence in French."""

    name: str
    number: float
    met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class RiskReport:
    """Everything measured. Shares are of units."""

    units: int
    classes: int
    threshold: float
    prosecutor: IntruderRisk
    journalist: IntruderRisk
    marketer: float
    sample_uniques: float
    population_uniques: float
    attributes: tuple[AttributeDisclosure, ...]
    linkage: LinkageAttack
    criteria: tuple[Criterion, Criterion, Criterion]


def reidentification_risk(
    table: pa.Table,
    quasi_identifiers: Sequence[str],
    population: pa.Table | None = None,
    *,
    unit: str | None = None,
    sensitive: Sequence[str] = (),
    threshold: float = 0.2,
    certainty: float = 0.9,
    sampling_fraction: float | None = None,
    register: pa.Table | None = None,
    register_share: float = 0.5,
    seed: int = 0,
) -> RiskReport:
    """Measure a published table.

    Args:
        table: published rows, with the unit's column beside them if there is one; rows of unknown units count as none.
        quasi_identifiers: what an intruder may know.
        population: one row per member, under the same columns, generalized as the table is.
        unit: the protection unit's column; without it each row is a unit.
        sensitive: the columns whose disclosure is measured.
        threshold: the risk above which a unit is counted; 0.2 is a class of five.
        certainty: the share of one value in a class from which it can be inferred.
        sampling_fraction: share of the population that the table holds, where there is no population table.
        register: the intruder's register (same columns and unit); by default the table's own people.
        register_share: share of the register's people that the intruder holds.
        seed: of the simulated attack.

    Raises:
        MeasurementError: a column is missing, no unit is known, or a share is out of range.
    """
    for name, share in (("threshold", threshold), ("certainty", certainty), ("sampling fraction", sampling_fraction)):
        if share is not None and not 0 < share <= 1:
            raise MeasurementError(f"the {name} must be above 0, at most 1")
    attributes = list(quasi_identifiers)
    frame = frame_of(table, [*attributes, *sensitive], unit)
    sizes = class_sizes(frame, attributes, _SIZE).filter(pl.col(_SIZE) > 0)
    if sizes.height == 0:
        raise MeasurementError("no row has a known unit, so nothing can be said about its risk")
    matched = sizes.with_columns(pl.col(_SIZE).alias(_POPULATION))
    if population is not None:
        members = class_sizes(frame_of(population, attributes, None), attributes, _POPULATION)
        matched = sizes.join(members, on=attributes, how="left", nulls_equal=True)
        if matched.select((pl.col(_POPULATION).fill_null(0) < pl.col(_SIZE)).any()).item():
            raise MeasurementError("the population must hold everyone that the table does")
    units = int(sizes[_SIZE].sum())
    linkage = link_register(table, attributes, register, unit=unit, share=register_share, seed=seed)
    disclosures = tuple(_disclosure(frame, attributes, name, certainty) for name in dict.fromkeys(sensitive))
    prosecutor = _intruder(matched, _SIZE, units, threshold)
    journalist = _intruder(matched, _POPULATION, units, threshold)
    uniques = int((sizes[_SIZE] == 1).sum()) / units
    return RiskReport(
        units=units,
        classes=sizes.height,
        threshold=threshold,
        prosecutor=prosecutor,
        journalist=journalist,
        marketer=float((matched[_SIZE] / matched[_POPULATION]).sum()) / units,
        sample_uniques=uniques,
        population_uniques=_population_uniques(matched, units, sampling_fraction),
        attributes=disclosures,
        linkage=linkage,
        criteria=(_singling_out(prosecutor, uniques), _linkability(linkage, threshold), _inference(disclosures)),
    )


def _intruder(matched: pl.DataFrame, column: str, units: int, threshold: float) -> IntruderRisk:
    """Risks with the given sizes; for the journalist, the average is the larger of El Emam's two."""
    risks = 1 / matched[column]
    above = int(matched.filter(risks > threshold + 1e-12)[_SIZE].sum()) / units
    whole = matched.height / int(matched[column].sum())
    average = max(whole, float((matched[_SIZE] / matched[column]).sum()) / units)
    return IntruderRisk(float(risks.max() or 0.0), average, above)  # type: ignore[arg-type]


def _population_uniques(matched: pl.DataFrame, units: int, fraction: float | None) -> float:
    """Share of units that are unique in the population: counted, or estimated from the sampling fraction."""
    if fraction is None or fraction == 1:
        return int((matched[_POPULATION] == 1).sum()) / units
    counts = matched.group_by(_SIZE).len()
    shares = counts["len"] / matched.height
    chances = counts[_SIZE] * fraction * (1 - fraction) ** (counts[_SIZE] - 1)  # of being seen once, by true size
    seen_once = float((shares * chances).sum())
    ones = matched.filter(pl.col(_SIZE) == 1).height
    return 0.0 if seen_once == 0 else ones / matched.height * fraction / seen_once * ones / units


def _disclosure(frame: pl.DataFrame, attributes: list[str], name: str, certainty: float) -> AttributeDisclosure:
    known = frame.filter(pl.col(UNIT).is_not_null())
    carried = known.group_by([*attributes, name]).agg(pl.col(UNIT).n_unique().alias("carriers"))
    most = carried.group_by(attributes).agg(pl.col("carriers").max())
    classes = most.join(class_sizes(known, attributes, _SIZE), on=attributes, nulls_equal=True)
    classes = classes.with_columns((pl.col("carriers") / pl.col(_SIZE)).alias("top"))
    units = int(classes[_SIZE].sum())
    # A class is homogeneous when one value is all it has; a unit with several values is then not known by it.
    kinds = known.group_by(attributes).agg(pl.col(name).n_unique().alias("kinds"))
    classes = classes.join(kinds, on=attributes, nulls_equal=True)
    return AttributeDisclosure(
        attribute=name,
        known=int(classes.filter(pl.col("kinds") == 1)[_SIZE].sum()) / units,
        probable=int(classes.filter(pl.col("top") >= certainty - 1e-12)[_SIZE].sum()) / units,
        highest=float(classes["top"].max() or 0.0),  # type: ignore[arg-type]
    )


def _singling_out(prosecutor: IntruderRisk, uniques: float) -> Criterion:
    sentence = (
        f"Individualisation : {percent(uniques)} des personnes sont seules de leur groupe ; pour la plus exposée, "
        f"désigner la bonne ligne est {one_in(prosecutor.highest)}."
    )
    return Criterion("singling_out", uniques, uniques == 0, sentence)


def _linkability(linkage: LinkageAttack, threshold: float) -> Criterion:
    sentence = (
        f"Corrélation : en rapprochant un registre simulé contenant {percent(linkage.share)} des personnes, un "
        f"attaquant associe la bonne personne dans {percent(linkage.correct)} des essais, et en est sûr dans "
        f"{percent(linkage.certain)}."
    )
    return Criterion("linkability", linkage.correct, linkage.certain == 0 and linkage.correct <= threshold, sentence)


def _inference(disclosures: tuple[AttributeDisclosure, ...]) -> Criterion:
    if not disclosures:
        return Criterion("inference", 0.0, True, "Inférence : aucun attribut sensible n'est déclaré pour cette table.")
    worst = max(disclosures, key=lambda disclosure: (disclosure.probable, disclosure.highest))
    sentence = (
        f"Inférence : pour « {worst.attribute} », la valeur de {percent(worst.probable)} des personnes se devine "
        "presque à coup sûr ; dans le groupe le moins divers, une valeur concerne "
        f"{percent(worst.highest)} des personnes."
    )
    return Criterion("inference", worst.probable, worst.probable == 0, sentence)
