"""Free text, with whatever tells who wrote it or whom it is about replaced by tags.

Names are resolved on first use: the language model is loaded by the first text, never by an import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anonymization.text.redaction import FINDINGS_SCHEMA, RedactionResult, RedactionSettings, redact

__all__ = ["FINDINGS_SCHEMA", "RedactionResult", "RedactionSettings", "redact"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("anonymization.text.redaction"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
