"""The job that carries a domain of the trusted zone to the epoch that two officers lead it to.

Numbered as it happens; killed anywhere, a second run finishes the first:

1. Carry every period of every dataset that has pseudonyms of the domain, while collections go on at the old epoch.
2. Freeze the marker: from here on no writer's work counts in these datasets, nor with pseudonyms of this domain.
3. Carry what changed since 1, and what the freeze had to wait for; every period the journal knows is there, counted.
4. Tell custody the counts. New pseudonyms are of the new epoch from now on, and the key of the old one is destroyed.
5. Tell the journal that contents changed their name, so that nothing is released again for it.
6. Switch: one conditional write of the marker. Readers see all of the old epoch before it, all of the new one after.

Between 4 and 6 readers still see the old epoch, whole, and writers are refused: nothing is ever mixed.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from anonymization.pseudonyms import RotationCounts, RotationState
from anonymization.pseudonyms.rotation import ROTATING
from catalog.lineage import Stage
from pipeline.errors import BadInputError, OutageError
from pipeline.hub import Hub
from pipeline.rotation.periods import Found, Schemas, concerned_periods, current_periods
from pipeline.rotation.snapshot import Done, Snapshot
from pipeline.stage import StageReport, stage
from policies.contract import DatasetId
from storage import Freeze, Generations, read_generations, read_manifest, read_pointer, write_generations


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to."""

    domain: str
    epoch: int
    datasets: tuple[str, ...]
    periods: int
    counts: RotationCounts


def rotations_due(hub: Hub) -> list[str]:
    """The domains to rotate: what officers started and nobody finished; a switch that was cut short comes first."""
    freeze = read_generations(hub.private).freeze
    started = [state.domain for state in hub.rotation_custody().rotations() if state.state == ROTATING]
    return list(dict.fromkeys([*([freeze.domain] if freeze else []), *started]))


def rotate(hub: Hub, domain: str, run_id: str) -> Rotated:
    """Carry a domain to its next epoch.

    Raises:
        BadInputError: officers started no rotation of it, or a period can not be carried.
        OutageError: something did not answer, or another rotation is being switched; run it again.
    """
    custody = hub.rotation_custody()
    state = next((state for state in custody.rotations() if state.domain == domain), None)
    generations = read_generations(hub.private)
    if state is None:
        raise BadInputError(f"nobody started a rotation of domain {domain}: two officers do, at custody")
    if _is_over(generations, state):
        return Rotated(domain, state.epoch, (), 0, RotationCounts())
    schemas = Schemas(hub.private)
    periods = _list(hub, generations, domain, schemas)
    with ExitStack() as stages:
        reports = {dataset: _enter(stages, hub, dataset, run_id) for dataset in periods}
        snapshot = Snapshot(hub, custody, run_id, domain, state.epoch, schemas)
        if state.state == ROTATING:
            snapshot.complete(_all(periods))  # 1
            generations, done = _freeze_and_complete(hub, snapshot, generations, periods)
            custody.finish_rotation(domain, state.epoch, _sum(done))  # 4
        else:
            done = _read_back(hub, generations)
        _tell_journal(hub, done)  # 5
        write_generations(hub.private, generations.switched())  # 6
        _report(reports, done)
    datasets = tuple(sorted({one.found.pointer.dataset for one in done}))
    return Rotated(domain, state.epoch, datasets, len(done), _sum(done))


def _is_over(generations: Generations, state: RotationState) -> bool:
    """Whether all of this was done before; refuse to begin where another rotation is being switched."""
    freeze = generations.freeze
    if freeze is not None and (freeze.domain, freeze.epoch) != (state.domain, state.epoch):
        raise OutageError(f"domain {freeze.domain} is being switched: finish that rotation first, it was cut short")
    if state.state == ROTATING or freeze is not None:
        return False
    if generations.epochs.get(state.domain) != state.epoch:
        raise BadInputError(
            f"custody finished the rotation of domain {state.domain} to epoch {state.epoch}, this trusted zone took no "
            "part in it (was it restored from a backup?): make its periods again from their deliveries"
        )
    return True


def _freeze_and_complete(
    hub: Hub, snapshot: Snapshot, generations: Generations, periods: dict[str, list[Found]]
) -> tuple[Generations, list[Done]]:
    """Steps 2 and 3: freeze, then list again; a dataset that came meanwhile is frozen, too."""
    frozen = generations
    while True:
        names = sorted({*periods, *(frozen.freeze.datasets if frozen.freeze else ())})
        freeze = Freeze(snapshot.domain, snapshot.epoch, tuple(names))
        if frozen.freeze != freeze:
            frozen = write_generations(hub.private, frozen.frozen(freeze))
        periods = _list(hub, frozen, snapshot.domain, snapshot.schemas)
        if set(periods) <= set(names):
            return frozen, snapshot.complete(_all(periods))


def _list(hub: Hub, generations: Generations, domain: str, schemas: Schemas) -> dict[str, list[Found]]:
    """The periods to carry, all of those that the journal knows among them.

    Raises:
        BadInputError: some are not there: another object store, or a part of one. What is not carried can never be.
    """
    known = [
        (str(contract.id), contract.version.major, period)
        for contract in hub.territory.contracts.values()
        if domain in map(str, contract.domains())
        for period in hub.journal.periods(str(contract.id), contract.version.major)
    ]  # asked first: a period is in the zone before it is in the journal
    periods = concerned_periods(hub.private, generations, domain, schemas)
    there = {(found.pointer.dataset, found.pointer.major, found.pointer.period) for found in _all(periods)}
    if lost := [place for place in known if place not in there]:
        raise BadInputError(
            f"{lost[0][0]}: the journal knows {len(lost)} periods that the trusted zone does not hold, {lost[0][2]} "
            "first; nothing was switched. Restore them, or look whether this is the right object store"
        )
    return periods


def _read_back(hub: Hub, generations: Generations) -> list[Done]:
    """What a run that was killed after step 4 had completed: it was counted then, and stands in the next generation."""
    datasets = generations.freeze.datasets if generations.freeze else ()
    done = []
    for found in current_periods(hub.private, generations):
        place = found.pointer
        if place.dataset not in datasets:
            continue
        there = read_pointer(hub.private, place.dataset, place.major, place.period, generation=place.generation + 1)
        if there is not None:  # a writer that was too late made the others: it runs again
            content = read_manifest(hub.private, there[0]).content
            done.append(Done(found, there[0], content, RotationCounts()))
    return done


def _tell_journal(hub: Hub, done: list[Done]) -> None:
    for one in done:
        place, old = one.found.pointer, one.found.manifest.content
        if old != one.content:
            hub.journal.carry_partition(place.dataset, place.major, place.period, old, one.content)


def _enter(stages: ExitStack, hub: Hub, dataset: str, run_id: str) -> StageReport | None:
    """Tell journal and lineage of a dataset's part in this; not where it has no contract any more."""
    contract = hub.territory.contracts.get(DatasetId(dataset))
    return None if contract is None else stages.enter_context(stage(hub, Stage.ROTATE, contract, run_id, None))


def _report(reports: dict[str, StageReport | None], done: list[Done]) -> None:
    for one in done:
        report = reports.get(one.found.pointer.dataset)
        if report is not None:
            report.inputs.append(one.found.ref)
            report.outputs.append(one.ref)
            report.add(periods=1, pseudonyms=one.counts.rows, distinct=one.counts.distinct)


def _all(periods: dict[str, list[Found]]) -> list[Found]:
    return [found for dataset in sorted(periods) for found in periods[dataset]]


def _sum(done: list[Done]) -> RotationCounts:
    return sum((one.counts for one in done), RotationCounts())
