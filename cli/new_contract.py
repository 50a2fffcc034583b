"""The questions of ``ardoise contracts new``, and what is written: a contract to review, never one that is in force.

An answers file answers some or all of them; what is needed and not answered there is asked, on a terminal only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from anonymization.text.profile import profile
from cli.errors import CommandError
from pipeline.onboarding.answers import Answers, checked_answers, read_answers
from pipeline.onboarding.looking import look, together
from pipeline.onboarding.proposing import new_contract
from policies import Territory, load_territory
from policies.advice import MARK
from settings import Settings
from sources.options import CONNECTORS, DECODERS

_NEEDED = (
    ("identifiant", "Identifiant du jeu de données, en minuscules-avec-tirets"),
    ("titre", "Titre, tel que le catalogue le montrera"),
    ("operateur", "Opérateur qui remet les données"),
    ("theme", "Thème"),
    ("source", "Comment les données arrivent"),
    ("decodeur", "Sous quel format"),
)


def propose_contract(settings: Settings, answers_file: Path | None, output: Path | None, screen: Console) -> Path:
    """Ask, sample, propose, write.

    Raises:
        CommandError: an answer is missing and nobody is there to ask, or the file to write is there already.
    """
    territory = load_territory(settings.territory, refused=lambda file, error: None)
    answers = _answers(answers_file, territory)
    target = (output or territory.folder / "contracts") / f"{answers.identifiant}.odcs.yaml"
    if target.exists():
        raise CommandError(f"{target} existe déjà : déplacez-le, ou donnez un autre dossier avec --sortie")
    screen.print("  Échantillon du flux…")
    made = new_contract(answers, settings, territory, together(look, profile), datetime.now(UTC))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(made.text, encoding="utf-8")
    screen.print(f"  [green]✓[/] {made.rows} lignes lues, {len(made.proposed.columns)} colonnes :")
    for one in made.proposed.columns:
        told = f"{one.column.name:<24} {one.column.logical_type:<10} {one.technique.value:<13} {one.reason}"
        screen.print(f"      {escape(told)}", soft_wrap=True)
    screen.print(f"  [green]✓[/] {escape(str(target))}", soft_wrap=True)
    marks = made.text.count(f"{MARK} : ")
    screen.print(f"  {marks} textes à compléter : relisez le fichier en entier, puis « ardoise contracts check ».")
    return target


def _answers(file: Path | None, territory: Territory) -> Answers:
    if file is not None:
        return read_answers(file)
    if not sys.stdin.isatty():
        raise CommandError("personne n'est là pour répondre : donnez un fichier de réponses avec --reponses")
    return ask(territory)


def ask(territory: Territory) -> Answers:
    """Ask what is needed to fetch a sample."""
    choices: dict[str, Mapping[str, Any]] = {
        "operateur": territory.organizations,
        "theme": territory.themes,
        "source": CONNECTORS,
        "decodeur": DECODERS,
    }
    given: dict[str, Any] = {name: _asked(text, choices.get(name)) for name, text in _NEEDED}
    given["options"] = _options(given["source"])
    given["periode"] = _asked("Une publication par jour ou par mois", {"day": "jour", "month": "mois"})
    schedule = typer.prompt("Horaire de collecte (cron ; vide : à la main)", default="", show_default=False)
    given["horaire"] = schedule or None
    given["auteur"] = typer.prompt("Votre identifiant (vous ne pourrez pas approuver les publications)")
    return checked_answers(given, "réponses")


def _asked(text: str, choices: Mapping[str, Any] | None) -> str:
    if choices is None:
        return str(typer.prompt(text)).strip()
    while True:
        answer = str(typer.prompt(f"{text} ({', '.join(sorted(choices))})")).strip()
        if answer in choices:
            return answer
        typer.echo("  Choisissez un des mots entre parenthèses ; un autre s'ajoute d'abord au dossier du territoire.")


def _options(source: str) -> dict[str, Any]:
    """The options that a source can not do without."""
    if source == "http_pull":
        collection: dict[str, Any] = {
            "path": typer.prompt("Chemin de la collection (par exemple /api/v1/mesures)"),
            "paging": _asked("Pagination", {"offset": "", "page": "", "link": ""}),
            "since": typer.prompt("Champ dont la dernière valeur dit ce qui est nouveau (une date de mise à jour)"),
        }
        base = typer.prompt("Adresse du service (vide : celle des réglages)", default="", show_default=False)
        return {"collections": {"live": collection}} | ({"base": base} if base else {})
    fields = CONNECTORS[source].model_fields
    return {
        field.alias or name: typer.prompt(f"Option « {field.alias or name} » de la source")
        for name, field in fields.items()
        if field.is_required()
    }
