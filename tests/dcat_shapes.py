"""The shapes of ``dcat_shapes.ttl``, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import rdflib


@cache
def shapes() -> rdflib.Graph:
    """The rules of DCAT-AP that the catalogue relies on."""
    return rdflib.Graph().parse(Path(__file__).with_suffix(".ttl"), format="turtle")
