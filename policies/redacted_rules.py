"""Free text in a release: only redacted, as it stands, where the territory's strategy lets it and a person reads it.

A detector misses some of what it looks for, and a published text can not be called back; so the default of a strategy
is that no contract publishes free text. What counts is the technique as well as the category: a column that has to be
redacted held free text, whatever its category says.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.contract import Contract, PrivacyCategory, ReleasedColumn, Strategy, Technique
from policies.errors import Finding
from policies.odcs import Map

_WHOLE_ROWS = ("as_is", "records")


def released_texts(contract: Contract) -> tuple[ReleasedColumn, ...]:
    """The published columns that come from free text."""
    texts = {
        column.name
        for column in contract.columns
        if column.privacy.category is PrivacyCategory.FREE_TEXT or column.privacy.technique is Technique.REDACT
    }
    return tuple(column for column in contract.release.columns if texts.intersection(column.sources))


def redacted_contradictions(contract: Contract, where: Map) -> Iterator[Finding]:
    """Redacted text is read, and published, row by row and as it stands; it groups nothing, and holds no pseudonym."""
    hashed = {
        column.name
        for column in contract.columns
        if column.privacy.redaction is not None and "hash" in column.privacy.redaction.operators.values()
    }
    for number, column in _numbered(contract):
        if hashed.intersection(column.sources):
            sentence = f"« {column.name} » : un pseudonyme ne se publie pas ; retirez « hash » de « operators »"
            yield where.document.finding(where.release("columns", number), "redacted-text", sentence)
        grouped = column.quasi_identifier or column.derived_from or column.generalization != "identity"
        if grouped or contract.release.kind not in _WHOLE_ROWS:
            yield where.document.finding(
                where.release("columns", number),
                "redacted-text",
                f"« {column.name} » : un texte expurgé se publie tel quel, ligne à ligne (« as_is » ou « records »)",
            )


def redacted_weaknesses(contract: Contract, strategy: Strategy, asks_approval: bool, where: Map) -> Iterator[Finding]:
    """Whether the strategy lets redacted text be published, and the contract itself asks that somebody reads it."""
    for number, column in _numbered(contract):
        if strategy.redacted_text.publish == "never":
            wanted = "la stratégie ne permet pas de publier un texte libre, même expurgé"
        elif not asks_approval:
            wanted = "un texte libre expurgé ne se publie qu'une fois lu ; écrivez « approval: true »"
        else:
            continue
        place = where.release("columns", number)
        yield where.document.finding(place, "weak-redacted-text", f"« {column.name} » : {wanted}")


def _numbered(contract: Contract) -> Iterator[tuple[int, ReleasedColumn]]:
    texts = released_texts(contract)
    return ((number, column) for number, column in enumerate(contract.release.columns) if column in texts)
