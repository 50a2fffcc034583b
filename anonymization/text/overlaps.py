"""Which hit stays where several cover the same signs. The order is explicit, and total: no two hits are ever equal.

1. A hit that a contract would not mask never hides one that it would: the threshold is applied first.
2. The surer hit wins. A checksum is surer than a context, a context than a bare shape: a SIRET is never a card, a NIR with its
   key never a telephone, whatever they are announced as.
3. At equal score the longer wins, then the kind that comes first in :data:`RANKS`, then the one that begins first.
4. A name inside an e-mail, a link, an account or an address is part of it: these four weigh more than what they hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from anonymization.text.hit import Hit

RANKS = (
    "NIR", "IBAN", "SIRET", "TVA", "CARTE", "FISCAL", "PRM", "PCE", "COURRIEL", "LIEN", "COMPTE", "TELEPHONE", "PLAQUE", "PASSEPORT",
    "PERMIS", "CNI", "SEJOUR", "NAISSANCE", "POSITION", "MAC", "IP", "APPAREIL", "COMPTEUR", "SIREN", "ADRESSE", "NOM", "REFERENCE",
    "LIEU", "TEXTE",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(RANKS)}
_WHOLES = frozenset({"COURRIEL", "LIEN", "COMPTE", "ADRESSE"})


def resolve(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that stay, in the order of the text, none overlapping."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=_order):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _order(hit: Hit) -> tuple[float, int, int, int]:
    score = hit.score + (0.2 if hit.kind in _WHOLES and hit.score >= 0.5 else 0.0)
    return (-round(score, 3), hit.start - hit.end, _RANK[hit.kind], hit.start)
