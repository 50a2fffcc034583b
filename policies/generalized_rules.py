"""What a search for the best generalization must not ask: models without their parameters, hierarchies that are none.

Each rule is a small generator of findings, as in :mod:`policies.rules`. Whether the data can satisfy the models is not
known here: the search itself refuses what it can not find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise

from policies.contract import Contract, ReleasedColumn, Strategy
from policies.errors import Finding
from policies.generalized import (
    CLASS_BY_CLASS,
    METRICS,
    PARAMETERS,
    WEIGHTED_METRICS,
    HierarchyRule,
    ModelRule,
    SearchRule,
)
from policies.generalized_reading import territory_folder
from policies.hierarchy_files import RULE as FILE_RULE
from policies.hierarchy_files import csv_findings, population_findings, read_file, tree_findings
from policies.odcs import Map

_LEAST_MONTHS = 1
_NEEDED = {"csv": "file", "tree": "file", "intervals": "edges", "grid": "sizes"}  # prefixes, iris: a root is enough
_ALLOWED = {
    "csv": {"file"},
    "tree": {"file"},
    "intervals": {"edges", "bounds"},
    "prefixes": {"lengths"},
    "grid": {"sizes"},
    "iris": set[str](),
}
_DERIVED = ("grid_200m_longitude", "grid_200m_latitude", "commune")


def search_contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """What makes the search impossible."""
    yield from _derived(contract, where)
    search = contract.release.search
    if search is None:
        return
    found = where.document.finding
    if contract.release.kind != "records":
        yield found(where.release("kind"), "search", "« models » et « hierarchies » valent pour « records »")
    if not search.models:
        yield found(where.release(), "model", "des hiérarchies sans « models » : rien ne dit ce qui doit être atteint")
    if "k" in _written(where):
        yield found(where.release("k"), "model", "« k » ou « models », pas les deux : écrivez k_anonymity dans models")
    if contract.release.suppression_limit >= 1:
        yield found(
            where.release("suppressionLimit"),
            "suppression-limit",
            "avec « models », « suppressionLimit » est une part de lignes, de 0 à moins de 1",
        )
    yield from _models(contract, search, where)
    yield from _hierarchies(contract, search, where)
    yield from _choice(search, where)
    yield from _files(contract, search, where)


def search_weaknesses(contract: Contract, strategy: Strategy, where: Map) -> Iterator[Finding]:
    """Where the models ask for less than the strategy's floor. A k that is declared is judged with the other floors."""
    search = contract.release.search
    if search is None or not search.models:
        return
    if search.smallest_class is None:
        yield where.document.finding(
            where.release("models"),
            "weak-k",
            "aucun modèle ne borne la taille des groupes : il faut k_anonymity, "
            f"avec k d'au moins {strategy.minimum_k}, ou maximum_risk",
        )


def _written(where: Map) -> set[str]:
    """The names under `release` in the file itself."""
    value = where.document.data
    for part in where.release():
        value = value[part]
    return set(value)


def _derived(contract: Contract, where: Map) -> Iterator[Finding]:
    columns = {column.name: column for column in contract.release.columns}
    for number, column in enumerate(contract.release.columns):
        if column.derived_from is None:
            continue
        origin = columns.get(column.derived_from)
        sound = origin is not None and origin.derived_from is None and origin.logical_type == "string"
        if contract.release.search is None or not sound or column.generalization not in _DERIVED:
            yield where.document.finding(
                where.release("columns", number, "derivedFrom"),
                "derived-column",
                f"« {column.name} » : avec « models », une colonne dérivée ({', '.join(_DERIVED)}) vient d'un texte "
                "publié",
            )
        if column.quasi_identifier:
            yield where.document.finding(
                where.release("columns", number),
                "derived-column",
                f"« {column.name} » suit « {column.derived_from} », qui est comptée : retirez « quasiIdentifier »",
            )


def _models(contract: Contract, search: SearchRule, where: Map) -> Iterator[Finding]:
    columns = {column.name: column for column in contract.release.columns}
    for number, rule in enumerate(search.models):
        place = where.release("models", number)
        if rule.model not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            yield where.document.finding(
                (*place, "model"), "model", f"modèle inconnu : « {rule.model} » ; au choix : {known}"
            )
            continue
        for sentence in _parameters(rule):
            yield where.document.finding(place, "model", f"{rule.model} : {sentence}")
        if rule.sensitive is not None:
            for sentence in _sensitive(columns.get(rule.sensitive)):
                yield where.document.finding(
                    (*place, "sensitive"), "sensitive-column", f"« {rule.sensitive} » {sentence}"
                )
        if search.local_recoding and rule.model not in CLASS_BY_CLASS:
            yield where.document.finding(
                place, "local-recoding", f"{rule.model} ne se vérifie pas groupe par groupe : retirez « localRecoding »"
            )


def _parameters(rule: ModelRule) -> Iterator[str]:
    needed = set(PARAMETERS[rule.model])
    if rule.distance == "hierarchical":
        needed.add("tree")
    own = {item.name for item in fields(rule)} - {"model", "content"}
    given = {name for name in own if getattr(rule, name) is not None}
    for name in sorted(needed - given):
        yield f"il manque « {name} »"
    for name in sorted(given - needed):
        yield f"« {name} » n'y a pas de sens"
    for name, holds, sentence in (
        ("k", rule.k is None or rule.k >= 2, "un entier, au moins 2"),
        ("l", rule.l is None or rule.l >= 1, "au moins 1"),
        ("c", rule.c is None or rule.c > 0, "positif"),
        ("t", rule.t is None or 0 <= rule.t <= 1, "entre 0 et 1"),
        ("p", rule.p is None or 0 < rule.p <= 1, "au-dessus de 0, au plus 1"),
        ("minimum", _in_order(rule), "entre 0 et « maximum », lui-même au plus 1"),
    ):
        if name in given and not holds:
            yield f"« {name} » doit être {sentence}"
    whole = rule.model in ("distinct_l_diversity", "recursive_c_l_diversity")
    if whole and rule.l is not None and rule.l != int(rule.l):
        yield "« l » doit être un entier"


def _in_order(rule: ModelRule) -> bool:
    return rule.minimum is None or rule.maximum is None or 0 <= rule.minimum <= rule.maximum <= 1


def _sensitive(column: ReleasedColumn | None) -> Iterator[str]:
    if column is None:
        yield "n'est pas publiée : sa diversité ne se mesure pas"
    elif column.quasi_identifier or column.derived_from:
        yield "est un quasi-identifiant : une colonne est l'un ou l'autre"


def _hierarchies(contract: Contract, search: SearchRule, where: Map) -> Iterator[Finding]:
    columns = {column.name: column for column in contract.release.columns}
    for rule in search.hierarchies:
        place = where.release("hierarchies", rule.column)
        column = columns.get(rule.column)
        if column is None or not column.quasi_identifier:
            yield where.document.finding(
                place, "hierarchy", f"« {rule.column} » n'est pas un quasi-identifiant publié de ce contrat"
            )
        elif column.logical_type != "string":
            yield where.document.finding(
                place, "hierarchy", f"« {rule.column} » : ce qui peut être regroupé se publie en texte (string)"
            )
        elif rule.kind == "grid" and (column.generalization != "grid_200m" or any(size % 200 for size in rule.sizes)):
            yield where.document.finding(
                place, "hierarchy", f"« {rule.column} » : des mailles de « grid_200m », multiples de 200 mètres"
            )
        for sentence in _shape(rule):
            yield where.document.finding(place, "hierarchy", f"« {rule.column} » : {sentence}")


def _shape(rule: HierarchyRule) -> Iterator[str]:
    given = {name for name in ("file", "lengths", "sizes", "edges", "bounds") if getattr(rule, name)}
    needed = _NEEDED.get(rule.kind)
    if needed is not None and needed not in given:
        yield f"une hiérarchie « {rule.kind} » demande « {needed} »"
    for name in sorted(given - _ALLOWED[rule.kind]):
        yield f"« {name} » n'a pas de sens dans une hiérarchie « {rule.kind} »"
    if list(rule.lengths) != sorted(set(rule.lengths), reverse=True) or any(length < 1 for length in rule.lengths):
        yield "les longueurs de préfixe décroissent, jusqu'à 1 au moins"
    if any(size < 1 for size in rule.sizes) or any(
        coarse % fine or coarse <= fine for fine, coarse in pairwise(rule.sizes)
    ):
        yield "chaque maille est un multiple de la précédente"
    yield from _intervals(rule)


def _intervals(rule: HierarchyRule) -> Iterator[str]:
    finer: set[object] | None = None
    for level in rule.edges:
        if len(level) < 2 or len({type(edge) in (int, float) for edge in level}) > 1 or not _ascending(level):
            yield "les bornes d'un niveau sont au moins deux, d'un même type, croissantes"
            return
        if finer is not None and not set(level) <= finer:
            yield "les niveaux ne s'emboîtent pas : une borne n'est pas parmi celles du niveau plus fin"
        finer = set(level)


def _ascending(level: tuple[object, ...]) -> bool:
    return all(low < high for low, high in pairwise(level))  # type: ignore[operator]


def _choice(search: SearchRule, where: Map) -> Iterator[Finding]:
    found = where.document.finding
    if search.metric not in METRICS:
        yield found(where.release("metric"), "metric", f"mesure inconnue ; au choix : {', '.join(METRICS)}")
    if search.local_recoding and search.metric == "height":
        yield found(where.release("metric"), "local-recoding", "« height » ne mesure pas un recodage local")
    named = {rule.column for rule in search.hierarchies}
    for column, weight in search.weights.items():
        if column not in named or not 0 < weight < float("inf"):
            yield found(
                where.release("weights", column), "weights", f"« {column} » : un poids positif, d'une colonne regroupée"
            )
    if search.weights and search.metric not in WEIGHTED_METRICS:
        yield found(where.release("weights"), "weights", f"« {search.metric} » se mesure sur des groupes, sans poids")
    months = search.levels_fixed_months
    if months is not None and (months < _LEAST_MONTHS or (12 % months and months % 12)):
        yield found(
            where.release("levelsFixedFor"),
            "levels-fixed",
            "une durée ISO 8601 en mois ou en années, qui partage l'année ou en compte plusieurs (P3M, P6M, P1Y, P2Y)",
        )


def _files(contract: Contract, search: SearchRule, where: Map) -> Iterator[Finding]:
    """What is wrong with the files of the territory that the search rests on."""
    folder = territory_folder(where.document.file)
    keys = tuple(column.name for column in contract.release.columns if column.quasi_identifier)
    for rule in search.hierarchies:
        if rule.file is None:
            continue
        if read_file(folder, rule.file) is None:
            yield _missing(where, ("hierarchies", rule.column, "file"), rule.file)
        elif rule.kind in ("csv", "tree"):
            judge = csv_findings if rule.kind == "csv" else tree_findings
            yield from judge(folder / rule.file, rule.content)
    for number, model in enumerate(search.models):
        name = model.population or model.tree
        if name is None:
            continue
        if read_file(folder, name) is None:
            yield _missing(where, ("models", number, "population" if model.population else "tree"), name)
        elif model.population:
            yield from population_findings(folder / name, model.content, keys)
        else:
            yield from tree_findings(folder / name, model.content)


def _missing(where: Map, place: tuple[str | int, ...], name: str) -> Finding:
    sentence = f"le fichier « {name} » n'est pas dans le dossier du territoire, ou n'est pas un texte en UTF-8"
    return where.document.finding(where.release(*place), FILE_RULE, sentence)
