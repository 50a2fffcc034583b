"""Connectors fetch operators' bytes; decoders turn them into Arrow."""

from sources.columns import source_schema
from sources.errors import PayloadError, SchemaDriftError, SourceError, SourceUnavailableError
from sources.factory import connector, decoder
from sources.protocol import REJECT_SCHEMA, Connector, Cursor, Decoded, Decoder, Delivery, PayloadPart
from sources.reasons import REJECT_REASONS

__all__ = [
    "REJECT_REASONS",
    "REJECT_SCHEMA",
    "Connector",
    "Cursor",
    "Decoded",
    "Decoder",
    "Delivery",
    "PayloadError",
    "PayloadPart",
    "SchemaDriftError",
    "SourceError",
    "SourceUnavailableError",
    "connector",
    "decoder",
    "source_schema",
]
