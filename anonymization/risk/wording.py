"""Numbers in plain French, as stewards and residents read them; counts under a floor are banded."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share as a percentage with one decimal: « 12,5 % »."""
    return f"{100 * share:.1f} %".replace(".", ",")


def banded(count: int, floor: int) -> str:
    """A count, or « moins de floor » where it is above zero and under it. A certificate never says less than that."""
    return f"moins de {floor}" if 0 < count < floor else str(count)


def one_in(risk: float) -> str:
    """A risk as one chance in so many: « une chance sur 5 »; « certitude » from one."""
    if risk >= 1:
        return "une certitude"
    return "aucune chance" if risk <= 0 else f"une chance sur {int(1 / risk + 1e-9)}"
