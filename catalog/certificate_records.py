"""What a certificate says of records released under models: models, levels in words, risk, and how to check it again.

Everything comes from the verdict's details, as *assess* measured them; nothing is measured here. A count under the
floor is banded. What can be recomputed from the published file alone is given as a program of a few lines, for whoever
does not have this one (`ardoise verify` does the same from the certificate).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.certificate_figures import french_month, integer, of_period, share
from catalog.section import Section
from catalog.treatments import UNITS
from policies import Contract
from policies.generalized import HierarchyRule

Details = Mapping[str, Any]

_METRICS = {
    "loss": "perte d'Iyengar (part de la hiérarchie que couvre chaque valeur publiée)",
    "entropy": "entropie non uniforme (bits)",
    "discernibility": "discernabilité de Bayardo et Agrawal",
    "average_class_size": "taille moyenne des groupes de LeFevre et al.",
    "height": "hauteur de Samarati (somme des niveaux)",
    "precision": "un moins la précision de Sweeney",
}
MODEL_NAMES = {
    "k_anonymity": "k-anonymat",
    "distinct_l_diversity": "l-diversité distincte",
    "entropy_l_diversity": "l-diversité par entropie",
    "recursive_c_l_diversity": "(c, l)-diversité récursive",
    "t_closeness": "t-proximité",
    "k_map": "k-map",
    "delta_presence": "δ-présence",
    "maximum_risk": "risque maximal",
    "average_risk": "risque moyen",
}
_MEASURED = {  # what is told of each model's measure on the published data
    "k_anonymity": "Plus petit groupe publié",
    "distinct_l_diversity": "Valeurs sensibles distinctes, dans le groupe qui en a le moins",
    "entropy_l_diversity": "Diversité d'entropie la plus faible d'un groupe",
    "recursive_c_l_diversity": "Diversité récursive la plus faible d'un groupe",
    "t_closeness": "Plus grand écart d'un groupe à l'ensemble",
    "k_map": "Plus petit groupe de la population",
    "delta_presence": "Plus grande certitude de présence",
    "maximum_risk": "Risque le plus élevé",
    "average_risk": "Risque moyen",
}
_CRITERIA = {"singling_out": "Individualisation", "linkability": "Corrélation", "inference": "Inférence"}


def records_sections(contract: Contract, details: Details) -> tuple[Section, ...]:
    """The sections of a release of records."""
    found = [_models(contract, details), _levels(contract, details), _risk(contract, details), _criteria(details)]
    found += [_earlier(details), _again(details)]
    return tuple(section for section in found if section.sentences or section.rows or section.code)


def model_words(asked: Mapping[str, Any], unit: str) -> str:
    """One model, with its parameters, as a sentence."""
    sensitive, least = f"« {asked.get('sensitive')} »", f"{asked.get('l', 0):g}"
    match asked["model"]:
        case "k_anonymity":
            return f"k-anonymat, k = {asked['k']} : chaque combinaison publiée est celle d'au moins {asked['k']} {unit}"
        case "distinct_l_diversity":
            return f"l-diversité distincte, l = {least} : au moins {least} valeurs de {sensitive} par groupe"
        case "entropy_l_diversity":
            return f"l-diversité par entropie, l = {asked['l']:g}, de {sensitive}"
        case "recursive_c_l_diversity":
            return f"(c, l)-diversité récursive, c = {asked['c']:g}, l = {asked['l']:g}, de {sensitive}"
        case "t_closeness":
            return f"t-proximité, t = {asked['t']:g} (distance {asked['distance']}), de {sensitive}"
        case "k_map":
            return f"k-map, k = {asked['k']}, dans la population de {asked['population']}"
        case "delta_presence":
            bounds = f"de {asked['minimum']:g} à {asked['maximum']:g}"
            return f"δ-présence, {bounds}, dans la population de {asked['population']}"
        case "maximum_risk":
            return f"risque d'au plus {share(asked['p'])} pour chacun"
        case _:
            return f"risque moyen d'au plus {share(asked['p'])}"


def level_words(rule: HierarchyRule | None, level: int, height: int) -> str:
    """A level of one column's hierarchy."""
    if level == 0:
        return "carreau de 200 m" if rule is not None and rule.kind == "grid" else "valeur la plus fine"
    if rule is None or level == height:
        return f"« {rule.root if rule else '*'} » (tout regroupé)"
    match rule.kind:
        case "grid":
            return f"carreau de {integer(rule.sizes[level - 1])} m"
        case "prefixes":
            return f"les {rule.lengths[level - 1]} premiers caractères"
        case "intervals":
            return f"{len(rule.edges[level - 1]) - 1} tranches"
        case "iris":
            return "commune"
        case _:
            return f"niveau {level} sur {height}"


def banded(count: int, floor: int) -> str:
    """A count, or « moins de floor » where it is above zero and under it."""
    return f"moins de {floor}" if 0 < count < floor else integer(count)


def _models(contract: Contract, details: Details) -> Section:
    unit = UNITS[contract.protection_unit.kind][1] if contract.protection_unit else "unités"
    sentences = tuple(f"{model_words(asked, unit)}." for asked in details.get("asked", ()))
    rows = tuple(
        (_MEASURED.get(found["model"], found["model"]), f"{found['measured']:g}".replace(".", ","))
        for found in details["models"]
    )
    return Section("Les modèles, et ce qui a été mesuré", sentences, rows)


def _levels(contract: Contract, details: Details) -> Section:
    search, steps = contract.release.search, details.get("steps")
    if search is None or not steps:
        return Section("")
    rows = []
    for column, height in details["heights"].items():
        words = [level_words(search.hierarchy(column), step[column], height) for step in steps]
        rows.append((f"« {column} »", " ; sinon ".join(dict.fromkeys(words))))
    rows.append(("Lignes retirées", banded(details["suppressed"], details["floor"])))
    rows.append(("Information perdue", _utility(details)))
    proof = "prouvés les meilleurs" if details["proved"] else "les meilleurs trouvés, sans preuve"
    sentences = [f"Niveaux cherchés parmi toutes les combinaisons possibles et {proof}."]
    if fixed := details.get("fixed"):
        sentences.append(
            f"Choisis une fois, sur les données {of_period(fixed['chosen_for'])}, et gardés "
            f"{of_period(fixed['since'])} jusqu'à {french_month(fixed['until'])} (exclu), pour que le choix ne dise "
            "rien."
        )
    if attack := details.get("minimality"):
        sentences.append(
            "Ce que le choix des niveaux révèle, simulé : la valeur la plus probable de l'attribut sensible passe de "
            f"{share(attack['before'])} à {share(attack['after'])} pour la personne la plus exposée."
        )
    return Section("Les niveaux de détail publiés", tuple(sentences), tuple(rows))


def _utility(details: Details) -> str:
    lost, part = details["utility_lost"], details["utility_lost_share"]
    told = f"{lost:.3g}".replace(".", ",") if abs(lost) < 1000 else integer(float(f"{lost:.3g}"))
    shown = f" ({share(round(part, 3))} de tout perdre)" if part is not None else ""
    return f"{told}{shown}, en {_METRICS[details['metric']]}"


def _risk(contract: Contract, details: Details) -> Section:
    risk, population = details["risk"], any("population" in asked for asked in details.get("asked", ()))
    rows = [
        ("Procureur (sait que la personne y est) : pire cas", share(risk["prosecutor"]["highest"])),
        ("Procureur : en moyenne", share(risk["prosecutor"]["average"])),
        ("Journaliste : pire cas", share(risk["journalist"]["highest"])),
        ("Commercial (cherche à reconnaître le plus de monde)", share(risk["marketer"])),
        ("Seuls de leur groupe", share(risk["sample_uniques"])),
    ]
    rows += [(f"« {found['attribute']} » devinée à coup sûr", share(found["known"])) for found in risk["attributes"]]
    known = (
        "Le risque du journaliste et du commercial est mesuré dans la population déclarée."
        if population
        else "Sans population déclarée, la table est prise pour la population entière : c'est le cas le plus prudent."
    )
    return Section("Le risque qui reste", (known,), tuple(rows))


def _criteria(details: Details) -> Section:
    found = details["risk"]["criteria"]
    rows = tuple((_CRITERIA[one["name"]], "rempli" if one["met"] else "non rempli") for one in found)
    return Section("Les trois critères du G29 (avis 05/2014)", tuple(one["sentence"] for one in found), rows)


def _earlier(details: Details) -> Section:
    compared = details["earlier"]["compared"]
    if not compared:
        return Section("")
    sentence = (
        f"Comparée à {compared} publication(s) précédente(s) de la même période : aucune différence ne concerne moins "
        f"de {details['floor']} unités. Un retrait n'apparaît qu'avec d'autres changements."
    )
    return Section("Les publications précédentes", (sentence,))


def _again(details: Details) -> Section:
    """How to check it without us."""
    check = details.get("verification")
    if not check:
        return Section("")
    sentences = (
        "Le fichier Parquet publié suffit : ce programme (Python, pyarrow) recalcule son empreinte, le plus petit "
        "groupe et la diversité.",
        beyond_words(check.get("beyond", ())),
        "Avec Ardoise : ardoise verify FICHIER.parquet --certificate certificat.json",
    )
    return Section("Vérifier soi-même", sentences, code=program(check))


BEYOND_TABLES = (
    "Ce que le fichier seul ne montre pas : ce que contenaient les lignes reçues, et ce qui n'a pas été publié. Tout a "
    "été mesuré avant publication."
)


def beyond_words(models: Sequence[str]) -> str:
    """What the published file alone can not show, in a sentence; `models` are those that it says nothing sure of."""
    told = (
        "Ce que le fichier seul ne montre pas : les groupes y sont comptés en lignes, au moins aussi nombreuses que "
        "les unités protégées ; un groupe de trop peu de lignes s'y voit, assez d'unités n'y sont pas prouvées"
    )
    if models:
        names = ", ".join(MODEL_NAMES.get(model, model) for model in models)
        told += f" ; et ces modèles, mesurés en unités ou dans une population, n'y sont pas vérifiables : {names}"
    return f"{told}. Tout a été mesuré avant publication, par un programme qui ne partage rien avec celui de la table."


def program(check: Mapping[str, Any]) -> str:
    """A program of a few lines that recomputes what the file alone shows; it fails where something is not as said."""
    keys, k = list(check["quasi_identifiers"]), check["k"]
    sensitive = dict(check["diversity"])
    lines = [
        "import hashlib, sys",
        "import pyarrow.compute as pc, pyarrow.parquet as pq",
        "data = open(sys.argv[1], 'rb').read()",
        "table = pq.read_table(sys.argv[1])",
        "every = pc.CountOptions(mode='all')",
        f"wanted = [([], 'count_all')] + [(name, 'count_distinct', every) for name in {list(sensitive)!r}]",
        f"groups = table.group_by({keys!r}).aggregate(wanted)",
        f"assert hashlib.sha256(data).hexdigest() == {check['digest']!r}, 'empreinte'",
        f"assert table.num_rows == {check['rows']} and min(groups['count_all'].to_pylist()) >= {k}, 'k'",
    ]
    lines += [
        f"assert min(groups[{name + '_count_distinct'!r}].to_pylist()) >= {least}, 'l'"
        for name, least in sensitive.items()
    ]
    return "\n".join([*lines, "print('conforme')"]) + "\n"
