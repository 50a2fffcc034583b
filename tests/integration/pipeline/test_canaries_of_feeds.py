"""People planted in every feed that the whole stack is too slow for; after the journey over the real services, none of
them stands in what the hub and custody keep: buckets, databases, logs, custody's folder.

The control: a contract that keeps an address, a row, an object and a line of log are planted, and found.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from anonymization.pseudonyms import CustodyClient, to_base32
from custody.administration import ensure_client
from custody.settings import load_settings
from custody.vault import open_vault
from pipeline.errors import BadPayloadError
from policies.contract import Contract, DatasetId, PrivacyCategory, Technique
from stack.operators import wellbeing
from stack.operators.canaries import Canaries, make_canaries
from stack.services.postgres import custody_cluster, hub_cluster
from storage import database_engine
from tests.e2e.canaries import Needles
from tests.e2e.places import Place, Report, bucket_objects, dump, files, scan
from tests.feeds import approve, hand_over
from tests.integration.pipeline.conftest import RealConsent
from tests.journey_world import World
from tests.personal_feeds import OVER_THE_SERVICES, Planted
from tests.stack_fixtures import PostgresServer

PEOPLE = 12
SEED = 20_261_107


@pytest.fixture
def canaries() -> Canaries:
    return make_canaries(PEOPLE, SEED)


@pytest.fixture
def values(canaries: Canaries) -> list[str]:
    """Everything that tells who someone is, whole and in its telling parts."""
    surnames = [name.rpartition(" ")[2] for name in canaries.names]
    streets = [address.split(" ")[2] for address in canaries.addresses]
    return [*canaries.every(), *surnames, *streets]


@pytest.fixture
def at_source(world: World, postgres: PostgresServer, tmp_path: Path) -> wellbeing.AtSource:
    """What the operator of well-being does at the real custody, with a token for its domain alone."""
    vault = open_vault(load_settings(postgres.context.paths.custody), world.clock)
    token_file = tmp_path / "operator-token"
    ensure_client(vault, "vyv-tests", "operator", token_file, [wellbeing.DOMAIN], 1_000, timedelta(days=3650))
    vault.engine.dispose()
    settings = world.hub.settings
    client = CustodyClient(settings.custody_url, settings.secret("custody-client-orchestrator"))
    operator = client.with_token(type(settings.secret("custody-client-orchestrator"))(token_file.read_text().strip()))

    def ask(identifiers: Sequence[str]) -> Sequence[str]:
        answers = operator.pseudonymize(wellbeing.DOMAIN, [pa.array(identifiers, pa.string())])
        texts = [text for answer in answers for text in to_base32(answer).to_pylist()]
        return [f"{wellbeing.DOMAIN}:{answers.origin.epoch}:{text}" for text in texts]

    return ask


def contract_of(world: World, dataset: str) -> Contract:
    return world.hub.territory.contracts[DatasetId(dataset)]


def consent(world: World, contract: Contract, planted: Planted) -> None:
    if contract.coverage is not None:
        engine = database_engine(world.hub.settings.hub_database_url())
        RealConsent(world.hub.settings, engine, world.clock, contract.coverage.purpose).give(planted.signed)
        engine.dispose()


def travel(world: World, contract: Contract, planted: Planted, canaries: Canaries) -> dict[str, int]:
    """The whole journey of a delivery, then one that can not be read, with people where its names should be."""
    consent(world, contract, planted)
    fed = hand_over(world, contract, planted.data)
    counts = world.collect(fed).counts
    verdict = world.judge(planted.period, fed)
    if verdict.word == "needs_approval":
        approve(world, fed, planted.period, verdict.candidate)
    world.publish(planted.period, verdict.candidate, fed)
    people = zip(canaries.names, canaries.phones, canaries.chips, canaries.prms, strict=True)
    unreadable = "\n".join(";".join(one) for one in people).encode()
    pattern = str(fed.feed.options["pattern"]).rpartition("/")[2]
    hand_over(world, contract, unreadable, pattern.replace("*", "illisible"))
    with suppress(BadPayloadError):  # or line by line, where a line alone can be unreadable
        assert world.collect(fed).counts["stored"] == 0
    return counts


def kept(world: World, postgres: PostgresServer, logged: str) -> list[Place]:
    """Everything that hub and custody keep of a world, but the operators' own files."""
    context, s3 = postgres.context, world.hub.settings.s3
    database = world.hub.settings.hub_database_url().rpartition("/")[2]

    def log() -> Iterator[tuple[str, bytes]]:
        yield "log of the stages", logged.encode()

    clusters = [custody_cluster(context).data]
    return [
        *(
            Place(f"bucket {bucket}", lambda bucket=bucket: bucket_objects(context, bucket))  # type: ignore[misc]
            for bucket in (s3.private_bucket, s3.open_bucket, s3.audit_bucket)
        ),
        Place("hub database", lambda: dump(hub_cluster(context), database)),
        Place("custody database", lambda: dump(custody_cluster(context), "custody")),
        Place("custody folder", lambda: files(context.paths.custody, clusters)),
        Place("server logs", lambda: files(context.paths.logs)),
        Place("stage logs", log),
    ]


def told(report: Report) -> str:
    return "\n".join(
        f"{hit.place}: value {hit.value}, {hit.written}, in {hit.where}" for hit in sorted(report.hits)[:20]
    )


def test_nobody_planted_in_a_feed_stands_in_what_is_kept(
    world: World,
    postgres: PostgresServer,
    canaries: Canaries,
    values: list[str],
    at_source: wellbeing.AtSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    needles = Needles(values)
    for dataset, make in OVER_THE_SERVICES.items():
        planted = make(canaries, at_source)
        assert len({value for value, _ in needles.find(planted.data)}) >= PEOPLE // 2, (
            f"nobody was planted in {dataset}"
        )
        counts = travel(world, contract_of(world, dataset), planted, canaries)
        assert counts["stored"] > 0, dataset
        assert counts["rejected"] > 0, f"{dataset}: rejects are where values are kept whole"
        assert world.hub.journal.releases(dataset), f"nothing of {dataset} was published"
    report = scan(needles, kept(world, postgres, caplog.text))
    print(f"\n{report.table()}")
    assert all(report.blobs.values()), "a place was empty"
    assert not report.hits, told(report)


def test_what_leaks_is_found(
    world: World,
    postgres: PostgresServer,
    canaries: Canaries,
    values: list[str],
    at_source: wellbeing.AtSource,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A contract that keeps addresses, a row of the database, and a careless line of log."""
    contract = contract_of(world, "household-bin-lifts")
    careless = [
        dataclasses.replace(
            column,
            privacy=dataclasses.replace(
                column.privacy, category=PrivacyCategory.QUASI_IDENTIFIER, technique=Technique.KEEP
            ),
        )
        if column.name == "adresse"
        else column
        for column in contract.columns
    ]
    travel(
        world,
        dataclasses.replace(contract, columns=tuple(careless), digest="0" * 64),
        OVER_THE_SERVICES["household-bin-lifts"](canaries, at_source),
        canaries,
    )
    database = world.hub.settings.hub_database_url().rpartition("/")[2]
    with psycopg.connect(hub_cluster(postgres.context).admin_dsn(database), autocommit=True) as connection:
        connection.execute("CREATE TABLE careless (value text)")
        connection.execute("INSERT INTO careless VALUES (%s)", (canaries.prms[3],))
    logging.getLogger("ardoise.journey").error("wrong line: %s", canaries.names[5])
    report = scan(Needles(values), kept(world, postgres, caplog.text))
    private = f"bucket {world.hub.settings.s3.private_bucket}"
    addresses = {values.index(address) for address in canaries.addresses}
    assert {hit.value for hit in report.hits if hit.place == private} & addresses
    assert report.places_of(values.index(canaries.prms[3])) == {"hub database"}
    assert report.places_of(values.index(canaries.names[5])) == {"stage logs"}
