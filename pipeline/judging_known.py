"""Hold a candidate against the identifiers that its deliveries are known to have brought.

A detector can not see its own misses; this sees what it was told to look for, wherever it stands. A set that is there
and can not be opened or read is an error, and nothing is judged; one that is gone (its period was published with it,
or landing's retention is over) is told to the steward, as the detector then stands alone. No value comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import CustodyRefusedError
from anonymization.text.known import KnownIdentifiers, folded
from anonymization.text.meeting import Places, meets
from anonymization.text.settings import RedactionSettings
from pipeline.candidate import Candidate
from pipeline.deidentification.remember import KEY_BYTES, public_names, remembers
from pipeline.forgetting import was_refused
from pipeline.hub import Hub
from policies.contract import Contract
from storage import DatasetRef, list_known, read_known

FORGOTTEN = (
    "Ce candidat a déjà été refusé, et les identifiants auxquels il faut le comparer ont été détruits ensuite : "
    "relancez toute la diffusion de la période, tant que ses livraisons sont conservées."
)


@dataclass(frozen=True, slots=True)
class Met:
    """What it came to, in French, for the verdict."""

    refusals: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def look_for_known(hub: Hub, contract: Contract, ref: DatasetRef, candidate: Candidate) -> Met:
    """Look for known identifiers in every text of a candidate.

    A candidate that was refused before stays refused while a set of its deliveries is missing.

    Raises:
        SealError, CustodyRefusedError, CustodyUnavailableError: a set is there and could not be looked at.
    """
    deliveries = set(candidate.manifest.deliveries)
    if not remembers(contract):
        return Met()
    public = frozenset(map(folded, public_names(hub.territory)))
    texts = dict(_texts(candidate.table))
    places = _places(public_names(hub.territory))
    seen, met = set(), Counter[str]()
    for delivery, content in _contents(hub, contract, candidate):
        seen.add(delivery)
        known = KnownIdentifiers(content[:KEY_BYTES], content[KEY_BYTES:])  # one at a time: each may be large
        for name, waiting in texts.items():
            texts[name] = [text for text in waiting if not meets(known, text, public, places)]
            met[name] += len(waiting) - len(texts[name])
    refusals = [
        f"La colonne « {name} » contient {count} texte(s) où se lit un identifiant que les livraisons de cette "
        "période portaient ; ôtez cette colonne de la publication, ou dites dans le contrat ce qu'elle est."
        for name, count in met.items()
        if count
    ]
    missing = len(deliveries - seen)
    earlier = hub.journal.verdict(ref.digest) if missing else None
    if earlier is not None and was_refused(hub, earlier):
        refusals.append(FORGOTTEN)
    remark = (
        f"Les identifiants de {missing} livraison(s) sur {len(deliveries)} ne sont plus connus (déjà publiées, ou plus "
        "anciennes que la conservation du dépôt) : pour elles, seul le détecteur a cherché."
    )
    return Met(tuple(refusals), (remark,) if missing else ())


def _contents(hub: Hub, contract: Contract, candidate: Candidate) -> Iterator[tuple[str, bytes]]:
    """The sets that can still be opened, those of deliveries that came since included."""
    place = (contract.version.major, candidate.manifest.period)
    found = [one for one in list_known(hub.private, str(contract.id)) if (one.major, one.period) == place]
    if not found:
        return
    custody = hub.known_custody()
    for one in found:
        try:
            yield one.delivery, read_known(hub.private, custody, one)
        except CustodyRefusedError as error:
            if error.code != "key_destroyed":  # whoever destroyed it died before the object went
                raise


def _places(names: tuple[str, ...]) -> Places:
    """Where the detector sees a place or an address in a text."""

    def places(text: str) -> list[tuple[int, int]]:
        from anonymization.text import detect

        (hits,) = detect([text], RedactionSettings(model=None, known=names))
        return [(hit.start, hit.end) for hit in hits if hit.kind in ("LIEU", "ADRESSE")]

    return places


def _texts(table: pa.Table) -> Iterator[tuple[str, list[str]]]:
    """The distinct texts of each text column."""
    for name, column in zip(table.schema.names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            yield name, pc.drop_null(pc.unique(column.cast(kind))).to_pylist()
