"""Energy and water bills of communes, typed into a spreadsheet: `;`, decimal comma, spaces between thousands, cp1252.

A file a commune, because that is how 29 town halls send what they have. Some send nothing.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import Place

HEADER = "FACTURE;CODE_INSEE;SITE;FLUIDE;DEBUT;FIN;QUANTITE;UNITE;MONTANT_TTC"
SITES = (
    "Mairie", "École Jules-Ferry", "École Jeanne-d'Arc", "Salle des fêtes", "Gymnase Alain-Mimoun", "Médiathèque",
    "Centre technique", "Maison de l'enfance", "Stade municipal", "Église", "Centre de loisirs", "Cuisine centrale",
)  # fmt: skip
FLUIDS = (("Électricité", "kWh", 2_400.0, 0.24), ("Gaz", "kWh", 6_500.0, 0.11), ("Eau", "m3", 38.0, 4.4))


def bills(place: Place, start: date, end: date, seed: int, *, defects: Defects = NO_DEFECTS) -> bytes:
    """The bills of a commune whose last day is from `start` to `end`, which is not among them."""
    rng = np.random.default_rng([seed, 50, int(place.insee), start.toordinal()])
    sites = SITES[: 3 + min(place.residents // 3_000, len(SITES) - 3)]
    lines = [HEADER]
    for number, site in enumerate(sites):
        for letter, (fluid, unit, usual, price) in zip("EGW", FLUIDS, strict=True):
            last = start + timedelta(days=int(rng.integers((end - start).days)))
            quantity = usual * float(rng.lognormal(0, 0.5))
            cells = [
                f"{letter}-{place.insee}-{start:%Y%m}-{number:02d}",
                place.insee,
                site,
                fluid,
                f"{last - timedelta(days=29):%d/%m/%Y}",
                f"{last:%d/%m/%Y}",
                "n/c" if rng.random() < defects.unreadable else written(quantity),
                unit,
                "" if rng.random() < defects.missing else written(quantity * price),
            ]
            lines.append(";".join(cells))
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def written(value: float) -> str:
    """As a French spreadsheet shows an amount: « 12 345,60 »."""
    return f"{value:,.2f}".replace(",", " ").replace(".", ",")


def sends(place: Place, seed: int) -> bool:
    """Whether a commune sends its bills at all."""
    return bool(np.random.default_rng([seed, 51, int(place.insee)]).random() < 0.85)
