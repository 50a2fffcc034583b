"""Runs in CKAN's own environment: makes real datasets, times their indexing, then fills the index with many.

Standard input: {"datasets": n, "real": n}. Standard output, last line: seconds a dataset to build documents and to
rebuild, and titles to search for. The many are the real documents under other words, names, tags and owners: searching
reads nothing but the index, so they need not lie in CKAN's own tables.
"""

import json
import random
import sys
import time
from hashlib import sha256

from ckan import model
from ckan.lib import search
from ckan.lib.search.common import make_connection
from ckan.logic import get_action, index_update_package
from ckanext.ardoise.solr import PostgresIndex, _engine
from ckanext.ardoise.wsgi import application

ROUNDS = 5
BATCH = 500
SYLLABLES = ["ba", "cho", "di", "feu", "gra", "lin", "mon", "nou", "per", "qua", "ri", "sol", "ter", "vau", "zé"]
TOPICS = [
    "eau", "énergie", "déchets", "éclairage", "stationnement", "voirie", "forêts", "qualité", "mesures", "capteurs",
    "transports", "tramway", "budget", "écoles", "crèches", "cantines", "arbres", "parcs", "collecte", "compteurs",
    "bâtiments", "réseaux", "assainissement", "inondations", "urbanisme", "adresses", "vélos", "marchés",
    "associations", "équipements", "bibliothèques", "population", "élections", "accidents", "bruit", "déplacements",
]  # fmt: skip
FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/DAILY"
FORMATS = ["CSV", "JSON", "Parquet", "GeoJSON", "WMS"]


class Writer:
    """Words as texts have them: the first are in half the documents, most in one of a hundred, the last in very few."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        rare = {"".join(rng.choices(SYLLABLES, k=rng.randint(2, 4))) for _ in range(6_000)}
        self.words = TOPICS + sorted(rare)
        self.weights = [1 / (rank + 30) for rank in range(len(self.words))]

    def text(self, length: int) -> str:
        """Some words."""
        return " ".join(self.rng.choices(self.words, self.weights, k=length))


def main() -> None:
    """Make, time, fill."""
    wanted = json.load(sys.stdin)
    writer = Writer(random.Random(1))
    names = create(wanted["real"], writer)
    documents, whole = time_indexing(names)
    captured = capture(names)
    fill(captured, wanted["datasets"], writer)
    titles = [writer.text(6) for _ in range(400)]
    print(json.dumps({"documents": documents, "rebuild": whole, "real": len(names), "titles": titles}))


def create(number: int, writer: Writer) -> list[str]:
    """Make real datasets, each with three files."""
    user = get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    organizations = [each["name"] for each in get_action("organization_list")({"user": user}, {"all_fields": True})]
    names = []
    for position in range(number):
        name = f"banc-{position}"
        files = [
            {"url": f"http://127.0.0.1/{kind}", "format": kind, "name": writer.text(3), "description": writer.text(12)}
            for kind in ("CSV", "Parquet", "GeoJSON")
        ]
        fields = {
            "name": name, "title": writer.text(6), "notes": writer.text(80), "license_id": "lov2", "resources": files,
            "owner_org": organizations[position % len(organizations)], "frequency": FREQUENCY,
            "tags": [{"name": f"mot {position * step % 97}"} for step in (1, 3, 7)],
        }  # fmt: skip
        get_action("package_create")({"ignore_auth": True, "user": user}, fields)
        names.append(name)
    return names


def time_indexing(names: list[str]) -> tuple[float, float]:
    """Seconds a dataset to build its documents, and to rebuild: rounds of both, taken in turn, the best of each."""
    identifiers = [model.Package.get(name).id for name in names]
    add = PostgresIndex.add
    spent: dict[str, list[float]] = {"documents": [], "rebuild": []}
    for _ in range(ROUNDS):
        for kind in spent:
            PostgresIndex.add = add if kind == "rebuild" else lambda *_, **__: None
            began = time.perf_counter()
            search.rebuild(package_ids=identifiers)
            if kind == "rebuild":
                search.commit()  # as the command does: what waited is written
            spent[kind].append((time.perf_counter() - began) / len(identifiers))
    PostgresIndex.add = add
    return min(spent["documents"]), min(spent["rebuild"])


def capture(names: list[str]) -> list[dict]:
    """The documents that CKAN hands over."""
    found: list[dict] = []
    add = PostgresIndex.add
    PostgresIndex.add = lambda _, docs, **__: found.extend(docs)
    for name in names:
        index_update_package({"ignore_auth": True}, model.Package.get(name).id)
    PostgresIndex.add = add
    return found


def fill(captured: list[dict], number: int, writer: Writer) -> None:
    """Add documents until there are ``number``."""
    rng, engine, batch = writer.rng, _engine(make_connection()._address), []
    for position in range(number - len(captured)):
        base, name = captured[position % len(captured)], f"jeu-{position}"
        title, notes = writer.text(6), writer.text(60)
        organization, private = f"producteur-{rng.randrange(60)}", rng.random() < 0.03
        fields = {"name": name, "title": title, "notes": notes}
        batch.append({
            **base, **fields, "title_string": title, "id": f"{base['id']}-{position}",
            "index_id": sha256(name.encode()).hexdigest()[:32], "organization": organization, "owner_org": organization,
            "capacity": "private" if private else "public", "private": private,
            "permission_labels": [f"member-{organization}" if private else "public"],
            "tags": [f"mot {int(rng.paretovariate(0.7)) % 2_000}" for _ in range(rng.randint(2, 7))],
            "groups": [f"theme-{rng.randrange(14)}"], "res_format": rng.sample(FORMATS, 3),
            "metadata_modified": f"20{rng.randrange(10, 26)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T10:00:00Z",
            "validated_data_dict": json.dumps({**json.loads(base["validated_data_dict"]), **fields}),
            "data_dict": json.dumps({**json.loads(base["data_dict"]), **fields}),
        })  # fmt: skip
        if len(batch) == BATCH:
            engine.add(batch)
            batch = []
    engine.add(batch)


with application._wsgi_app.test_request_context():
    main()
