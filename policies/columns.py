"""One ODCS property as a :class:`~policies.contract.Column`: type, format, and the checks a row must pass.

ODCS dates follow Java's `DateTimeFormatter` letters; decoders speak `strptime`. Only the letters that fixed-width
numeric dates need are translated, anything else is refused.
"""

from __future__ import annotations

import re
from typing import Any

from policies.contract import Column, Domain, Privacy, QualityRule, Redaction
from policies.declared import DeclaredColumn, DeclaredRedaction
from policies.document import Document, Position
from policies.errors import ContractError

_TYPES = {"string", "integer", "number", "boolean", "date", "timestamp"}
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "XXX": "%z", "'T'": "T"}
_TOKEN = re.compile(r"yyyy|MM|dd|HH|mm|ss|XXX|'T'|[^A-Za-z']")


def read_column(document: Document, position: Position, item: dict[str, Any], extra: DeclaredColumn) -> Column:
    """Build the column that the property at `position` declares.

    Raises:
        ContractError: a type, format or quality rule that nothing here would enforce.
    """
    logical_type = item.get("logicalType")
    if logical_type not in _TYPES:
        raise ContractError(
            document.finding(position, "column-type", f"« logicalType » doit être l'un de {', '.join(sorted(_TYPES))}")
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(item.get("name"))):
        raise ContractError(
            document.finding((*position, "name"), "column-name", "un nom de colonne s'écrit en minuscules_sans_accent")
        )
    options = item.get("logicalTypeOptions") or {}
    privacy = extra.privacy
    return Column(
        name=item["name"],
        physical_name=item.get("physicalName") or item["name"],
        logical_type=logical_type,
        required=bool(item.get("required")),
        primary_key=bool(item.get("primaryKey")),
        description=item.get("description") or "",
        classification=item.get("classification") or "public",
        unit=extra.unit,
        format=_format(document, (*position, "logicalTypeOptions"), options.get("format"), logical_type),
        privacy=Privacy(
            privacy.category,
            privacy.technique,
            Domain(privacy.domain) if privacy.domain else None,
            privacy.canonical,
            _redaction(document, (*position, "customProperties"), privacy.redaction),
            privacy.at_source,
            privacy.may_hold,
        ),
        quality=(*_option_rules(document, position, options), *_library_rules(document, position, item)),
    )


def _redaction(document: Document, position: Position, declared: DeclaredRedaction | None) -> Redaction | None:
    if declared is None:
        return None
    for pattern in declared.meters:
        try:
            re.compile(pattern)
        except re.error:
            raise ContractError(document.finding(position, "pattern", "expression régulière incorrecte")) from None
    return Redaction(**{name: getattr(declared, name) for name in type(declared).model_fields})


def _format(document: Document, position: Position, pattern: str | None, logical_type: str) -> str | None:
    if pattern is None or logical_type not in ("date", "timestamp"):
        return None
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise ContractError(
            document.finding((*position, "format"), "date-format", "format de date inconnu ; exemple : dd/MM/yyyy")
        )
    return "".join(_LETTERS.get(token, token) for token in tokens)


def _option_rules(document: Document, position: Position, options: dict[str, Any]) -> tuple[QualityRule, ...]:
    rules = []
    unknown = set(options) - {"minimum", "maximum", "pattern", "minLength", "maxLength", "format"}
    if unknown:
        place = (*position, "logicalTypeOptions", min(unknown))
        raise ContractError(
            document.finding(place, "type-option", f"l'option « {min(unknown)} » n'est pas vérifiée ici")
        )
    if "minimum" in options or "maximum" in options:
        rules.append(QualityRule("outOfRange", options.get("minimum"), options.get("maximum")))
    if "minLength" in options or "maxLength" in options:
        rules.append(QualityRule("patternMismatch", lengths=(options.get("minLength", 0), options.get("maxLength"))))
    pattern = options.get("pattern")
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error:
            place = (*position, "logicalTypeOptions", "pattern")
            raise ContractError(document.finding(place, "pattern", "expression régulière incorrecte")) from None
        rules.append(QualityRule("patternMismatch", pattern=pattern))
    return tuple(rules)


def _library_rules(document: Document, position: Position, item: dict[str, Any]) -> tuple[QualityRule, ...]:
    rules = []
    for number, rule in enumerate(item.get("quality") or ()):
        place = (*position, "quality", number)
        if rule.get("type", "library") != "library" or rule.get("mustBe") != 0:
            raise ContractError(
                document.finding(place, "quality", "seules les règles « library » avec « mustBe: 0 » sont appliquées")
            )
        match rule.get("metric"), rule.get("arguments") or {}:
            case "nullValues", _:
                rules.append(QualityRule("nullValues"))
            case "invalidValues", {"validValues": [*values]}:
                rules.append(QualityRule("invalidValues", valid_values=tuple(str(value) for value in values)))
            case "invalidValues", {"pattern": str(pattern)}:
                rules.append(QualityRule("patternMismatch", pattern=pattern))
            case metric, _:
                raise ContractError(
                    document.finding(place, "quality", f"la mesure « {metric} » n'est pas appliquée ici")
                )
    return tuple(rules)
