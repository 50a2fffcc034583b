"""The part of *anonymize* that makes tables: protected ones beside what was published before, noisy ones once.

A protected table depends on every earlier release of its period, so these are among the inputs that name it. The same
rows under the same contract as the last release are that release: nothing is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import pyarrow as pa

from anonymization import ReleaseCounts, Released, Surroundings, apply_release, released_schema
from anonymization.classes import ClassReader
from anonymization.errors import BudgetError, BudgetExhaustedError, InfeasibleTableError
from anonymization.noise.mechanism import MICRO
from anonymization.noise.tables import Purse, influence_of, release_noisy
from anonymization.secrecy.release import DETAIL
from pipeline.candidate import write_candidate
from pipeline.earlier_tables import LINES, distinct, earlier_candidates, forget, remember, with_memory
from pipeline.errors import BadInputError, BudgetSpentError
from pipeline.hub import Hub, code_version
from policies.contract import Contract
from storage import DatasetRef, Manifest, parquet_schema

INFEASIBLE = "infeasible"  # in the details of a table: nothing protects it
Batches = Callable[[], Iterator[pa.RecordBatch]]
Named = Callable[[tuple[str, ...]], str]
"""From the digests of a stage's further inputs, the name of what it makes of all."""


def protected_candidate(
    hub: Hub, contract: Contract, ref: DatasetRef, trusted: Manifest, batches: Batches, named: Named
) -> tuple[DatasetRef, Released]:
    """Make a protected table beside every earlier release of its period.

    Raises:
        BadInputError: nothing of the period is left in trusted.
    """
    forget(hub, contract)
    period = trusted.period
    earlier = earlier_candidates(hub, contract, period)
    digests = [one.ref.digest for one in earlier]
    if earlier and earlier[0].candidate.manifest.parts[0].key.endswith(f"/{named(tuple(digests[1:]))}-0000.parquet"):
        last = earlier[0].candidate
        return earlier[0].ref, Released(last.table, last.counts, last.units, last.evidence, last.details)
    if not trusted.parts:
        raise BadInputError(f"{contract.id} {period}: no row of the period is left to make a table of")
    schema, name = parquet_schema(hub.private, trusted.parts[0]), named(tuple(digests))
    before = [with_memory(hub, contract, one.candidate, schema) for one in distinct(earlier)]
    surroundings = Surroundings.of(hub.territory)
    try:
        released = apply_release(batches, contract.release, contract.protection_unit, surroundings, before)
    except InfeasibleTableError:  # not a failure: the verdict says why nothing is published
        released = _infeasible(contract, batches)
    details = dict(released.details)
    if released.lines is not None:
        details[LINES] = asdict(remember(hub, contract, period, name, released.lines, schema))
    released = replace(released, details=details)
    version = str(contract.version)
    candidate = write_candidate(hub.private, released, trusted, ref, name=name, version=version, code=code_version())
    return candidate, released


def _infeasible(contract: Contract, batches: Batches) -> Released:
    """The candidate of a period that no pattern of hidden cells protects: no row, and it says so."""
    counts = ReleaseCounts(sum(batch.num_rows for batch in batches()), 0, 0, 0)
    empty = released_schema(contract.release).empty_table()
    return Released(empty, counts, pa.array([], pa.int64()), None, {DETAIL: {INFEASIBLE: 1.0}})


def noisy_candidate(
    hub: Hub, contract: Contract, ref: DatasetRef, trusted: Manifest, batches: Batches, named: Named
) -> tuple[DatasetRef, Released]:
    """Make a table with noise, out of the dataset's privacy budget; a period's figures are drawn once.

    Raises:
        BudgetSpentError: the budget does not pay; nothing was drawn.
        BadInputError: the budget was declared with other terms, or other figures were drawn for this period.
    """
    unit, noise = contract.protection_unit, contract.release.noise
    if unit is None or noise is None:
        raise BadInputError(f"{contract.id}: a table with noise needs « noise » and « protectionUnit »")
    dataset, now = str(contract.id), hub.now()
    reader = ClassReader(contract.release, unit, Surroundings.of(hub.territory))
    purse = Purse(hub.budgets, dataset, unit.kind, purse_name(contract, trusted.period))
    try:
        hub.budgets.declare(dataset, unit.kind, noise.budget, influence_of(contract.release, unit.column), now)
        released = release_noisy(batches, reader, purse, now)
    except BudgetExhaustedError:
        left = hub.budgets.left(dataset, unit.kind) / MICRO
        raise BudgetSpentError(
            f"{dataset} {trusted.period} : le budget de confidentialité est épuisé (il reste {left:g}, cette "
            f"publication coûte {noise.epsilon:g}). Rien n'a été tiré ; rien ne sera publié."
        ) from None
    except BudgetError:
        raise BadInputError(
            f"{dataset} {trusted.period} : le budget de confidentialité a été déclaré en d'autres termes, ou d'autres "
            "chiffres ont déjà été tirés pour cette période ; ni l'un ni les autres ne changent."
        ) from None
    candidate = write_candidate(
        hub.private, released, trusted, ref, name=named(()), version=str(contract.version), code=code_version()
    )
    return candidate, released


def purse_name(contract: Contract, period: str) -> str:
    """The name under which a period's figures are kept."""
    return f"v{contract.version.major} {period}"
