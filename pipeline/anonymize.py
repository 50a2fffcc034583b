"""Third stage: a period of trusted becomes a candidate, by the contract's release rule.

It is handed pseudonymised rows and hands over rows fit to be judged. Where rows need consent and consent changed since
they were taken in, the period is made again first (:func:`consent_is_current` tells, :mod:`pipeline.entry` acts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa

from anonymization import Released, Surroundings, apply_release, released_schema
from anonymization.errors import NoSolutionError, TooFewError
from anonymization.generalized import (
    EarlierRelease,
    StreamedRelease,
    count_release,
    empty_release,
    is_searched,
    label_epoch,
    revised,
    stream_release,
    unsolved_release,
)
from catalog.lineage import Stage
from consent import consent_root
from pipeline.candidate import write_candidate
from pipeline.earlier import UNITS_OF, Published, earlier_releases, unit_epoch
from pipeline.errors import BadInputError, ConsentChangedError
from pipeline.hub import Hub, code_version
from pipeline.levels import fixed_or_chosen
from pipeline.stage import stage
from pipeline.tabulating import noisy_candidate, protected_candidate
from policies.contract import Contract
from storage import DatasetRef, Manifest, parquet_schema, read_manifest, read_parquet, read_pointer, stage_key


def anonymize(hub: Hub, contract: Contract, run_id: str, period: str) -> DatasetRef:
    """Make the candidate of a period.

    Raises:
        BadInputError: nothing of this period is in trusted.
        ConsentChangedError: the rows were taken in under a consent that is no longer the present one.
    """
    ref, trusted = current_partition(hub, contract, period)
    with stage(hub, Stage.ANONYMIZE, contract, run_id, period, [ref]) as report:
        if not consent_is_current(hub, contract, trusted):
            raise ConsentChangedError(
                f"{contract.id} {period}: consent changed since its rows were taken in; run « deidentify » on it again"
            )

        def batches() -> Iterator[pa.RecordBatch]:
            for part in trusted.parts:
                yield from read_parquet(hub.private, part, _columns_read(contract))

        def named(further: tuple[str, ...] = ()) -> str:
            return stage_key(
                dataset=str(contract.id),
                period=period,
                inputs=(ref.digest, *further),
                contract=contract.digest,
                strategy=hub.territory.strategy.digest,
                consent=trusted.consent_root,
                code=code_version(),
            )

        released: Released | StreamedRelease
        if contract.release.kind == "protected_table":
            candidate, released = protected_candidate(hub, contract, ref, trusted, batches, named)
        elif contract.release.kind == "noisy_table":
            candidate, released = noisy_candidate(hub, contract, ref, trusted, batches, named)
        else:
            history = _history(hub, contract, period)
            schema = parquet_schema(hub.private, trusted.parts[0])
            released = _released(hub, contract, period, batches, schema, [one.release for one in history])
            name, version = named(tuple(one.digest for one in history)), str(contract.version)
            candidate = write_candidate(
                hub.private, released, trusted, ref, name=name, version=version, code=code_version()
            )
        report.outputs.append(candidate)
        report.add(**released.counts.to_json())
        return candidate


def _columns_read(contract: Contract) -> list[str] | None:
    """What a table is counted from: dimensions, measures, who is protected. Other releases read all columns."""
    rule, unit = contract.release, contract.protection_unit
    if rule.kind not in ("aggregate", "protected_table", "noisy_table"):
        return None
    names = [name for column in rule.columns for name in column.sources]
    names += [measure.column for measure in rule.measures if measure.column]
    return list(dict.fromkeys([*names, unit.column] if unit else names)) or None


def _released(
    hub: Hub,
    contract: Contract,
    period: str,
    batches: Callable[[], Iterator[pa.RecordBatch]],
    schema: pa.Schema,
    history: list[EarlierRelease],
) -> Released | StreamedRelease:
    """Apply the release rule; under models, in two passes at levels that may be fixed for a time.

    Where no generalization satisfies the models, the candidate holds no row, and levels are fixed for nobody.
    """
    rule, unit, surroundings = contract.release, contract.protection_unit, Surroundings.of(hub.territory)
    if not is_searched(rule) or unit is None:
        return apply_release(batches, rule, unit, surroundings)
    counted = count_release(batches, rule, unit, surroundings)
    if counted is None:
        return empty_release(rule)
    try:
        chosen = fixed_or_chosen(hub.private, contract, period, counted)
    except (NoSolutionError, TooFewError):  # not a failure: the verdict says why nothing is published
        return unsolved_release(counted)
    made = stream_release(batches, counted, chosen, salt=f"{contract.id} {period}", whole_classes=bool(history))
    return _beside(hub, contract, made, history, unit_epoch(contract, schema))


def _history(hub: Hub, contract: Contract, period: str) -> list[Published]:
    """Earlier releases of a period that this one can be subtracted from: made under models, of the same columns."""
    if not is_searched(contract.release):
        return []
    schema = released_schema(contract.release)
    found = earlier_releases(hub, contract, period)
    return [one for one in found if one.columns.equals(schema) and UNITS_OF in one.details.get("records", {})]


def _beside(
    hub: Hub, contract: Contract, made: StreamedRelease, history: list[EarlierRelease], units: str
) -> StreamedRelease:
    """The release, where earlier ones of its period are out: what changed for too few stays as it was."""
    records = made.details["records"] | {UNITS_OF: label_epoch(history, units)}
    keys = [column.name for column in contract.release.columns if column.quasi_identifier]
    k = max(contract.release.k or 0, hub.territory.strategy.minimum_k)
    must_go = contract.coverage is not None
    made = replace(made, details={"records": records})
    return revised(made, history, keys, k, units=units, must_go=must_go)


def current_partition(hub: Hub, contract: Contract, period: str) -> tuple[DatasetRef, Manifest]:
    """What trusted holds of a period now."""
    found = read_pointer(hub.private, str(contract.id), contract.version.major, period)
    if found is None:
        raise BadInputError(
            f"{contract.id}: nothing was taken in for the period {period} under version {contract.version.major}; "
            "collect it first"
        )
    return found[0], read_manifest(hub.private, found[0])


def consent_is_current(hub: Hub, contract: Contract, made: Manifest) -> bool:
    """Whether the subjects who consent now are those under whom `made` was made."""
    if contract.coverage is None:
        return True
    subjects = hub.consent.active_subjects(contract.coverage.purpose, hub.now())
    return bool(consent_root(subjects) == made.consent_root)
