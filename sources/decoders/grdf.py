"""GRDF ADICT gas consumption (JSON lines, one period of one delivery point a line) to typed batches.

Physical names are paths of keys: `pce.id_pce`, `consommation.date_debut_consommation`, `consommation.energie`… Energy
is in kWh. A line without a consumption but with a `statut_restitution` is the operator's answer that it has none to
give (no consent, no reading): it is set aside under a code of its own, since nobody has anything to mend here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.contract import Contract, Territory
from sources.decoders.ndjson import NdjsonDecoder
from sources.decoders.records import Unreadable
from sources.decoders.shapes import Shape

_STATUS = "statut_restitution.code"
_BEGINS = "consommation.date_debut_consommation"
_UNITS = {"consommation.energie": "kW.h"}


class GrdfDecoder(NdjsonDecoder):
    """Decodes lines of `donnees_consos_publiees` or `donnees_consos_informatives`."""

    def __init__(self, contract: Contract, territory: Territory) -> None:
        super().__init__(contract, territory, _answers, (_STATUS, _BEGINS), _UNITS)


def _answers(shape: Shape, records: Sequence[Any]) -> Mapping[int, Unreadable]:
    codes, begins = shape.along(_STATUS, records), shape.along(_BEGINS, records)
    return {
        row: Unreadable("operatorAnswer")
        for row, (code, begin) in enumerate(zip(codes, begins, strict=True))
        if begin is None and code is not None
    }
