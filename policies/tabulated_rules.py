"""What protected tables and tables with noise must not say. Each finding stands on the line of what is wrong.

The general rules of a release (sources that exist, nobody published, numbers measured) are in
:mod:`policies.release_rules`; floors of the strategy in :mod:`policies.rules`, except those of noise, here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policies.contract import Contract, PeriodUnit, ReleasedColumn, Strategy
from policies.errors import Finding
from policies.listed import LISTED, PROBLEM, VALUES
from policies.odcs import Map
from policies.tabulated import STATUS, NoiseRule, TableRule

_OF_PERIODS = {
    PeriodUnit.DAY: ("day", "month", "year"),
    PeriodUnit.WEEK: ("week",),
    PeriodUnit.MONTH: ("month", "year"),
}


def tabulated_contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """What makes a protected table, a table with noise, or a generalization that they bring impossible."""
    rule = contract.release
    yield from _generalizations(contract, where)
    if rule.kind in ("protected_table", "noisy_table") and contract.protection_unit is None:
        sentence = f"une publication « {rule.kind} » protège quelqu'un : il manque « protectionUnit »"
        yield where.document.finding(where.release("kind"), "release-kind", sentence)
    if rule.kind == "protected_table" and rule.table is not None:
        yield from _dimensions(contract, rule.table, where)
        yield from _table_measures(contract, where)
        yield from _dominances(contract, rule.table, where)
    if rule.kind == "noisy_table" and rule.noise is not None:
        yield from _noise(contract, rule.noise, where)


def noise_weaknesses(contract: Contract, strategy: Strategy, where: Map) -> Iterator[Finding]:
    """Where noise protects less than the strategy's floor."""
    noise = contract.release.noise
    if noise is None:
        return
    found = where.document.finding
    if noise.epsilon > strategy.maximum_epsilon:
        sentence = f"epsilon vaut {noise.epsilon:g} ; la stratégie admet au plus {strategy.maximum_epsilon:g}"
        yield found(where.release("noise", "epsilon"), "weak-epsilon", sentence)
    if noise.budget > strategy.maximum_privacy_budget:
        sentence = f"budget vaut {noise.budget:g} ; la stratégie admet au plus {strategy.maximum_privacy_budget:g}"
        yield found(where.release("noise", "budget"), "weak-budget", sentence)


def _generalizations(contract: Contract, where: Map) -> Iterator[Finding]:
    for number, column in enumerate(contract.release.columns):
        place, found = where.release("columns", number), where.document.finding
        if problem := column.options.get(PROBLEM):
            yield found(place, "listed", f"« {column.name} » : {problem}")
        length = column.options.get("length")
        if column.generalization == "prefix" and not (isinstance(length, int) and length >= 1):
            yield found(
                place, "generalization", f"« {column.name} » : « prefix » demande l'option « length », 1 ou plus"
            )


def _dimensions(contract: Contract, table: TableRule, where: Map) -> Iterator[Finding]:
    columns = {column.name: column for column in contract.release.columns}
    uses = Counter(table.columns)
    for number, dimension in enumerate(table.dimensions):
        place = where.release("table", "dimensions", number)
        named = [*dimension.levels, *(label for label, _ in dimension.labels)]
        for name in named:
            if sentence := _level(name, columns.get(name), uses[name]):
                yield where.document.finding(place, "dimension", f"« {dimension.name} » : {sentence}")
        for label, level in dimension.labels:
            if level not in dimension.levels:
                sentence = f"« {label} » nomme « {level} », qui n'est pas un de ses niveaux"
                yield where.document.finding(place, "dimension", f"« {dimension.name} » : {sentence}")
    for name, count in Counter(dimension.name for dimension in table.dimensions).items():
        if count > 1:
            sentence = f"deux dimensions s'appellent « {name} »"
            yield where.document.finding(where.release("table", "dimensions"), "dimension", sentence)
    for name in _names(contract):
        if name == STATUS:
            sentence = f"« {STATUS} » est la colonne qui dit ce qui est secret : il faut un autre nom"
            yield where.document.finding(where.release("columns"), "dimension", sentence)
    yield from _others(contract, set(uses), where)


def _level(name: str, column: ReleasedColumn | None, uses: int) -> str | None:
    """What keeps a column from being a level of a dimension."""
    if column is None:
        return f"« {name} » n'est pas une colonne publiée"
    if column.logical_type != "string":
        return f"« {name} » doit être une chaîne, pour que le libellé du total y tienne"
    return f"« {name} » y figure plusieurs fois, ou dans une autre dimension" if uses > 1 else None


def _others(contract: Contract, placed: set[str], where: Map) -> Iterator[Finding]:
    """Columns that are in no dimension say the period, and nothing else."""
    for number, column in enumerate(contract.release.columns):
        if column.name in placed:
            continue
        of_period = column.generalization in _OF_PERIODS[contract.period]
        if column.sources != (contract.event_time,) or not of_period:
            sentence = f"« {column.name} » n'est dans aucune dimension et ne dit pas la période"
            yield where.document.finding(where.release("columns", number), "dimension", sentence)


def _table_measures(contract: Contract, where: Map) -> Iterator[Finding]:
    rule = contract.release
    sums = {measure.column for measure in rule.measures if measure.function == "sum"}
    counted = any(measure.function == "units" for measure in rule.measures)
    timed = {c.name for c in rule.columns if contract.event_time in c.sources} & set(
        rule.table.columns if rule.table else ()
    )
    for number, measure in enumerate(rule.measures):
        sentence = None
        if measure.function == "median":
            sentence = "une médiane ne s'additionne pas ; au choix : sum, units, rows, mean"
        elif measure.function == "mean" and not (measure.column in sums and counted):
            sentence = "une moyenne par unité demande la somme de la même colonne et le nombre d'unités, publiés aussi"
        elif measure.function == "units" and timed:
            sentence = "une même unité serait dans plusieurs dates : ce compte ne s'additionne pas"
        if sentence:
            place = where.release("measures", number)
            yield where.document.finding(place, "measure", f"« {measure.name} » : {sentence}")
    if sums and rule.dominance is None:
        sentence = "une somme demande « dominance » : la plus grande part qu'une unité peut en avoir"
        yield where.document.finding(where.release(), "release-kind", sentence)


def _dominances(contract: Contract, table: TableRule, where: Map) -> Iterator[Finding]:
    rule, found = contract.release, where.document.finding
    sums = any(measure.function == "sum" for measure in rule.measures)
    if not sums and (table.dominances or table.p_percent is not None or rule.dominance is not None):
        sentence = "dominance et p % parlent de sommes : ce tableau n'en a pas"
        yield found(where.release("table"), "dominance", sentence)
    for number, one in enumerate(table.dominances):
        place = where.release("table", "dominances", number)
        if rule.minimum_units is not None and one.units >= rule.minimum_units:
            sentence = f"regarde {one.units} unités, autant ou plus que la plus petite case publiée"
            yield found(place, "dominance", f"la règle ({one.units}, {one.share:g}) {sentence}")


def _noise(contract: Contract, noise: NoiseRule, where: Map) -> Iterator[Finding]:
    rule, found = contract.release, where.document.finding
    of_period = _OF_PERIODS[contract.period]
    free = [c for c in rule.columns if c.sources != (contract.event_time,) or c.generalization not in of_period]
    values = noise.values or (tuple(free[0].options.get(VALUES, {})) if free else ())
    if len(free) > 1 or any(column.logical_type != "string" for column in free):
        sentence = "un tableau bruité compte selon une seule colonne, qui est une chaîne, à côté de la période"
        yield found(where.release("columns"), "noise", sentence)
    if free and not values:
        sentence = f"les valeurs de « {free[0].name} » doivent être déclarées (« values », ou une liste « {LISTED} »)"
        yield found(where.release("noise"), "noise", sentence)
    if len(set(noise.values)) < len(noise.values) or (noise.values and not free):
        yield found(
            where.release("noise", "values"), "noise", "« values » dit les valeurs d'une colonne, chacune une fois"
        )
    if noise.epsilon > noise.budget:
        yield found(where.release("noise", "epsilon"), "noise", "une seule publication coûterait plus que le budget")
    for name, amount in (("epsilon", noise.epsilon), ("budget", noise.budget)):
        if abs(amount * 1e6 - round(amount * 1e6)) > 1e-6:
            yield found(where.release("noise", name), "noise", f"« {name} » s'écrit en millionièmes entiers")
    yield from _bounds(contract, noise, where)


def _bounds(contract: Contract, noise: NoiseRule, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    known = {name for name, _, _ in noise.bounds}
    for number, (name, least, most) in enumerate(noise.bounds):
        if not least < most:
            place = where.release("noise", "bounds", number)
            yield found(place, "noise", f"bornes de « {name} » : la plus petite d'abord")
    for number, measure in enumerate(contract.release.measures):
        place = where.release("measures", number)
        if measure.function in ("median", "rows"):
            sentence = "rien ne borne ce qu'une unité y change ; au choix : units, sum, mean"
            yield found(place, "measure", f"« {measure.name} » : {sentence}")
        if measure.function in ("sum", "mean") and measure.column not in known:
            sentence = f"il faut déclarer les bornes de « {measure.column} » (« noise.bounds »)"
            yield found(place, "noise", f"« {measure.name} » : {sentence}")


def _names(contract: Contract) -> tuple[str, ...]:
    rule = contract.release
    return (*(column.name for column in rule.columns), *(measure.name for measure in rule.measures))
