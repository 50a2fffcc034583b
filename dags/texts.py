"""What stewards read in Airflow, in French: the page of each DAG, and what an approval is about to publish.

Everything is derived from the contract and from counts; no data value comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dags.names import period_example
from policies.contract import Column, Contract, PeriodUnit, ReleaseRule, Technique, Territory
from policies.errors import ContractError
from policies.redacted_rules import released_texts
from policies.twin import FILE, geographic

_CONNECTORS = {
    "http_pull": "interrogé par le réseau, à l'adresse de l'opérateur",
    "http_push": "envoyé par l'opérateur au dépôt de la plateforme",
    "file_drop": "fichiers déposés par l'opérateur",
    "sftp": "fichiers lus sur le serveur SFTP de l'opérateur",
    "s3_drop": "objets lus dans le magasin de l'opérateur",
    "mqtt": "messages reçus du courtier MQTT de l'opérateur",
}
_UNITS = {"person": "personnes", "household": "foyers", "delivery_point": "points de livraison"}
_TECHNIQUES = {
    Technique.PSEUDONYMIZE: "remplacé par un pseudonyme que seul le tiers de confiance sait calculer",
    Technique.REDACT: "expurgé de toute donnée personnelle",
    Technique.COMMUNE: "réduit au code de la commune",
    Technique.DROP: "contrôlé, puis jamais enregistré",
}
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_COUNTS = {
    "rows_in": "Lignes de départ",
    "published_rows": "Lignes à publier",
    "suppressed_rows": "Lignes retirées (trop peu d'individus)",
    "suppressed_cells": "Combinaisons ou cases retirées",
    "cells_V": "Cases publiées (V)",
    "cells_A": "Cases secrètes, trop peu d'individus (A)",
    "cells_B": "Cases secrètes, un individu y pèse trop (B)",
    "cells_D": "Cases secrètes pour en protéger d'autres (D)",
}
_MEASURES = {
    "rows": "Lignes mesurées",
    "k": "Plus petit groupe, en individus (k)",
    "prosecutor_risk": "Risque de ré-identification le plus élevé (« procureur »)",
    "average_risk": "Risque moyen",
    "smallest_cell": "Plus petite case, en lignes",
    "largest_share": "Plus grande part d'un seul individu",
    "suppressed_share": "Part des lignes retirées",
    "residual_identifiers": "Textes où un identifiant a été reconnu",
    "changed_cells": "Cases trop proches d'une publication antérieure",
    "linked_correctly": "Personnes retrouvées par un registre simulé (part des essais)",
    "linked_certainly": "Retrouvées avec certitude (part des essais)",
    "sample_uniques": "Personnes seules de leur groupe (part)",
    "earlier_releases": "Publications antérieures comparées",
    "isolated_classes": "Groupes qu'une différence isolerait",
    "gap": "Part des cases cachées pour d'autres qu'un meilleur choix éviterait au plus",
    "epsilon": "Coût de confidentialité (epsilon)",
    "budget_left": "Budget de confidentialité restant",
}


def collect_page(contract: Contract, territory: Territory) -> str:
    """The Markdown page of the DAG that collects."""
    return "\n\n".join(
        [
            f"# {contract.title} : collecte",
            contract.description.purpose,
            f"**Qui remet ces données ?** {_operator(contract, territory)} "
            f"({_CONNECTORS[contract.feed.connector]}). {_schedule(contract)}",
            f"**De quel droit ?** {contract.legal_basis.text} "
            f"Traitement {contract.treatment_ref} du registre.{_coverage(contract)}",
            "## Les étapes",
            "1. **ingest** va chercher ce qui est nouveau et le range, chiffré, dans la zone d'arrivée ; rien n'est "
            "encore lu. Une remise déjà reçue est reconnue et laissée de côté.\n"
            "2. **deidentify** lit la remise, contrôle chaque ligne, met à part (chiffrées, avec un motif codé) celles "
            "que le contrat refuse, retire ce qui désigne quelqu'un et range le reste par "
            f"{_period_word(contract)}. Les périodes closes qui ont changé sont annoncées : chacune démarre une "
            f"exécution de `{contract.id}__release`.",
            "## Ce qui protège les personnes",
            _protection_table(contract.columns),
            "## En pratique",
            "- Activer ce DAG lance aussitôt une première collecte ; ensuite il suit son horaire.\n"
            "- Une panne (réseau, stockage, tiers de confiance) est réessayée d'elle-même, de plus en plus "
            "espacée. Une erreur qui demande quelqu'un arrête la tâche : la dernière ligne de son journal dit quoi et "
            "où.\n"
            "- Relancer ne double rien : une même remise donne toujours les mêmes lignes.\n"
            "- Pour publier de nouveau des périodes passées, déclenchez ce DAG en les donnant dans le paramètre "
            f"« Périodes à publier de nouveau » (exemple : `{period_example(contract.period)}`).",
            _signature(contract, territory),
        ]
    )


def release_page(contract: Contract, territory: Territory) -> str:
    """The Markdown page of the DAG that releases."""
    steps = [
        "1. **anonymize** applique la règle de publication du contrat à toute la période.",
        "2. **assess** mesure le résultat avec un code indépendant et rend un avis, conservé : publiable, à approuver "
        "ou refusé, avec ses motifs.",
    ]
    if contract.approval:
        steps.append(
            "3. **approve** attend qu'une ou un responsable des données réponde, dans *Actions requises* (30 jours au "
            "plus). L'auteur du contrat et la personne qui a lancé l'exécution ne peuvent pas approuver."
        )
        steps.append("4. **decide** consigne la réponse. Un refus termine l'exécution sans rien publier.")
    steps.append(
        f"{len(steps) + 1}. **publish** promeut les fichiers, remplace la période entière et met à jour la page du "
        "catalogue, avec son certificat d'anonymisation."
    )
    return "\n\n".join(
        [
            f"# {contract.title} : publication",
            f"Une exécution par {_period_word(contract)}, démarrée quand la collecte annonce une période close et "
            f"modifiée. Une période se clôt {_duration(contract.lateness)} après sa fin ; elle reste ouverte aux "
            f"corrections pendant {_duration(contract.corrections)}.",
            "## Les étapes",
            "\n".join(steps),
            "## Ce qui sera publié",
            _rule(contract.release, contract),
            f"**Limites à connaître.** {contract.description.limitations}",
            "## En pratique",
            "- Une période qui attend une approbation n'arrête ni la collecte ni les autres périodes.\n"
            "- Pour publier de nouveau une période, déclenchez ce DAG en donnant la période en clé de partition ou "
            f"dans le paramètre « Période » (exemple : `{period_example(contract.period)}`). "
            "À contenu égal, rien ne change.",
            _signature(contract, territory),
        ]
    )


def rotation_page() -> str:
    """The Markdown page of the DAG that carries pseudonyms to another epoch."""
    return (
        "# Rotation des pseudonymes\n\n"
        "Toutes les heures, cette exécution demande au tiers de confiance si une rotation a été lancée. Deux personnes "
        "habilitées la lancent, chez lui ; personne ne la lance d'ici. Le plus souvent il n'y a rien à faire.\n\n"
        "## Les étapes\n\n"
        "1. **due** demande quels domaines doivent changer d'époque.\n"
        "2. **rotate** réécrit, période par période, toutes les données pseudonymisées du domaine : le tiers de "
        "confiance remplace chaque pseudonyme par celui de la nouvelle époque, sans qu'aucune identité ne soit "
        "nécessaire. Les comptes sont vérifiés, puis tout bascule d'un coup ; la clé de l'ancienne époque est alors "
        "détruite.\n"
        "3. **retire** efface, un jour plus tard, ce qui restait de l'ancienne époque.\n\n"
        "## En pratique\n\n"
        "- Rien n'est publié de nouveau : les jeux de données ouverts ne changent pas.\n"
        "- Une collecte qui tombe au moment de la bascule s'arrête avec le code `rotating` et reprend d'elle-même.\n"
        "- Une exécution interrompue se relance : elle reprend où elle en était. Une rotation commencée se termine ; "
        "elle ne s'annule pas.\n"
        "- Si la clé durable d'un domaine est compromise avec celle de l'époque en cours, une rotation ne répare rien "
        ": les pseudonymes doivent être refaits depuis les données d'origine, dans un nouveau domaine."
    )


def twin_page(territory: Territory) -> str:
    """The Markdown page of the DAG that makes the digital twin."""
    twin = territory.twin
    if twin is None:
        return ""
    rows = "\n".join(
        f"| {twin.layer(contract).title} | `{contract.id}` | "
        f"{', '.join(f'`{name}`' for name in twin.layer(contract).key) or 'chaque ligne'} |"
        for contract in geographic(territory.contracts)
    )
    return "\n\n".join(
        [
            f"# {twin.title}",
            twin.purpose,
            "La tâche **refresh** part dès que l'un de ces jeux de données est publié. Elle relit ce qui est ouvert, "
            "et rien d'autre : une couche par jeu de données, en GeoParquet et en NGSI-LD.",
            "| Couche | Jeu de données | Ce qui distingue un objet |\n|---|---|---|\n" + rows,
            "## En pratique\n\n"
            "- La relancer ne change rien si rien n'a été publié entre-temps.\n"
            "- Une publication retirée quitte le jumeau à l'exécution suivante ; une couche sans publication "
            "disparaît.\n"
            f"- Les couches se règlent dans `{FILE}`, dans le dossier du territoire.",
        ]
    )


def watch_page() -> str:
    """The Markdown page of the DAG that judges the feeds."""
    return (
        "# Surveillance des flux\n\n"
        "Toutes les heures, la tâche **watch** compare ce que chaque opérateur a livré à ce que son contrat annonce et "
        "à ce qu'il livre d'habitude. Elle est rouge tant qu'un flux demande un regard ; son journal dit lequel et "
        "pourquoi.\n\n"
        "## Ce qui alerte\n\n"
        "- aucune livraison pendant la fréquence déclarée, retard admis compris ;\n"
        "- moins de lignes que le contrat n'en déclare ou, à défaut, moins du tiers de l'habitude ;\n"
        "- une livraison illisible, ou beaucoup plus de lignes rejetées que d'habitude ;\n"
        "- des colonnes qui se vident, ou d'autres que le contrat ne décrit pas et qui n'y étaient pas.\n\n"
        "## En pratique\n\n"
        "- Une alerte n'arrête ni la collecte ni la publication.\n"
        "- Elle se lève une fois, se voit aussi en tête de la console, et s'éteint d'elle-même quand le flux va bien.\n"
        "- Si le nouvel état est le bon, dites-le dans le contrat : fréquence, volume (`rowCount`) ou colonnes."
    )


def retention_page() -> str:
    """The Markdown page of the DAG that takes back what was open long enough."""
    return (
        "# Fin de publication\n\n"
        "Chaque nuit, la tâche **retire** relit les contrats : une période publiée depuis plus longtemps que ne dit sa "
        "conservation (`retention` de la zone ouverte) est retirée, fichiers, table et page comprises, même si le flux "
        "s'est arrêté et que plus rien n'est publié.\n\n"
        "## En pratique\n\n"
        "- Un retrait que l'absence du catalogue avait interrompu est fini ici.\n"
        "- Ce qui a été téléchargé auparavant ne se reprend pas.\n"
        "- Sans conservation dans le contrat, une période publiée le reste."
    )


def mails_page() -> str:
    """The Markdown page of the DAG that has the catalogue send its mails."""
    return (
        "# Courriels du catalogue\n\n"
        "Toutes les heures, la tâche **send** demande à CKAN d'envoyer ce qui attend, par le serveur des réglages "
        "(`smtp_server`).\n\n"
        "- À qui suit un jeu de données depuis sa page : ce qui y a changé depuis la dernière fois, avec un lien pour "
        "ne plus le suivre.\n"
        "- À qui en répond : « un message vous attend », sans rien du message ni de qui l'a écrit.\n\n"
        "## En pratique\n\n"
        "- Si le serveur ne répond pas, la tâche recommence ; rien n'est perdu. Coupée au mauvais moment, elle peut "
        "envoyer une lettre deux fois.\n"
        "- Une adresse que le serveur refuse est essayée de nouveau à l'heure suivante ; la tâche reste verte.\n"
        "- Le journal dit combien de lettres, jamais à qui."
    )


def refusal_page(file: str, error: ContractError) -> str:
    """The Markdown page of the DAG that stands for a contract that does not load."""
    findings = "\n".join(
        f"- {finding.file.name}, ligne {finding.line} : {finding.sentence} (`{finding.rule}`)"
        for finding in error.findings
    )
    return (
        f"# Contrat refusé : {file}\n\nCe jeu de données n'est ni collecté ni publié tant que son contrat n'est pas "
        f"corrigé :\n\n{findings}\n\nCorrigez le fichier : les deux DAGs du jeu de données reviennent d'eux-mêmes, "
        "en une minute environ."
    )


def approval_subject(contract: Contract, period: str) -> str:
    """The headline of the required action."""
    text = period_text(period)
    return f"{text[0].upper()}{text[1:]} : publier « {contract.title} » ?"


def approval_body(contract: Contract, period: str, judged: Mapping[str, Any], page_url: str, texts_url: str) -> str:
    """The Markdown that tells a steward what is about to become public.

    Args:
        contract: of the dataset.
        period: its key.
        judged: what *assess* returned.
        page_url: the run's page in the console.
        texts_url: where the console shows the texts of the candidate.
    """
    columns = ", ".join(f"`{column.name}`" for column in released_texts(contract))
    reading = [
        f"**Lisez d'abord les textes.** Cette publication montre des textes libres expurgés ({columns}). Un automate "
        "en a ôté ce qu'il reconnaît, et en laisse passer : une personne les lit tous avant d'approuver. "
        f"Ils sont dans la console : [ouvrir les textes à relire]({texts_url})."
    ]
    counts = _figures(_COUNTS, judged["counts"])
    measures = _figures(_MEASURES, judged["measures"])
    reasons = "\n".join(f"- {reason}" for reason in judged["reasons"]) or "- Rien d'autre à signaler."
    return "\n\n".join(
        [
            f"**{contract.title}**, {period_text(period)}, contrat version {contract.version}.",
            "Si vous approuvez, ces données deviennent publiques, pour tout le monde et sans retour possible sur ce "
            "qui aura été téléchargé.",
            *(reading if columns else ()),
            "| Ce qui serait publié | |\n|---|---:|\n" + counts,
            f"| Risque mesuré sur le résultat | |\n|---|---:|\n{measures}",
            "**Pourquoi cette question ?** Le contrat ou la stratégie du territoire veut qu'une personne approuve "
            f"chaque publication de ces données. Remarques de la mesure :\n\n{reasons}",
            f"**Règle appliquée.** {_rule(contract.release, contract)}",
            f"**Limites à connaître.** {contract.description.limitations}",
            f"Le détail de l'exécution est dans la console : [ouvrir la page de cette exécution]({page_url}).",
            "L'auteur du contrat et la personne qui a lancé l'exécution ne peuvent pas approuver. Votre identifiant, "
            "votre réponse et votre motif sont conservés.",
        ]
    )


def period_text(period: str) -> str:
    """A period's key in French: « octobre 2026 », « 31 octobre 2026 », « semaine du 26 octobre 2026 »."""
    if "-W" in period:
        monday = datetime.strptime(f"{period}-1", "%G-W%V-%u")
        return f"semaine du {period_text(f'{monday:%Y-%m-%d}')}"
    year, month, *day = period.split("-")
    text = f"{_MONTHS[int(month) - 1]} {year}"
    if not day:
        return text
    return f"{'1er' if int(day[0]) == 1 else int(day[0])} {text}"


def number_text(value: float) -> str:
    """A figure in French: « 12 345 », « 0,125 »."""
    if float(value).is_integer():
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:.3f}".rstrip("0").replace(".", ",")


def _figures(labels: Mapping[str, str], values: Mapping[str, float]) -> str:
    """Rows of a table, in the order of ``labels``; a figure without a label keeps its name."""
    names = [*(name for name in labels if name in values), *(name for name in values if name not in labels)]
    return "\n".join(f"| {labels.get(name, name)} | {_figure(name, values[name])} |" for name in names)


def _figure(name: str, value: float) -> str:
    if name.endswith(("_risk", "_share")):
        return f"{number_text(round(100 * value, 2))} %"
    return number_text(value)


def _protection_table(columns: Iterable[Column]) -> str:
    treated = [column for column in columns if column.privacy.technique in _TECHNIQUES]
    if not treated:
        return "Ces données ne concernent personne : toutes les colonnes sont gardées telles quelles."
    rows = "\n".join(
        f"| `{column.name}` | {column.description or '–'} | {_TECHNIQUES[column.privacy.technique]} |"
        for column in treated
    )
    return (
        "| Colonne | Ce que c'est | Ce qu'elle devient |\n|---|---|---|\n"
        f"{rows}\n\nUne colonne que le contrat ne cite pas n'est jamais enregistrée."
    )


def _rule(rule: ReleaseRule, contract: Contract) -> str:
    published = ", ".join(f"`{name}`" for name in (*(c.name for c in rule.columns), *(m.name for m in rule.measures)))
    unit = _UNITS[contract.protection_unit.kind] if contract.protection_unit else "lignes"
    match rule.kind:
        case "as_is":
            text = "Les lignes sont publiées telles quelles : rien n'y est personnel."
        case "records":
            text = (
                f"Des lignes sans identité ; chaque combinaison publiée est portée par au moins {rule.k} {unit} "
                "distinctes, les autres lignes sont retirées."
            )
        case "aggregate":
            text = f"Des totaux seulement ; jamais une case sous {rule.minimum_units} {unit} distincts"
            if rule.dominance is not None:
                text += f", ni une case dont une seule unité ferait plus de {number_text(100 * rule.dominance)} %"
            text += "."
        case "protected_table":
            text = f"Un tableau avec ses totaux ; les chiffres sont secrets sous {rule.minimum_units} {unit} distincts"
            if rule.dominance is not None:
                text += f", ou si une seule unité ferait plus de {number_text(100 * rule.dominance)} %"
            text += ", et là où ils en trahiraient d'autres ; la colonne `statut` le dit."
        case "noisy_table":
            epsilon = number_text(rule.noise.epsilon) if rule.noise else "?"
            text = f"Des chiffres bruités (epsilon = {epsilon}) : personne n'y change presque rien."
    return f"{text} Colonnes publiées : {published}."


def _operator(contract: Contract, territory: Territory) -> str:
    return territory.organizations.get(contract.feed.operator, {}).get("title", contract.feed.operator)


def _schedule(contract: Contract) -> str:
    if contract.feed.schedule is None:
        return "La collecte se lance à la main."
    return f"La collecte suit l'horaire `{contract.feed.schedule}` (heure de Paris)."


def _coverage(contract: Contract) -> str:
    if contract.coverage is None:
        return ""
    return " Seules les lignes des personnes dont le consentement est actif sont gardées ; les autres sont oubliées."


def _period_word(contract: Contract) -> str:
    return {PeriodUnit.MONTH: "mois", PeriodUnit.WEEK: "semaine"}.get(contract.period, "jour")


def _duration(value: timedelta) -> str:
    hours = int(value.total_seconds() // 3600)
    if hours % 24 == 0:
        days = hours // 24
        return f"{days} jour{'s' if days > 1 else ''}"
    return f"{hours} heure{'s' if hours > 1 else ''}"


def _signature(contract: Contract, territory: Territory) -> str:
    return (
        f"*{territory.strategy.territory}, contrat `{contract.id}` version {contract.version} "
        f"({contract.source.name}). Cette page est tirée du contrat.*"
    )
