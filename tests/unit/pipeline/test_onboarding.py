"""What is proposed for a sample: types, keys, and what becomes of each column."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.onboarding.inference import Inferred, infer, key_of, own_name
from pipeline.onboarding.looking import Looked, look, together
from pipeline.onboarding.proposal import Proposal, propose

PARIS = "Europe/Paris"


def table(**columns: list[str | None]) -> pa.Table:
    longest = max(map(len, columns.values()))
    return pa.table(
        {name: pa.array(values * (longest // len(values)), pa.string()) for name, values in columns.items()}
    )


def one(values: list[str | None], name: str = "x", decimal: str = ".") -> Inferred:
    (found,) = infer(pa.table({name: pa.array(values, pa.string())}), PARIS, decimal)
    return found


@pytest.mark.parametrize(
    ("values", "name", "kind", "letters"),
    [
        (["1", "-2", None], "x", "integer", None),
        (["1", "2.5"], "x", "number", None),
        (["1", "abc"], "x", "string", None),
        (["049", "750"], "x", "string", None),
        (["49007", "49015"], "code_insee", "string", None),
        (["49007", "49015"], "population", "integer", None),
        (["oui", "NON"], "x", "boolean", None),
        (["0", "1"], "x", "integer", None),
        (["31/12/2026", "01/01/2026"], "x", "date", "dd/MM/yyyy"),
        (["31/02/2026"], "x", "string", None),
        (["2026-12-31"], "x", "date", None),
        (["20261231"], "date_releve", "date", "yyyyMMdd"),
        (["20261231"], "passages", "integer", None),
        (["2026-12-31T10:00:00Z", "2026-12-31T10:00:00.5+02:00"], "x", "timestamp", None),
        (["31/12/2026 10:30"], "x", "timestamp", "dd/MM/yyyy HH:mm"),
        ([None, None], "x", "string", None),
    ],
)
def test_a_type_is_proposed_only_if_every_value_reads_as_it(
    values: list[str | None], name: str, kind: str, letters: str | None
) -> None:
    found = one(values, name)
    assert (found.logical_type, found.format) == (kind, letters)


def test_decimal_commas_are_numbers_where_the_feed_writes_them_so() -> None:
    assert one(["1,5", "2"], decimal=",").logical_type == "number"
    assert one(["1,5", "2"]).logical_type == "string"


@pytest.mark.parametrize(
    ("physical", "name"),
    [
        ("live.nom", "nom"),
        ("Débit (l/s)", "debit_l_s"),
        ("refDevice", "ref_device"),
        ("2026", "c_2026"),
        ("!", "colonne"),
        ("INDEX_M3", "index_m3"),
    ],
)
def test_names_are_written_in_our_way(physical: str, name: str) -> None:
    assert own_name(physical, set()) == name


def test_two_columns_never_get_one_name() -> None:
    found = infer(table(**{"live.nom": ["a"], "reference.nom": ["b"], "NOM": ["c"]}), PARIS)
    assert [column.name for column in found] == ["nom", "nom_2", "nom_3"]


def test_keys() -> None:
    days = [f"2026-10-{day:02d}" for day in range(1, 21)]
    sample = table(jour=days * 2, borne_id=["a"] * 20 + ["b"] * 20, numero=[str(n) for n in range(40)], note=["x"] * 40)
    found = infer(sample, PARIS)
    assert key_of(found, sample, "jour") == ("numero",)
    without = tuple(column for column in found if column.name != "numero")
    assert key_of(without, sample, "jour") == ("borne_id", "jour")
    assert key_of(tuple(column for column in found if column.name == "jour"), sample, "jour") == ()


def told(sample: pa.Table) -> dict[str, Proposal]:
    return {found.column.name: found for found in propose(sample, infer(sample, PARIS), look).columns}


def test_people_are_dropped_and_one_column_tells_them_apart() -> None:
    sample = table(
        mail=["a@b.fr", "c@d.fr"],
        nom=["Dupont", "Durand"],
        badge=["1", "2"],
        adresse=["3 rue Haute 49000 Angers", "4 rue Basse 49000 Angers"],
        date_naissance=["1990-01-01", "1980-01-01"],
        quartier=["Nord", "Sud"],
        description=["Il y a un grand trou dans la chaussée", "Le lampadaire ne marche plus depuis hier"],
    )
    found = told(sample)
    shown = {name: (one.category.value, one.technique.value) for name, one in found.items()}
    assert shown == {
        "mail": ("direct_identifier", "drop"),
        "nom": ("direct_identifier", "drop"),
        "badge": ("direct_identifier", "pseudonymize"),
        "adresse": ("quasi_identifier", "commune"),
        "date_naissance": ("quasi_identifier", "drop"),
        "quartier": ("quasi_identifier", "keep"),
        "description": ("free_text", "drop"),
    }
    assert all("Dupont" not in one.reason for one in found.values())


@pytest.mark.parametrize(
    ("name", "value", "canonical"),
    [
        ("courriel", "a@b.fr", "email"),
        ("contact", "06 12 34 56 78", "phone"),
        ("vehicule", "AB-123-CD", "plate"),
        ("prm", "12345678901234", "prm"),
    ],
)
def test_without_a_number_the_best_identifier_is_pseudonymised(name: str, value: str, canonical: str) -> None:
    found = told(table(**{name: [value], "quantite": ["3"]}))[name]
    assert (found.technique.value, str(found.canonical)) == ("pseudonymize", canonical)


def test_a_meter_is_a_delivery_point() -> None:
    sample = table(pdl=["12345678901234"], kwh=["3"])
    assert propose(sample, infer(sample, PARIS), look).unit == "delivery_point"


def test_names_alone_tell_nobody_apart() -> None:
    sample = table(prenom=["Ana"], quantite=["3"])
    found = propose(sample, infer(sample, PARIS), look)
    assert (found.personal, found.holder) == (True, None)


def test_several_profiles_are_put_together() -> None:
    def names(sample: pa.Table) -> tuple[Looked, ...]:
        return (Looked("auteur", ("NOM",)), Looked("mail", ("NOM", "COURRIEL")))

    sample = table(mail=["a@b.fr"], auteur=["Dupont"])
    found = {one.column: one.kinds() for one in together(look, names)(sample)}
    assert found == {"mail": ("COURRIEL", "NOM"), "auteur": ("NOM",)}


def test_a_person_knows_better_than_a_header() -> None:
    sample = table(nom=["Parking Ralliement"], capacite=["300"])
    assert propose(sample, infer(sample, PARIS), look).personal is True
    found = propose(sample, infer(sample, PARIS), look, frozenset({"nom"}))
    assert found.personal is False
    assert found.columns[0].technique.value == "keep"


def test_places_and_companies_alone_are_nobody() -> None:
    sample = table(latitude=["47.47"], longitude=["-0.55"], capacite=["300"])
    found = propose(sample, infer(sample, PARIS), look)
    assert found.personal is False
    assert {one.technique.value for one in found.columns} == {"keep"}
