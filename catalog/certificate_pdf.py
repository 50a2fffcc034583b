"""Sets a certificate as a PDF that a screen reader can read: PDF/UA-1 (ISO 14289-1), written by Typst.

The template holds the layout and no data; data goes in as JSON and is never evaluated as markup. Only Typst's own fonts
are used and nothing is dated by the clock: the same certificate gives the same bytes on every machine.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from catalog.certificate_figures import french_date, french_period
from catalog.certificate_text import approved, counted, digests, measured

if TYPE_CHECKING:
    from catalog.certificate import Certificate

STANDARD: Final = "ua-1"


def to_pdf(certificate: Certificate) -> bytes:
    """Return the whole certificate as a tagged PDF."""
    import typst  # its compiler is large: loaded where a certificate is set, and nowhere else

    said = json.dumps(_told(certificate), ensure_ascii=False)
    written: bytes = typst.compile(
        _template(),
        format="pdf",
        pdf_standards=STANDARD,
        ignore_system_fonts=True,
        timestamp=0,
        sys_inputs={"certificate": said},
    )
    return written


@cache
def _template() -> bytes:
    return (files("catalog") / "templates" / "certificate.typ").read_bytes()


def _told(certificate: Certificate) -> dict[str, Any]:
    subtitle = (
        f"{french_period(certificate.period)} · version {certificate.contract_version} · jugé le "
        f"{french_date(certificate.judged_at)}"
    )
    return {
        "territory": certificate.territory,
        "title": certificate.title,
        "period": french_period(certificate.period),
        "subtitle": subtitle,
        "parts": [part for part in _parts(certificate) if _filled(part)],
        "digests": [*digests(certificate), *((f"Fichier {each.name}", each.digest) for each in certificate.files)],
    }


def _parts(certificate: Certificate) -> list[dict[str, Any]]:
    register = certificate.treatment_ref
    why = [certificate.purpose, certificate.legal_basis]
    if register != "sans-objet":
        why.append(f"Registre des traitements : {register}.")
    removed = [(each.label, each.outcome) for each in certificate.treatments]
    nothing = [] if removed else ["Rien : aucune colonne ne dit quoi que ce soit d’une personne."]
    parts = [
        _part("D’où viennent les données", [certificate.source]),
        _part("Pourquoi, et de quel droit", why),
        _part("Ce qui a été retiré ou flouté", nothing, rows=removed, heads=("Donnée", "Ce qu’elle devient")),
        _part("Ce qui est garanti", bullets=list(certificate.promises)),
        _part("Qui est compté", [certificate.coverage] if certificate.coverage else []),
        _part("Ce qui a été compté", rows=counted(certificate)),
        _part("Ce qui a été mesuré sur les données publiées", rows=measured(certificate)),
    ]
    parts += [
        _part(each.title, list(each.sentences), rows=list(each.rows), code=each.code) for each in certificate.sections
    ]
    columns = [(each.name, f"{', '.join(each.sources) or '—'} ({each.how})") for each in certificate.columns]
    return [
        *parts,
        _part("D’où vient chaque colonne publiée", rows=columns, heads=("Colonne publiée", "Colonnes de la source")),
        _part("Remarques", bullets=list(certificate.remarks)),
        _part("Qui a approuvé", [approved(certificate)]),
    ]


def _part(
    title: str,
    sentences: list[str] | None = None,
    *,
    bullets: list[str] | None = None,
    rows: list[tuple[str, str]] | None = None,
    heads: tuple[str, str] = ("Quoi", "Combien"),
    code: str = "",
) -> dict[str, Any]:
    return {
        "title": title,
        "sentences": sentences or [],
        "bullets": bullets or [],
        "rows": rows or [],
        "first": heads[0],
        "second": heads[1],
        "code": code,
    }


def _filled(part: dict[str, Any]) -> bool:
    return bool(part["sentences"] or part["bullets"] or part["rows"] or part["code"])
