"""Documents as CKAN hands them over, and ways to ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ckanext.ardoise.search.searching import Answer

NOW = datetime(2026, 10, 3, 12, tzinfo=UTC)
ANGERS = '{"type": "Polygon", "coordinates": [[[-0.62, 47.44], [-0.5, 47.44], [-0.5, 47.53], [-0.62, 47.44]]]}'
TYPED = {"defType": "dismax", "mm": "2<-1 5<80%", "qf": "name^4 title^4 tags^2 groups^2 text", "tie": "0.1"}


def document(name: str, **fields: Any) -> dict[str, Any]:
    """A document as CKAN hands it over."""
    usual = {
        "index_id": f"i-{name}", "id": f"id-{name}", "name": name, "title": name.replace("-", " "), "site_id": "here",
        "state": "active", "capacity": "public", "private": False, "dataset_type": "dataset", "tags": [], "groups": [],
        "permission_labels": ["public"], "metadata_created": "2026-01-01T00:00:00Z",
        "metadata_modified": "2026-09-01T10:00:00.123456Z", "data_dict": "{}", "validated_data_dict": '{"name": "x"}',
    }  # fmt: skip
    return {**usual, **fields}


DOCUMENTS = [
    document(
        "qualite-eau", title="Qualité de l'eau potable", notes="Analyses des réseaux d'assainissement, nitrates",
        tags=["eau", "santé publique"], groups=["environnement"], organization="regie",
        res_format=["CSV", "CSV", "JSON"],
        views_total=12, extras_theme="http://theme/ENVI", spatial=ANGERS, title_string="Qualité de l'eau potable",
    ),
    document(
        "forets-communales", title="Élagages des forêts communales", notes="Arbres abattus ; voirie fermée",
        tags=["eau-vive", "arbres"], groups=["environnement", "voirie"], organization="ville", res_format=["CSV"],
        views_total=3, metadata_modified="2026-10-03T11:00:00Z", issued_date="2020-05-01T00:00:00Z",
        title_string="Élagages des forêts communales", creator_user_id="u1",
    ),
    document(
        "potable-de-loin", title="Potable, dit-on", notes="une eau lointaine : qualité inconnue", organization="ville"
    ),
    document("secret", title="Eau secrète", capacity="private", permission_labels=["member-1"], tags=["caché"]),
    document("ailleurs", title="Eau d'ailleurs", site_id="there"),
]  # fmt: skip

Ask = Callable[..., Answer]


def names(answer: Answer) -> set[str]:
    return {each["name"].partition("-")[0] for each in answer.documents}
