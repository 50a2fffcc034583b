"""Applies a contract's release rule: what of a period may become public, and what is left out.

Invariants:
* Everything is counted in the contract's protection unit. Thirty rows of one unit are one unit; a row whose unit is
  unknown (null) counts as no unit.
* `records`: a row is published only if its equivalence class (its published quasi-identifiers) holds `k` units.
* `aggregate`: a cell is published only if at least `minimum_units` units contribute to it and to each of its measures,
  and no unit has more than `dominance` of what the cell sums or averages. Cells are removed, never blanked, and no
  margin is published, so that nothing adds up to a removed cell.
* `protected_table`: cells and their totals; what is hidden can not be computed from what is not
  (:mod:`anonymization.secrecy.release`).
* `as_is`: for data that protects nobody; nothing is left out.
* The result depends on the rows alone, not on batches nor on their order: sums are exact integers and rows are sorted
  by the published columns.

The rules on cells are those of Hundepool et al., Statistical Disclosure Control (2012), chapter 4: minimum frequency
and (1, k) dominance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from anonymization.candidate import Released
from anonymization.classes import ClassReader
from anonymization.errors import ReleaseRuleError
from anonymization.generalization import Surroundings
from anonymization.generalized.attributes import is_searched
from anonymization.records import release_as_is, release_records
from anonymization.tables import release_table
from policies.contract import ProtectionUnit, ReleaseRule

if TYPE_CHECKING:
    from anonymization.secrecy.release import EarlierTable

Batches = Callable[[], Iterable[pa.RecordBatch]]
"""Gives the rows anew each time it is called: a release makes up to two passes."""

_BATCH_ROWS = 131_072


def apply_release(
    source: pa.Table | Batches,
    rule: ReleaseRule,
    protection_unit: ProtectionUnit | None,
    surroundings: Surroundings | None = None,
    earlier: Sequence[EarlierTable] = (),
) -> Released:
    """Make the candidate of one period.

    Args:
        source: trusted rows, as a table or as a function giving the batches anew at each call.
        rule: the contract's release rule.
        protection_unit: whom it protects; its column holds 16-byte pseudonyms.
        surroundings: time zone and communes, where generalizations need them.
        earlier: with `protected_table`, every release of the same period, last first.

    Raises:
        ReleaseRuleError: the rule lacks a floor, or names a column that the rows do not have.
        GeneralizationError: a published column can not be made.
        MeasureOverflowError: a sum is too large to be exact.
    """
    _check(rule, protection_unit)
    batches = _sliced(source) if isinstance(source, pa.Table) else source
    reader = ClassReader(rule, protection_unit, surroundings or Surroundings())
    if rule.kind == "aggregate":
        return release_table(batches, reader)
    if rule.kind == "protected_table":
        from anonymization.secrecy.release import release_protected

        return release_protected(batches, reader, earlier)
    if is_searched(rule) and protection_unit is not None:
        return _searched(batches, rule, protection_unit, reader)
    if rule.kind == "records":
        return release_records(batches, reader, rule.k or 0)
    return release_as_is(batches, reader)


def _searched(batches: Batches, rule: ReleaseRule, unit: ProtectionUnit, reader: ClassReader) -> Released:
    """Under models, in memory; a stage streams it instead (:mod:`anonymization.generalized`)."""
    from anonymization.generalized import choose, count_release, empty_release, stream_release, whole_release

    counted = count_release(batches, rule, unit, reader.surroundings)
    if counted is None:
        return empty_release(rule)
    return whole_release(stream_release(batches, counted, choose(counted), salt=""))


def _sliced(table: pa.Table) -> Batches:
    """Batches small enough that their frames never weigh as much as the table."""
    return lambda: table.to_batches(max_chunksize=_BATCH_ROWS)


def _check(rule: ReleaseRule, protection_unit: ProtectionUnit | None) -> None:
    """Refuse a rule that leaves protected units without a floor, or a floor without units to count."""
    if rule.kind == "records" and (rule.k is None or protection_unit is None):
        raise ReleaseRuleError("a release of records needs k and a protection unit: give both in the contract")
    if rule.kind == "as_is" and protection_unit is not None:
        raise ReleaseRuleError("data with a protection unit is never released as it is: use records or aggregate")
    if rule.kind == "aggregate":
        floors = (rule.minimum_units, rule.dominance)
        if protection_unit is None and floors != (None, None):
            raise ReleaseRuleError("minimum units and dominance are counted in protection units: name one")
        if protection_unit is not None and rule.minimum_units is None:
            raise ReleaseRuleError(
                "an aggregate that protects units needs the smallest number of units a cell may have"
            )
    if rule.kind == "protected_table" and (rule.table is None or rule.minimum_units is None or protection_unit is None):
        raise ReleaseRuleError("a protected table needs dimensions, a minimum of units and a protection unit")
    for measure in rule.measures:
        if measure.function in ("sum", "mean", "median") and not measure.column:
            raise ReleaseRuleError(f"measure « {measure.name} » ({measure.function}) names no column")
        if measure.function == "units" and protection_unit is None:
            raise ReleaseRuleError(f"measure « {measure.name} » counts protection units, but the contract has none")
