"""What other libraries complain of in a contract, in a steward's words.

Three of them speak English: PyYAML about syntax, jsonschema about the standard, pydantic about our own properties.
Complaints are known by a stable word where there is one (pydantic's error types, JSON Schema's keywords); one that is
not known here becomes a general sentence rather than an English one. Contracts are public: quoting them leaks nothing.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping
from typing import Any

_TYPES = {
    "string": "un texte",
    "integer": "un nombre entier",
    "number": "un nombre",
    "boolean": "true ou false",
    "array": "une liste",
    "object": "un objet (des clés et leurs valeurs)",
    "null": "vide",
}
_PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "s'écrit en minuscules-avec-tirets, sans accent",
    r"^[a-z][a-z0-9_]*$": "s'écrit en minuscules_avec_soulignés, sans accent, et commence par une lettre",
    r"^(\S+\s+){4}\S+$": "s'écrit en cinq champs cron, par exemple 30 4 * * *",
    r"^[^@\s]+@[^@\s]+$": "doit être une adresse électronique",
    r"^(none|A6-1-[a-f]|A9-2-[a-j])$": "doit être none, A6-1-a à A6-1-f, ou A9-2-a à A9-2-j",
    r"^/[^?#]*$": "doit être un chemin qui commence par « / », sans « ? »",
    r"^https?://[^/?#@]+/?$": "doit être une adresse http(s)://hôte, sans chemin",
}
_SHAPES = {
    "missing": "cette propriété est obligatoire",
    "extra_forbidden": "cette propriété n'existe pas",
    "literal_error": "doit être l'un de {expected}",
    "enum": "doit être l'un de {expected}",
    "string_type": "doit être un texte",
    "string_too_short": "doit avoir au moins {min_length} caractère(s)",
    "string_too_long": "doit avoir au plus {max_length} caractères",
    "too_short": "doit avoir au moins {min_length} élément(s)",
    "greater_than": "doit être plus grand que {gt}",
    "greater_than_equal": "doit valoir au moins {ge}",
    "less_than": "doit être plus petit que {lt}",
    "less_than_equal": "doit valoir au plus {le}",
}
_FAMILIES = (  # beginnings of pydantic's error types
    ("int_", "doit être un nombre entier"),
    ("float_", "doit être un nombre"),
    ("bool_", "doit être true ou false"),
    ("time_delta", "doit être une durée ISO 8601, par exemple PT1H (une heure) ou P3D (trois jours)"),
    ("list_", "doit être une liste"),
    ("tuple_", "doit être une liste"),
    ("set_", "doit être une liste"),
    ("dict_", "doit être un objet (des clés et leurs valeurs)"),
    ("model_", "doit être un objet (des clés et leurs valeurs)"),
    ("dataclass_", "doit être un objet (des clés et leurs valeurs)"),
    ("mapping_", "doit être un objet (des clés et leurs valeurs)"),
    ("url_", "doit être une adresse"),
)
_SYNTAX = (  # pieces of PyYAML's complaints
    (
        "cannot start any token",
        "un caractère n'a pas sa place ici (souvent une tabulation, ou un texte sans guillemets)",
    ),
    ("tab character", "une tabulation sert d'indentation : mettez des espaces"),
    ("mapping values are not allowed", "deux « : » sur une ligne : mettez le texte entre guillemets"),
    ("could not find expected ':'", "il manque « : » après une clé"),
    ("did not find expected ',' or", "un crochet ou une accolade n'est pas refermé, ou il manque une virgule"),
    ("did not find expected key", "l'indentation de cette ligne ne correspond pas à celles d'avant"),
    ("block mapping", "l'indentation de cette ligne ne correspond pas à celles d'avant"),
    ("unexpected end of stream", "un guillemet n'est pas refermé"),
    ("undefined alias", "un texte qui commence par « * » doit être entre guillemets"),
)
_SYSTEM = {
    errno.ENOENT: "il n'existe pas",
    errno.EACCES: "l'accès est refusé",
    errno.EPERM: "l'accès est refusé",
    errno.EISDIR: "c'est un dossier",
}
_QUOTED = re.compile(r"'([^']+)'")


def explain_shape(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors (`ValidationError.errors()`), without its place."""
    kind, context = str(error["type"]), dict(error.get("ctx") or {})
    if kind == "value_error":  # raised by our own validators, in French already
        return str(context.get("error", "")) or "valeur incorrecte"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return _PATTERNS.get(pattern, f"doit avoir la forme {pattern}")
    if kind in _SHAPES:
        if "expected" in context:
            context["expected"] = str(context["expected"]).replace(" or ", ", ").replace("'", "")
        return _SHAPES[kind].format_map(context)
    return next((said for start, said in _FAMILIES if kind.startswith(start)), "valeur incorrecte")


def explain_standard(error: Any) -> str:
    """One of jsonschema's errors, without its place."""
    match error.validator:
        case "required":
            return f"il manque {_listed(name for name in error.validator_value if name not in error.instance)}"
        case "additionalProperties" | "unevaluatedProperties":
            return f"{_listed(_QUOTED.findall(error.message))} n'existe pas dans la norme"
        case "enum":
            return f"doit être l'un de {', '.join(map(str, error.validator_value))}"
        case "const":
            return f"doit valoir {error.validator_value}"
        case "type":
            kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            return f"doit être {' ou '.join(_TYPES.get(str(kind), str(kind)) for kind in kinds)}"
        case "pattern" | "format":
            return f"n'a pas la forme attendue par la norme ({error.validator_value})"
        case "minItems" | "minLength" | "minProperties":
            return f"doit avoir au moins {error.validator_value} élément(s)"
        case "uniqueItems":
            return "répète deux fois la même valeur"
        case "anyOf" | "oneOf" | "allOf" | "not" | "if":
            reasons = sorted({explain_standard(one) for one in error.context or ()})[:3]
            return "n'a aucune des formes admises par la norme" + (f" ({' ; '.join(reasons)})" if reasons else "")
    return f"ne suit pas la norme (règle « {error.validator} »)"


def explain_syntax(problem: str | None) -> str:
    """One of PyYAML's complaints."""
    return next(
        (said for piece, said in _SYNTAX if piece in (problem or "")), "vérifiez l'indentation et les guillemets"
    )


def explain_system(error: OSError) -> str:
    """Why a file can not be read."""
    return _SYSTEM.get(error.errno or 0, f"erreur {error.errno} du système")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"« {name} »" for name in names)
