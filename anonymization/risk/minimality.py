"""Minimality, simulated: what the choice of a generalization itself tells.

Whoever knows that the published levels were the best that satisfy the models knows that finer ones did not, and may
infer which sensitive values made them fail (Wong, Fu, Wang, Pei, *Minimality attack in privacy preserving data
publishing*, VLDB 2007). The intruder is simulated: it knows everyone's quasi-identifiers and the published table, so it
knows each class's sensitive values but not whose they are. It deals them out at random within classes, keeps the deals
under which the finer levels would have failed, and looks at how probable a value has become for someone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.hierarchies import Hierarchy
from anonymization.models import PrivacyModel, check_models
from anonymization.risk.published import frame_of


@dataclass(frozen=True, slots=True)
class MinimalityAttack:
    """`before` is the highest probability of a value for someone from the table alone; `after`, once the choice of

    levels is taken into account. `draws` counts deals tried, `consistent` those under which finer levels fail.
    """

    before: float
    after: float
    draws: int
    consistent: int


def simulate_minimality(
    original: pa.Table,
    hierarchies: Mapping[str, Hierarchy],
    levels: Mapping[str, int],
    models: Sequence[PrivacyModel],
    sensitive: str,
    *,
    draws: int = 50,
    seed: int = 0,
) -> MinimalityAttack:
    """Attack the choice of `levels` for the published rows of `original` (at the leaves; one row per unit).

    Each node just under the published one is tried in turn; the worst is reported.

    Raises:
        MeasurementError: a column is missing, or no draw is asked for.
    """
    if draws < 1:
        raise MeasurementError("at least one draw is needed")
    attributes = list(hierarchies)
    frame = frame_of(original, [*attributes, sensitive], None).select([*attributes, sensitive])
    published = _generalized(frame, hierarchies, levels)
    deals = _deals(published, attributes, sensitive, draws, seed)
    before = _highest(published.select(attributes), [published[sensitive]], attributes)
    worst = MinimalityAttack(before, before, 0, 0)
    for name in attributes:
        if not levels[name]:
            continue
        finer = _generalized(frame, hierarchies, {**levels, name: levels[name] - 1}).select(attributes)
        failing = [deal for deal in deals if _fails(finer.with_columns(deal), attributes, models, sensitive)]
        after = _highest(finer, failing, attributes) if failing else before
        if worst.draws == 0 or after > worst.after:
            worst = MinimalityAttack(before, max(before, after), len(deals), len(failing))
    return worst


def _generalized(frame: pl.DataFrame, hierarchies: Mapping[str, Hierarchy], levels: Mapping[str, int]) -> pl.DataFrame:
    made = {}
    for name, hierarchy in hierarchies.items():
        distinct = frame[name].unique().to_list()
        texts = hierarchy.generalized(distinct, levels[name])
        made[name] = frame[name].replace_strict(distinct, texts, return_dtype=pl.String)
    return frame.with_columns(**made)


def _deals(published: pl.DataFrame, attributes: list[str], sensitive: str, draws: int, seed: int) -> list[pl.Series]:
    """Deal the sensitive values of each class out among its rows, at random."""
    rng = np.random.default_rng(seed)
    classes = published.select(pl.struct(attributes).rank("dense")).to_series().to_numpy()
    order = np.argsort(classes, kind="stable")
    deals = []
    for _ in range(draws):
        shuffled = np.lexsort((rng.random(len(classes)), classes))
        source = np.empty(len(classes), dtype=np.int64)
        source[order] = shuffled
        deals.append(published[sensitive][source])
    return deals


def _fails(frame: pl.DataFrame, attributes: list[str], models: Sequence[PrivacyModel], sensitive: str) -> bool:
    findings = check_models(frame.to_arrow(), attributes, models, sensitive=sensitive)
    return not all(finding.satisfied for finding in findings)


def _highest(places: pl.DataFrame, deals: list[pl.Series], attributes: list[str]) -> float:
    """Highest share of one value in one class, over all deals together."""
    counted = pl.concat([places.with_columns(deal.alias("risk:value")) for deal in deals])
    sizes = pl.len().over(attributes)
    shares = counted.select(pl.len().over([*attributes, "risk:value"]) / sizes).to_series()
    return float(shares.max() or 0.0)  # type: ignore[arg-type]
