"""What only a person knows of a feed, as answered to « ardoise contracts new » or written in an answers file.

The first answers are needed to fetch a sample. All others are optional: what is not answered is marked in the contract,
and « ardoise contracts check » names it. Keys are French, because stewards write them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadInputError
from policies.declared import Cron, Duration, Slug
from policies.french import explain_shape

FREQUENCIES = ("min", "h", "d", "w", "m", "y")


class _Answers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Texts(_Answers):
    """What the catalogue's page says."""

    objet: str | None = None
    limites: str | None = None
    usage: str | None = None


class Basis(_Answers):
    """On which legal basis people's data is processed."""

    code: Annotated[str, Field(pattern=r"^(none|A6-1-[a-f]|A9-2-[a-j])$")]
    texte: Annotated[str, Field(min_length=10)]


class Contact(_Answers):
    """Who answers about the dataset."""

    nom: str
    courriel: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class Frequency(_Answers):
    """How often a delivery comes at least."""

    valeur: Annotated[int, Field(ge=1)]
    unite: Literal["min", "h", "d", "w", "m", "y"]


class Answers(_Answers):
    """Everything that may be answered."""

    identifiant: Slug
    titre: Annotated[str, Field(min_length=3)]
    operateur: Slug
    theme: Slug
    source: str
    decodeur: str
    options: dict[str, Any] = {}
    auteur: str = "author"
    horaire: Cron | None = None
    periode: Literal["day", "month"] = "month"
    retard: Duration | None = None
    frequence: Frequency | None = None
    conservation_jours: Annotated[int, Field(ge=1)] | None = None
    date: str | None = None  # operator's name of the column that dates a row
    cle: tuple[str, ...] = ()  # operator's names of the columns that tell rows apart
    finalite: Slug | None = None
    registre: str | None = None
    base_legale: Basis | None = None
    textes: Texts = Texts()
    contact: Contact | None = None
    licence: str | None = None
    mots_cles: tuple[str, ...] = ()
    descriptions: dict[str, str] = {}  # by operator's name
    sans_personne: tuple[str, ...] = ()  # operator's names of columns that a person knows to tell of nobody


def read_answers(file: Path) -> Answers:
    """Read an answers file (YAML).

    Raises:
        BadInputError: it can not be read, or an answer is not valid; every one is named, in French.
    """
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError):
        raise BadInputError(f"{file} : ce fichier de réponses ne se lit pas (YAML, en UTF-8)") from None
    return checked_answers(given, str(file))


def checked_answers(given: Any, where: str) -> Answers:
    """Answers as given.

    Raises:
        BadInputError: one is missing, unknown or not valid.
    """
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        found = [
            f"{'.'.join(str(part) for part in item['loc']) or 'réponses'} : {explain_shape(dict(item))}"
            for item in error.errors()
        ]
    raise BadInputError(f"{where} : " + " ; ".join(found))
