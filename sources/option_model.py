"""The base of what a contract's `feed.options` may say: camelCase, immutable, read as a whole by several models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Options(BaseModel):
    """Base of the models of connectors and decoders. Each leaves the other's options alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)
