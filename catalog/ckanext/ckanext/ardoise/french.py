"""Dates, ages, counts, sizes and European vocabularies as a French reader expects them. Needs nothing of CKAN."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

_AUTHORITY = "http://publications.europa.eu/resource/authority/"
_LABELS = {
    f"{_AUTHORITY}frequency/UPDATE_CONT": "en continu",
    f"{_AUTHORITY}frequency/CONT": "en continu",
    f"{_AUTHORITY}frequency/HOURLY": "toutes les heures",
    f"{_AUTHORITY}frequency/DAILY": "tous les jours",
    f"{_AUTHORITY}frequency/WEEKLY": "toutes les semaines",
    f"{_AUTHORITY}frequency/MONTHLY": "tous les mois",
    f"{_AUTHORITY}frequency/QUARTERLY": "tous les trimestres",
    f"{_AUTHORITY}frequency/ANNUAL": "tous les ans",
    f"{_AUTHORITY}frequency/IRREG": "de temps en temps",
    f"{_AUTHORITY}access-right/PUBLIC": "ouvert à tous",
    f"{_AUTHORITY}language/FRA": "français",
    f"{_AUTHORITY}data-theme/TRAN": "Transports",
    f"{_AUTHORITY}data-theme/ENVI": "Environnement",
    f"{_AUTHORITY}data-theme/ENER": "Énergie",
    f"{_AUTHORITY}data-theme/REGI": "Régions et villes",
    f"{_AUTHORITY}data-theme/HEAL": "Santé",
    f"{_AUTHORITY}data-theme/GOVE": "Gouvernement et secteur public",
    f"{_AUTHORITY}data-theme/SOCI": "Population et société",
    "http://data.europa.eu/bna/c_ac64a52d": "Données géospatiales",
    "http://data.europa.eu/bna/c_dd313021": "Observation de la Terre et environnement",
    "http://data.europa.eu/bna/c_164e0bf5": "Données météorologiques",
    "http://data.europa.eu/bna/c_e1da4e07": "Statistiques",
    "http://data.europa.eu/bna/c_a9135398": "Entreprises",
    "http://data.europa.eu/bna/c_b79e35eb": "Mobilité",
}
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
NARROW_SPACE = "\u202f"


def vocabulary(value: str) -> str:
    """Return the French name of a term, or the term when it is none we know."""
    return _LABELS.get(value, value)


def french_date(value: str | None) -> str:
    """Return « 3 octobre 2026 » for an ISO date or date-time, « octobre 2026 » for a month, else the text itself.

    A week, « 2026-W44 », is « semaine du 26 octobre 2026 ».
    """
    text = value or ""
    try:
        if (days := week(text)) is not None:
            return f"semaine du {french_date(days[0].isoformat())}"
        if len(text) == 7:
            month = date.fromisoformat(f"{text}-01")
            return f"{_MONTHS[month.month - 1]} {month.year}"
        day = datetime.fromisoformat(text).date()
    except ValueError:
        return text
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


def week(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of an ISO 8601 week, « 2026-W44 »; None for any other text."""
    year, found, number = text.partition("-W")
    if not found or not (year.isdigit() and number.isdigit()):
        return None
    try:
        return date.fromisocalendar(int(year), int(number), 1), date.fromisocalendar(int(year), int(number), 7)
    except ValueError:
        return None


def age(delta: timedelta) -> str:
    """Return « il y a 3 jours » for a time span."""
    minutes = max(0, int(delta.total_seconds() // 60))
    for size, singular, plural in (
        (60 * 24 * 365, "un an", "ans"), (60 * 24 * 31, "un mois", "mois"), (60 * 24, "un jour", "jours"),
        (60, "une heure", "heures"), (1, "une minute", "minutes"),
    ):  # fmt: skip
        if (number := minutes // size) >= 1:
            return f"il y a {singular}" if number == 1 else f"il y a {number} {plural}"
    return "à l’instant"


def number(value: Any) -> str:
    """Return a count with French thousands: « 45 000 »."""
    try:
        return f"{int(value):,}".replace(",", NARROW_SPACE)
    except (TypeError, ValueError):
        return ""


def figure(value: float) -> str:
    """Return a figure with French thousands and decimals: « 1 234,5 »; six decimals at most."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return text.replace(",", NARROW_SPACE).replace(".", ",")


def size(value: Any) -> str:
    """Return a number of bytes as « 12 ko », « 3,4 Mo »."""
    try:
        left = float(value)
    except (TypeError, ValueError):
        return ""
    for unit in ("octets", "ko", "Mo", "Go"):
        if left < 1000 or unit == "Go":
            digits = f"{left:.0f}" if unit == "octets" or left >= 10 else f"{left:.1f}"
            return f"{digits.replace('.', ',')} {unit}"
        left /= 1000
    return ""
