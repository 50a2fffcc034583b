"""Connectors fetch operators' bytes; decoders turn them into Arrow."""

from sources.columns import source_schema
from sources.credentials import Connections
from sources.errors import FeedError, PayloadError, SchemaDriftError, SourceError, SourceUnavailableError
from sources.factory import check_feed, connector, decoder
from sources.protocol import REJECT_SCHEMA, Connector, Cursor, Decoded, Decoder, Delivery, PayloadPart
from sources.reasons import REJECT_REASONS

__all__ = [
    "REJECT_REASONS",
    "REJECT_SCHEMA",
    "Connections",
    "Connector",
    "Cursor",
    "Decoded",
    "Decoder",
    "Delivery",
    "FeedError",
    "PayloadError",
    "PayloadPart",
    "SchemaDriftError",
    "SourceError",
    "SourceUnavailableError",
    "check_feed",
    "connector",
    "decoder",
    "source_schema",
]
