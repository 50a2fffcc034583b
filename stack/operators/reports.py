"""Reports of residents about public space, in Open311 GeoReport v2 fields with the usual personal extensions.

People report where others report: most reports fall on a few dozen hot spots (a market, a quay, a school), each with
its usual categories, and the rest anywhere. Descriptions hold personal data as often as real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.territory import FIRST_NAMES, LAST_NAMES, STREETS, Place, places

PARIS = ZoneInfo("Europe/Paris")
MONTHLY = 3_000
HOT_SPOTS = 36  # fewer when there are few reports, so that they still meet
HOT_SHARE = 0.86
METRES_PER_DEGREE = 111_320.0

CATEGORIES = (
    ("PRO", "Propreté", ("Dépôt sauvage de cartons", "Poubelle qui déborde", "Verre brisé sur le trottoir")),
    ("VOI", "Voirie", ("Nid-de-poule dangereux", "Trottoir affaissé", "Pavé descellé")),
    ("ECL", "Éclairage public", ("Lampadaire éteint", "Lampadaire qui clignote", "Rue entière sans lumière")),
    ("ESP", "Espaces verts", ("Branche cassée au-dessus du chemin", "Herbes hautes", "Banc abîmé")),
    ("MOB", "Mobilier urbain", ("Abribus tagué", "Panneau arraché", "Potelet couché")),
    ("EAU", "Eau et assainissement", ("Fuite sur la chaussée", "Bouche d'égout bouchée", "Grille manquante")),
)  # fmt: skip
_CONTACTS = (
    "",
    " Merci de me rappeler au {phone}.",
    " Vous pouvez m'écrire à {email}.",
    " Cordialement, {name}.",
    " Je suis {name}, j'habite au {address}.",
)
_CONTACT_SHARES = (0.82, 0.05, 0.05, 0.05, 0.03)


@dataclass(frozen=True, slots=True)
class _Resident:
    account: str
    first: str
    last: str
    email: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class _Spot:
    place: Place
    street: str
    latitude: float
    longitude: float
    usual: tuple[int, int]  # two categories, the first the more frequent


def month_of_reports(
    month: date,
    count: int,
    seed: int,
    now: datetime,
    *,
    defects: Defects = NO_DEFECTS,
    canaries: Canaries | None = None,
) -> list[dict[str, Any]]:
    """Reports opened in `month` and known at `now`, in the state they then have, oldest update first."""
    people, spots = _residents(seed, max(count // 2, 20)), _spots(seed, count)
    first = datetime.combine(month.replace(day=1), time(), PARIS)
    length = ((month.replace(day=1) + timedelta(days=32)).replace(day=1) - month.replace(day=1)).total_seconds()
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, 20, month.year, month.month, number])  # a report owes nothing to the others
        who = _planted(canaries, number) or people[int(len(people) * rng.random() ** 1.3)]
        report = _report(rng, number, month, who, spots, first + timedelta(seconds=float(rng.random()) * length), now)
        if report is not None:
            found.extend(_spoilt(rng, report, defects))
    return sorted(found, key=lambda one: str(one["updated_datetime"]))


def _residents(seed: int, count: int) -> list[_Resident]:
    rng = np.random.default_rng([seed, 21])
    homes = places()
    found = []
    for number in range(count):
        first, last = str(rng.choice(FIRST_NAMES)), str(rng.choice(LAST_NAMES))
        home = homes[int(rng.integers(len(homes)))]
        address = f"{int(rng.integers(1, 90))} {rng.choice(STREETS)} {home.postcode} {home.name}"
        email = f"{first}.{last}{number}@courriel.example".lower().replace("ë", "e").replace("é", "e")
        phone = f"06 39 98 {int(rng.integers(100)):02d} {int(rng.integers(100)):02d}"
        found.append(_Resident(f"hab-{seed % 1000:03d}-{number:06d}", first, last, email, phone, address))
    return found


def _planted(canaries: Canaries | None, number: int) -> _Resident | None:
    """The first reports of a month are the canaries', one each."""
    if canaries is None or number >= len(canaries):
        return None
    first, last = canaries.names[number].split(" ", 1)
    return _Resident(
        f"hab-{canaries.contracts[number]}", first, last, canaries.emails[number], canaries.phones[number],
        canaries.addresses[number],
    )  # fmt: skip


def _spots(seed: int, count: int) -> list[_Spot]:
    rng = np.random.default_rng([seed, 22])
    homes = places()
    weights = np.array([home.residents for home in homes], dtype=float) ** 0.8
    found = []
    for _ in range(max(3, min(HOT_SPOTS, count // 60))):
        home = homes[int(rng.choice(len(homes), p=weights / weights.sum()))]
        usual = rng.choice(len(CATEGORIES), 2, replace=False)
        latitude, longitude = _near(rng, home.latitude, home.longitude, 900.0)
        found.append(_Spot(home, str(rng.choice(STREETS)), latitude, longitude, (int(usual[0]), int(usual[1]))))
    return found


def _near(rng: np.random.Generator, latitude: float, longitude: float, metres: float) -> tuple[float, float]:
    north, east = rng.normal(0, metres, 2)
    return (
        round(latitude + float(north) / METRES_PER_DEGREE, 6),
        round(longitude + float(east) / (METRES_PER_DEGREE * float(np.cos(np.radians(latitude)))), 6),
    )


def _report(
    rng: np.random.Generator,
    number: int,
    month: date,
    who: _Resident,
    spots: list[_Spot],
    opened: datetime,
    now: datetime,
) -> dict[str, Any] | None:
    """One report as it stands at `now`; None if it is still to come."""
    spot = spots[int(len(spots) * rng.random() ** 1.6)]
    anywhere = rng.random() > HOT_SHARE
    latitude, longitude = _near(rng, spot.latitude, spot.longitude, 2_000.0 if anywhere else 22.0)
    kind = int(rng.integers(len(CATEGORIES))) if anywhere else spot.usual[int(rng.random() > 0.75)]
    code, name, texts = CATEGORIES[kind]
    days = float(rng.gamma(2.0, 3.0))
    contact = int(rng.choice(len(_CONTACTS), p=_CONTACT_SHARES))
    text = str(rng.choice(texts)) + "." + _CONTACTS[contact].format(
        phone=who.phone, email=who.email, name=f"{who.first} {who.last}", address=who.address
    )  # fmt: skip
    door, photo = int(rng.integers(1, 90)), bool(rng.random() < 0.3)
    if opened > now:
        return None
    closed = opened + timedelta(days=days) <= now
    updated = opened + timedelta(days=days) if closed else opened + timedelta(hours=1)
    identifier = f"SIG-{month:%Y%m}-{number:06d}"
    return {
        "service_request_id": identifier,
        "status": "closed" if closed else "open",
        "service_code": code,
        "service_name": name,
        "description": text,
        "agency_responsible": "Angers Loire Métropole",
        "requested_datetime": opened.isoformat(timespec="seconds"),
        "updated_datetime": updated.astimezone(UTC).isoformat(timespec="seconds"),
        "address": f"{door} {spot.street}, {spot.place.postcode} {spot.place.name}",
        "lat": latitude,
        "long": longitude,
        "media_url": f"https://signalements.example/photos/{identifier}-{who.last}.jpg" if photo else None,
        "account_id": who.account,
        "email": who.email,
        "first_name": who.first,
        "last_name": who.last,
        "phone": who.phone,
        "device_id": f"tel-{who.account}",
    }


def _spoilt(rng: np.random.Generator, report: dict[str, Any], defects: Defects) -> list[dict[str, Any]]:
    """The report with its everyday defects: once, twice, with a field gone or unreadable."""
    chance, again = rng.random(), rng.random()
    if defects.reports_without_account:
        del report["account_id"]
    if defects.reports_retyped:
        report["lat"] = "quarante-sept"
    if chance < defects.missing:
        report.pop("account_id", None)
    elif chance < defects.missing + defects.unreadable:
        report["requested_datetime"] = "hier"
    elif chance < defects.missing + 2 * defects.unreadable:
        report["lat"] = None
    return [report, dict(report)] if again < defects.duplicates else [report]
