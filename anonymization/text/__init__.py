"""Free text, with whatever tells who wrote it or whom it is about found, and replaced.

Names are resolved on first use: dictionaries and model are loaded by the first text, never by an import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anonymization.text.hit import Hit
    from anonymization.text.redaction import FINDINGS_SCHEMA, RedactionResult, detect, redact
    from anonymization.text.settings import DEFAULT, Operator, RedactionSettings

__all__ = ["DEFAULT", "FINDINGS_SCHEMA", "Hit", "Operator", "RedactionResult", "RedactionSettings", "detect", "redact"]
_HOMES = {"Hit": "hit", "DEFAULT": "settings", "Operator": "settings", "RedactionSettings": "settings"}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"anonymization.text.{_HOMES.get(name, 'redaction')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
