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
    kept: list[Hit] = []
    for hit in sorted(_whole(list(hits)), key=_order):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _whole(hits: list[Hit]) -> list[Hit]:
    """Without the telephones that are part of a longer number."""
    longer = [hit for hit in hits if hit.kind in _NUMBERS]
    return [
        hit
        for hit in hits
        if hit.kind != "TELEPHONE"
        or not any(
            one.start <= hit.start and hit.end <= one.end and one.end - one.start > hit.end - hit.start
            for one in longer
        )
    ]


def _order(hit: Hit) -> tuple[float, int, int, int]:
    score = hit.score + (_WEIGHTS.get(hit.kind, 0.0) if hit.score >= 0.5 else 0.0)
    return (-round(score, 3), hit.start - hit.end, _RANK[hit.kind], hit.start)
