"""Connectors: how an operator's bytes are fetched."""
