"""Which hit stays where several cover the same signs. The order is explicit, and total: no two hits are ever equal.

1. A hit that a contract would not mask never hides one that it would: the threshold is applied first.
2. The surer hit wins. A checksum is surer than a context, a context than a bare shape: a SIRET is never a card, a NIR
with its
   key never a telephone, whatever they are announced as.
3. At equal score the longer wins, then the kind that comes first in :data:`RANKS`, then the one that begins first.
4. A name inside an e-mail, a link, an account or an address is part of it: these four weigh more than what they hold.
5. Ten digits inside a longer number are not a telephone, however wrong the key of that number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from anonymization.text.hit import Hit

RANKS = (
    "NIR", "IBAN", "SIRET", "TVA", "CARTE", "FISCAL", "PRM", "PCE", "COURRIEL", "LIEN", "COMPTE", "TELEPHONE",
    "PLAQUE", "PASSEPORT", "PERMIS", "CNI", "SEJOUR", "NAISSANCE", "POSITION", "MAC", "IP", "APPAREIL", "COMPTEUR",
    "SIREN", "ADRESSE", "NOM", "REFERENCE", "LIEU", "TEXTE",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(RANKS)}
_NUMBERS = frozenset({"NIR", "IBAN", "SIRET", "CARTE", "FISCAL", "PRM", "PCE"})
_WEIGHTS = {"COURRIEL": 0.2, "LIEN": 0.2, "COMPTE": 0.2, "ADRESSE": 0.2}


def resolve(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that stay, in the order of the text, none overlapping."""
    kept: list[Hit] = []  # in the order of the text
    for hit in sorted(_whole(list(hits)), key=_order):
        place = bisect_left(kept, hit.start, key=_start)
        free_before = not place or kept[place - 1].end <= hit.start
        if free_before and (place == len(kept) or hit.end <= kept[place].start):
            kept.insert(place, hit)
    return kept


def _start(hit: Hit) -> int:
    return hit.start


def _whole(hits: list[Hit]) -> list[Hit]:
    """Without the telephones that are part of a longer number."""
    longer = sorted((hit for hit in hits if hit.kind in _NUMBERS), key=_start)
    if not longer:
        return hits
    reach, ends = 0, []
    for hit in longer:
        reach = max(reach, hit.end)
        ends.append(reach)
    return [hit for hit in hits if hit.kind != "TELEPHONE" or not _inside(hit, longer, ends)]


def _inside(hit: Hit, longer: list[Hit], ends: list[int]) -> bool:
    place = bisect_right(longer, hit.start, key=_start) - 1
    return place >= 0 and hit.end <= ends[place]


def _order(hit: Hit) -> tuple[float, int, int, int]:
    score = hit.score + (_WEIGHTS.get(hit.kind, 0.0) if hit.score >= 0.5 else 0.0)
    return (-round(score, 3), hit.start - hit.end, _RANK[hit.kind], hit.start)
