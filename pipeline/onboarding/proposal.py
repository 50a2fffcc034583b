"""What each column of a sample is with regard to people, and what should become of it: a proposal, never a decision.

The evidence is a profile of the columns; where it finds people, everything kept beside them is taken for indirectly
identifying. In doubt a column is dropped: a steward who keeps one says so in the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.kinds import IN_WORDS
from pipeline.onboarding.inference import Inferred
from policies.contract import CanonicalForm, PrivacyCategory, Technique

_DIRECT = PrivacyCategory.DIRECT_IDENTIFIER
_QUASI = PrivacyCategory.QUASI_IDENTIFIER

# What a profile may say of a column, in the words of « anonymization.text », and what is then proposed.
_KINDS: dict[str, tuple[PrivacyCategory, Technique]] = {
    "NAISSANCE": (_QUASI, Technique.DROP),
    "ADRESSE": (_QUASI, Technique.COMMUNE),
    "POSITION": (_QUASI, Technique.KEEP),
    "SIREN": (_QUASI, Technique.KEEP),
    "SIRET": (_QUASI, Technique.KEEP),
    "TVA": (_QUASI, Technique.KEEP),
    "REFERENCE": (_QUASI, Technique.KEEP),
}
_HARMLESS = frozenset({"LIEU"})
_OF_COMPANIES = frozenset({"SIREN", "SIRET", "TVA", "POSITION"})  # alone, they make nothing personal
_CANONICAL = {
    "COURRIEL": CanonicalForm.EMAIL,
    "TELEPHONE": CanonicalForm.PHONE,
    "PLAQUE": CanonicalForm.PLATE,
    "NIR": CanonicalForm.NIR,
    "PRM": CanonicalForm.PRM,
    "PCE": CanonicalForm.PCE,
}
_METERED = frozenset({"PRM", "PCE", "COMPTEUR"})
_HOLDER = re.compile(
    r"(^|_)(compte|account|contrat|abonne|abonnement|adherent|usager|client|badge|carte|foyer|user)(_?id|_number)?($|_)"
)
_WRITTEN = re.compile(
    r"(^|_)(description|texte|commentaire|comment|remarque|observation|message|note|status_notes|avis|motif|objet)s?($|_)"
)
_LONG_TEXT = 5.0  # words of letters, on average
_EMPTY = "vide dans l'échantillon : écartée par prudence"


class Profiled(Protocol):
    """What a profile says of one column."""

    @property
    def column(self) -> str:
        """Its name."""
        ...

    def kinds(self) -> Sequence[str]:
        """The kinds of personal data it holds."""
        ...


Profiler = Callable[[pa.Table], Sequence[Profiled]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A column, with what is proposed for it and why (French, without a value)."""

    column: Inferred
    category: PrivacyCategory
    technique: Technique
    reason: str
    canonical: CanonicalForm | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """All columns; `unit` is the kind of the protection unit, `holder` the pseudonymised column that tells it."""

    columns: tuple[Proposal, ...]
    personal: bool
    unit: str | None
    holder: str | None


def propose(
    table: pa.Table, inferred: Sequence[Inferred], profiler: Profiler, nobody: frozenset[str] = frozenset()
) -> Proposed:
    """Propose a category and a technique for every column of a sample.

    Args:
        table: the sample, texts by the operator's names.
        inferred: its columns.
        profiler: what tells which personal data a column holds.
        nobody: operator's names of columns that a person says tell of nobody by themselves.
    """
    kinds = {
        one.column: [kind for kind in one.kinds() if kind not in _HARMLESS and one.column not in nobody]
        for one in profiler(table)
    }
    first = [
        _first(column, kinds.get(column.physical_name, ()), table)
        if column.physical_name not in nobody
        else Proposal(column, PrivacyCategory.NONE, Technique.KEEP, "ne désigne personne, d'après vos réponses")
        for column in inferred
    ]
    personal = any(
        one.category in (_DIRECT, PrivacyCategory.FREE_TEXT)
        or (one.category is _QUASI and not set(kinds.get(one.column.physical_name, ())) <= _OF_COMPANIES)
        for one in first
        if not one.column.empty
    )
    if not personal:
        return Proposed(tuple(_public(one) for one in first), False, None, None)
    chosen = _holder(first, kinds)
    columns = tuple(_beside_people(one, one is chosen, kinds) for one in first)
    if chosen is None:
        return Proposed(columns, True, None, None)
    metered = _METERED & set(kinds.get(chosen.column.physical_name, ()))
    return Proposed(columns, True, "delivery_point" if metered else "person", chosen.column.name)


def _first(column: Inferred, kinds: Sequence[str], table: pa.Table) -> Proposal:
    """What a column is by itself."""
    if column.empty:
        return Proposal(column, _DIRECT, Technique.DROP, _EMPTY)
    text = column.logical_type == "string"
    long = text and (_WRITTEN.search(column.name) is not None or _is_long(table[column.physical_name]))
    if long and "ADRESSE" not in kinds:
        return Proposal(column, PrivacyCategory.FREE_TEXT, Technique.DROP, "texte libre")
    if _HOLDER.search(column.name) and column.logical_type == "string":
        return Proposal(column, _DIRECT, Technique.DROP, "son nom dit qu'elle désigne une personne ou son contrat")
    for kind in kinds:
        category, technique = _KINDS.get(kind, (_DIRECT, Technique.DROP))
        if technique is Technique.COMMUNE and column.logical_type != "string":
            technique = Technique.DROP
        return Proposal(column, category, technique, f"ressemble à {IN_WORDS.get(kind, 'des données personnelles')}")
    return Proposal(column, PrivacyCategory.NONE, Technique.KEEP, "rien de personnel n'y a été vu")


def _holder(found: Sequence[Proposal], kinds: dict[str, list[str]]) -> Proposal | None:
    """The column that best tells one person, household or delivery point from another."""
    direct = [one for one in found if one.category is _DIRECT and not one.column.empty]
    texts = [one for one in direct if one.column.logical_type == "string"]

    def rank(one: Proposal) -> int:
        named = set(kinds.get(one.column.physical_name, ()))
        if _HOLDER.search(one.column.name):
            return 0
        for number, group in enumerate((_METERED, {"COMPTE"}, {"COURRIEL"}, {"TELEPHONE"}, {"PLAQUE"}, {"NIR"}), 1):
            if named & group:
                return number
        return 99

    best = min(texts, key=rank, default=None)
    return best if best is not None and rank(best) < 99 else None


def _beside_people(one: Proposal, chosen: bool, kinds: dict[str, list[str]]) -> Proposal:
    """What a column is in a table about people."""
    if chosen:
        named = next((_CANONICAL[kind] for kind in kinds.get(one.column.physical_name, ()) if kind in _CANONICAL), None)
        reason = f"{one.reason} ; elle distingue les personnes : remplacée par un pseudonyme"
        form = named or CanonicalForm.UPPER
        return replace(one, technique=Technique.PSEUDONYMIZE, canonical=form, reason=reason)
    if one.category is PrivacyCategory.NONE:
        reason = "peut désigner quelqu'un avec les autres colonnes"
        return replace(one, category=_QUASI, reason=reason)
    return one


def _public(one: Proposal) -> Proposal:
    """What a column is in a table that is not about people."""
    if one.column.empty:
        return replace(one, category=PrivacyCategory.NONE, technique=Technique.DROP)
    return replace(one, category=PrivacyCategory.NONE, technique=Technique.KEEP)


def _is_long(texts: pa.ChunkedArray) -> bool:
    words = pc.mean(pc.count_substring_regex(texts, r"\pL{2,}")).as_py()
    few = pc.count_distinct(texts).as_py() < 0.2 * max(1, len(texts) - texts.null_count)
    return words is not None and words >= _LONG_TEXT and not few
