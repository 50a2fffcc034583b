"""Refuse a delivery whose columns hold people where the contract says that they do not.

Looked for in the columns that the contract keeps as they are and calls harmless, in the first rows of each delivery,
before anything is written. The message is the steward's: which delivery, which column, what it seems to hold, on what
evidence, and what to do.

Every delivery is judged on its own values, as if it came alone; a value that stood in the same column earlier in the
run is not read a second time, because hundreds of small bodies bring the same ones again and again. What is remembered
stays in this process's memory, and goes with the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.deidentification.check import Checked
from pipeline.deidentification.redact import settings_of
from pipeline.errors import RefusedError
from policies.contract import Column, Contract, PrivacyCategory, Technique, Territory

if TYPE_CHECKING:
    from anonymization.text.profile import ColumnProfile, Profiler

_LOOKED_AT = 5_000  # rows


@dataclass(slots=True)
class Surprises:
    """Looks through the deliveries of one run, one after another."""

    contract: Contract
    territory: Territory
    _profiler: Profiler | None = field(default=None, repr=False)

    def refuse(self, checked: Iterator[Checked], delivery: str) -> Iterator[Checked]:
        """Yield the batches of a delivery unchanged.

        Raises:
            RefusedError: a harmless column holds personal data that the contract does not say it may hold.
        """
        columns = [column for column in self.contract.columns if _harmless(column)]
        if not columns:
            yield from checked
            return
        begun: list[Checked] = []
        rows = 0
        for item in checked:
            begun.append(item)
            rows += item.batch.num_rows
            if rows >= _LOOKED_AT:
                break
        self._look(begun, columns, delivery)
        yield from chain(begun, checked)

    def _look(self, begun: list[Checked], columns: list[Column], delivery: str) -> None:
        names = [column.name for column in columns]
        batches = [item.batch.select(names) for item in begun if item.batch.num_rows]
        if not batches:
            return
        table = pa.Table.from_batches(batches).slice(0, _LOOKED_AT)
        allowed = {column.name: set(column.privacy.may_hold) for column in columns}
        complaints = []
        for found in self._ready().profile(table):
            for kind in found.kinds():
                if kind not in allowed[found.column]:
                    complaints.append(_complaint(found.column, kind, found))
        if complaints:
            raise RefusedError(
                f"{self.contract.id}, livraison {delivery} : {' ; '.join(complaints)}. Le contrat dit ces colonnes "
                "sans rapport avec des personnes : donnez-leur une catégorie et une technique, ou nommez dans "
                "« mayHold » ce qu'elles peuvent porter"
            )

    def _ready(self) -> Profiler:
        if self._profiler is None:
            from anonymization.text.profile import Profiler

            self._profiler = Profiler(settings_of(None, self.territory))
        return self._profiler


def _harmless(column: Column) -> bool:
    privacy = column.privacy
    kept = privacy.technique is Technique.KEEP and privacy.category is PrivacyCategory.NONE
    return kept and column.logical_type in ("string", "integer")


def _complaint(column: str, kind: str, found: ColumnProfile) -> str:
    from anonymization.text.kinds import IN_WORDS

    seen = next(one for one in found.evidence if one.kind == kind and one.source != "header")
    named = any(one.kind == kind and one.source == "header" for one in found.evidence)
    return (
        f"la colonne « {column} » semble contenir {IN_WORDS[kind]} "
        f"({seen.values} valeurs sur {seen.looked_at} regardées{', et son nom le dit' if named else ''})"
    )
