"""For each rule, what a steward does next. The finding tells the rule, docs/contracts.md explains it."""

from __future__ import annotations

from collections.abc import Mapping

from policies.errors import Finding

MARK = "À COMPLÉTER"
"""How a text of a contract begins that a person has still to write."""

_READ = "Ouvrez le fichier dans un éditeur de texte, corrigez la ligne, puis relancez la commande."
_SOURCES = "Prenez des colonnes de « schema.properties » conservées et qui ne désignent personne, ou retirez-la."
_FLOOR = "Remontez la protection au plancher de strategy.yaml ; seul le territoire peut changer ce plancher."
_PERSON = "Voyez avec la ou le délégué à la protection des données qui ces lignes concernent et à quel titre."
_SEARCH = "Comparez avec « models » et « hierarchies » d'un contrat publié, ou avec docs/contracts.md."
_TABLE = "Comparez avec « release » d'un contrat publié de même forme, ou avec docs/contracts.md."

ADVICE: Mapping[str, str] = {
    "to-complete": f"Remplacez tout le texte qui commence par « {MARK} », guillemets gardés, par votre réponse.",
    "unreadable": "Vérifiez le nom du dossier donné à la commande, puis la présence et les droits du fichier.",
    "yaml": "Corrigez la ligne indiquée ou celle d'avant ; un texte avec « : », « # » ou « * » va entre guillemets.",
    "repeated-key": "Gardez une seule des deux clés.",
    "odcs": "Corrigez selon la norme ODCS 3.1 ; ce qui nous est propre va dans « customProperties ».",
    "api-version": "Écrivez « apiVersion: v3.1.0 » en première ligne.",
    "missing": "Ajoutez la rubrique ; un contrat voisin en donne la forme.",
    "one-schema": "Gardez une table sous « schema », avec ses « properties » ; une autre table est un autre contrat.",
    "custom-property": "Corrigez la propriété ; docs/contracts.md donne son nom, sa place et sa forme.",
    "version": "Écrivez par exemple « version: 1.0.0 ».",
    "id": "Choisissez un identifiant comme « prets-de-velos » ; il ne changera plus.",
    "file-name": "Renommez le fichier, ou corrigez « id ».",
    "organization": "Ajoutez l'opérateur (titre, description) à organizations.yaml, ou corrigez « feed.operator ».",
    "theme": "Choisissez une clé de themes.yaml pour « domain », ou ajoutez-y le thème.",
    "author": "Ajoutez à « team.members » qui écrit ce contrat, avec « role: author ».",
    "retention": "Ajoutez à « slaProperties » : {property: retention, value: 30, unit: d, element: landing}.",
    "frequency": "Écrivez par exemple : {property: frequency, value: 1, unit: d, element: landing}.",
    "volume": "Écrivez par exemple : {type: library, metric: rowCount, mustBeGreaterOrEqualTo: 1000, unit: rows}.",
    "column-name": "Donnez à la colonne un nom simple dans « name » ; celui de l'opérateur va dans « physicalName ».",
    "column-type": "Choisissez un de ces types ; dans le doute, « string » garde la valeur telle quelle.",
    "repeated-column": "Renommez ou retirez l'une des deux colonnes.",
    "date-format": "Composez le format avec yyyy, MM, dd, HH, mm, ss, par exemple dd/MM/yyyy HH:mm.",
    "pattern": "Corrigez l'expression ; un crochet ou une parenthèse n'y est peut-être pas refermé.",
    "type-option": "Retirez l'option, ou prenez minimum, maximum, pattern, minLength, maxLength ou format.",
    "quality": "Prenez nullValues ou invalidValues avec « mustBe: 0 », ou retirez la règle : rien ne la vérifierait.",
    "primary-key": "Marquez « required: true » et « primaryKey: true » ce qui distingue une ligne d'une autre.",
    "event-time": "Nommez la colonne qui date une ligne : de type date ou timestamp, « required: true », conservée.",
    "source-version": "Nommez une colonne conservée qui grandit à chaque correction, ou retirez « sourceVersion ».",
    "domain": "Donnez à chaque colonne « pseudonymize » son « domain » (souvent l'identifiant du jeu), à elle seule.",
    "technique-type": "Passez la colonne en « logicalType: string », ou prenez « drop » ou « keep ».",
    "direct-identifier": "Prenez « pseudonymize » s'il faut relier des lignes, sinon « drop ».",
    "free-text": "Prenez « drop », ou « redact » si le texte expurgé sert vraiment.",
    "protection-unit": f"Nommez dans « protectionUnit » une colonne pseudonymisée. {_PERSON}",
    "legal-basis": f"Donnez le code et le texte de la base légale. {_PERSON}",
    "coverage": "Avec le consentement, « coverage » nomme la colonne pseudonymisée de la personne et « purpose ».",
    "release-kind": _TABLE,
    "measure": "Faites porter la mesure sur un nombre conservé ; « units » et « rows » comptent sans colonne.",
    "generalization": "Choisissez une généralisation de docs/contracts.md et donnez-lui ses colonnes d'origine.",
    "full-text": "Nommez dans « fullText » des textes publiés, une fois chacun, ou retirez-le ; il demande une table.",
    "geometry": "Publiez deux nombres et nommez-les « longitude » et « latitude », ou retirez geojson des formats.",
    "released-source": _SOURCES,
    "released-identifier": _SOURCES,
    "released-quasi-identifier": "Ajoutez « quasiIdentifier: true » à la colonne publiée : son risque sera compté.",
    "at-source": "Gardez « atSource » aux seuls pseudonymes que l'opérateur demande lui-même au tiers de confiance.",
    "health-basis": "Prenez une base de l'article 9, avec la personne déléguée à la protection des données.",
    "health-release": "Prenez « kind: protected_table » : des chiffres, jamais de lignes, avec leurs secrets.",
    "health-at-source": "Demandez à l'opérateur d'envoyer des pseudonymes (docs/custody.md), ou retirez la colonne.",
    "health-hosting": "Déclarez l'hébergeur certifié dans strategy.yaml ; sans lui, ne recevez pas ces données.",
    "weak-k": _FLOOR,
    "weak-minimum-units": _FLOOR,
    "weak-dominance": _FLOOR,
    "weak-retention": "Raccourcissez la durée de « slaProperties » (element: landing).",
    "weak-licence": "Prenez une licence admise par strategy.yaml dans « dcat.licence ».",
    "weak-approval": "Retirez « approval: false » : une personne approuvera chaque publication.",
    "weak-redacted-text": "Retirez la colonne, ou demandez l'accord : « approval: true », si strategy.yaml l'admet.",
    "digital-twin": "Corrigez digital-twin.yaml ; ses couches ne citent que des colonnes publiées avec une position.",
    "counts-only": "Retirez cette colonne et demandez à l'opérateur de ne remettre que des nombres par zone.",
    "weak-budget": _FLOOR,
    "weak-epsilon": _FLOOR,
    "version-change": "Augmentez « version » comme le dit le message, puis comparez de nouveau.",
    "strategy": "Corrigez le fichier du territoire : tant qu'il est incorrect, aucun contrat ne peut être jugé.",
    "communes": "Remettez communes.csv dans le dossier du territoire, en UTF-8, avec les colonnes insee et nom.",
    "access": "Corrigez les règles d'accès (*.cedar) du territoire ; sans elles rien ne s'exécute.",
    "feed-options": "Corrigez « feed.options » ; docs/contracts.md liste les options de chaque source et décodeur.",
    "redaction": "Comparez avec « redaction » dans docs/contracts.md : ses types, ses modes et ce qu'ils demandent.",
    "redacted-text": "Gardez « identity », sans « quasiIdentifier » ni « hash », dans « as_is » ou « records ».",
    "public-figures": "Corrigez public-figures.txt dans le dossier du territoire : un nom par ligne, en UTF-8.",
    "search": _SEARCH,
    "model": _SEARCH,
    "hierarchy": _SEARCH,
    "metric": _SEARCH,
    "weights": _SEARCH,
    "local-recoding": _SEARCH,
    "levels-fixed": _SEARCH,
    "derived-column": _SEARCH,
    "sensitive-column": _SEARCH,
    "suppression-limit": "Écrivez une part des lignes, par exemple 0.1 pour une ligne sur dix.",
    "dimension": _TABLE,
    "dominance": _TABLE,
    "listed": _TABLE,
    "noise": _TABLE,
}


def advice(finding: Finding) -> str:
    """What to do next about a finding."""
    return ADVICE.get(finding.rule, f"{_READ} La règle « {finding.rule} » est expliquée dans docs/contracts.md.")
