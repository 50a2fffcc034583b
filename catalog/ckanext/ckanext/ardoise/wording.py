"""Words of this catalogue where CKAN has others: producers and themes, and refusals in French."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ckan.plugins as p

_PLURALS = {"organization": "Producteurs", "group": "Thèmes"}
_PLACES = ("breadcrumb", "page title", "facet label", "main nav", "content tab")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the page of an error says; ``more``: whether CKAN's own sentence adds to it."""

    title: str
    sentence: str
    more: bool = True


_REFUSALS = {
    401: Refusal("Il faut se connecter", "Cette page n’est ouverte qu’à qui a un compte."),
    403: Refusal("Accès réservé", "Vous n’avez pas le droit de voir cette page."),
    404: Refusal("Page introuvable", "Cette page n’existe pas, ou n’est pas publique. L’adresse a pu changer.", False),
    405: Refusal("Demande impossible", "Cette adresse ne répond pas à cette sorte de demande.", False),
    413: Refusal("Envoi trop gros", "Ce qui a été envoyé dépasse la taille permise.", False),
    429: Refusal("Trop de demandes", "Revenez dans un moment."),
}
_UNKNOWN = Refusal("Demande refusée", "Le catalogue n’a pas compris cette demande.")
_FAILED = Refusal("Le catalogue a échoué", "Cela ne vient pas de vous. Réessayez plus tard.", False)


def refusal(code: Any) -> Refusal:
    """Return what to say of an HTTP status."""
    number = code if isinstance(code, int) else 500
    return _REFUSALS.get(number) or (_UNKNOWN if 400 <= number < 500 else _FAILED)


@p.toolkit.chained_helper
def humanize_entity_type(following: Callable[..., Any], entity_type: str, object_type: str, purpose: str) -> Any:
    """Return what CKAN's pages call producers and themes."""
    if entity_type == object_type and purpose in _PLACES and object_type in _PLURALS:
        return _PLURALS[object_type]
    return following(entity_type, object_type, purpose)
