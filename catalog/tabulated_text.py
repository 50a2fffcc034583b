"""How a protected table, or a table with noise, is protected: the section of its certificate, in French sentences.

Everything comes from the contract's rule and from the details of the verdict, under « table » and « noise »: see
`pipeline.judging_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from catalog.section import Section
from policies import Contract
from policies.contract import ReleaseRule

_NARROW, _WIDE = "\u202f", "\u00a0"
_CHECK = "python -m anonymization.secrecy.check FICHIER.parquet"


def table_sections(contract: Contract, details: Mapping[str, Any]) -> tuple[Section, ...]:
    """What a protected table has to tell."""
    return (Section("Le secret statistique, et comment le vérifier", tuple(_protected(contract.release, details))),)


def noise_sections(contract: Contract, details: Mapping[str, Any]) -> tuple[Section, ...]:
    """What a table with noise has to tell."""
    return (Section("Le bruit, et la précision qu'il laisse", tuple(_noisy(contract.release, details))),)


def _protected(rule: ReleaseRule, measures: Mapping[str, Any]) -> Iterator[str]:
    table = rule.table
    said = [f"moins de {rule.minimum_units} unités"]
    if rule.dominance is not None:
        said.append(f"une unité au-delà de {_share(rule.dominance)} d'une somme")
    for one in table.dominances if table else ():
        said.append(f"{one.units} unités au-delà de {_share(one.share)}")
    if table and table.p_percent is not None:
        said.append(f"la règle du p{_WIDE}% (p = {_number(table.p_percent)})")
    yield f"Une case est secrète pour l'une de ces raisons : {' ; '.join(said)}."
    if not sum(measures.get("cells", {}).get(status, 0) for status in "ABD") and "cells" in measures:
        yield f"{_whole(measures['cells'].get('V', 0))} cases publiées ; aucune n'avait à être secrète."
    elif "cells" in measures:
        few, dominated, others, shown = (measures["cells"].get(status, 0) for status in "ABDV")
        yield (
            f"{_whole(shown)} case(s) publiée(s) ; {_whole(few)} secrète(s) parce que trop peu d'unités y sont, "
            f"{_whole(dominated)} parce que l'une y pèse trop, {_whole(others)} pour protéger les précédentes."
        )
    if measures.get("hidden_share"):
        hidden = _share(measures["hidden_share"])
        yield f"Les cases secrètes portent {hidden} du total ; les totaux publiés les comptent."
    if "gap" in measures and measures.get("hidden_share"):
        yield _gap(measures)
    if "narrowest" in measures and measures.get("attacked"):
        yield (
            f"Un attaquant, programme indépendant, a cherché {_whole(measures['attacked'])} chiffres secrets dans le "
            "fichier et dans chacune de ses versions précédentes : aucun ne se devine de plus près que son intervalle "
            f"de protection ({_share(table.interval if table else 0)} de part et d'autre, ou plus)."
        )
    if measures.get("kept_cells"):
        yield (
            f"{_whole(measures['kept_cells'])} case(s) gardent leur valeur d'une version précédente : trop peu "
            "d'unités y ont changé pour que la différence ne les montre pas."
        )
    yield f"Pour vérifier avec le seul fichier publié : « {_CHECK} »."


def _gap(measures: Mapping[str, Any]) -> str:
    if measures["gap"] == 0:
        return "On ne pouvait pas cacher moins : ce choix est optimal."
    told = f"On aurait pu cacher au mieux {_share(measures['gap'])} de moins à cette fin"
    return told + ("." if measures.get("complete", 1.0) else " ; la recherche a été arrêtée par sa limite de temps.")


def _noisy(rule: ReleaseRule, measures: Mapping[str, Any]) -> Iterator[str]:
    noise = rule.noise
    if noise is None:
        return
    yield (
        "Confidentialité différentielle : un bruit de Laplace discret (OpenDP), tiré une seule fois par le générateur "
        "du système et enregistré avec son coût, est ajouté à chaque chiffre."
    )
    yield f"Coût de cette publication : epsilon = {_number(noise.epsilon)}, sur un budget de {_number(noise.budget)}."
    if "budget_left" in measures:
        yield f"Il reste {_number(measures['budget_left'])} de ce budget ; quand il est épuisé, plus rien n'est publié."
    bounds = [f"« {name} » entre {_number(least)} et {_number(most)}" for name, least, most in noise.bounds]
    yield f"Une unité compte dans {noise.cells} case(s) au plus" + (f", pour {', '.join(bounds)}." if bounds else ".")
    for measure in rule.measures:
        if (margin := measures.get("margins", {}).get(measure.name)) is not None:
            yield f"« {measure.name} » est exact à {_number(ceil(margin * 10) / 10)} près, 95 fois sur 100."
    yield "Un chiffre peut être négatif, et les totaux ne tombent pas juste : c'est l'effet du bruit."


def _share(value: float) -> str:
    return f"{_number(round(value * 100, 1))}{_WIDE}%"


def _number(value: float) -> str:
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text.replace(",", _NARROW).replace(".", ",")


def _whole(value: float) -> str:
    return f"{round(value):,}".replace(",", _NARROW)
