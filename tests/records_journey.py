"""What the journey does with records under models, whatever it runs on. Collected through subclasses with a `world`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymization import DistinctLDiversity, KAnonymity, check_models
from catalog.errors import VerificationError
from catalog.verification import verify
from pipeline.anonymize import anonymize
from pipeline.candidate import read_candidate
from pipeline.errors import NotPublishableError
from policies.contract import Contract, ReleasedColumn, ReleaseRule
from policies.generalized import HierarchyRule, ModelRule, SearchRule
from tests.journey_world import World, days, meters, readings

KEYS = ["mois", "code_commune", "tranche"]
MODELS = (ModelRule("k_anonymity", k=5), ModelRule("distinct_l_diversity", l=2, sensitive="index"))
HIERARCHIES = (
    HierarchyRule("code_commune", "prefixes", lengths=(4, 2)),
    HierarchyRule("tranche", "intervals", edges=((0, 105, 110, 120, 200), (0, 110, 200)), root="toutes"),
)
COLUMNS = (
    ReleasedColumn("mois", ("date",), "string", generalization="month", quasi_identifier=True),
    ReleasedColumn("code_commune", ("code_insee",), "string", quasi_identifier=True),
    ReleasedColumn("commune", ("code_insee",), "string", generalization="commune", derived_from="code_commune"),
    ReleasedColumn("tranche", ("consommation_l",), "string", quasi_identifier=True),
    ReleasedColumn("index", ("index_m3",), "number"),
)


def by_records(water: Contract, *, limit: float = 0.3, covered: bool = False, **search: object) -> Contract:
    """The water meters' contract, published row by row under models."""
    rule = SearchRule(MODELS, HIERARCHIES, **search)  # type: ignore[arg-type]
    release = ReleaseRule("records", COLUMNS, k=5, suppression_limit=limit, search=rule)
    coverage = water.coverage if covered else None
    return replace(water, release=release, coverage=coverage, approval=False, digest=f"{rule!r}{limit}{covered}"[-64:])


def open_folder(world: World, contract: Contract, period: str) -> str:
    """Where the files of a period's current release stand."""
    released = world.hub.journal.releases("water-meters", contract.version.major)
    files = next(release.files for release in released if release.period == period)
    return next(str(file["key"]).rpartition("/")[0] for file in files if not file["latest"])


def rows_of(world: World, contract: Contract, period: str) -> list[dict[str, object]]:
    key = f"{open_folder(world, contract, period)}/water-meters_{period}.parquet"
    return pq.read_table(pa.BufferReader(world.hub.open.get(key))).to_pylist()


def of_class(rows: list[dict[str, object]], wanted: tuple[str, ...]) -> list[dict[str, object]]:
    return [row for row in rows if tuple(row[key] for key in KEYS) == wanted]


class RecordsJourney:
    """Rows in, rows out that no one stands alone in."""

    def deliver(self, world: World, name: str, *lots: tuple[list[str], str, int, date], version: int = 1) -> None:
        lines = []
        for people, insee, litres, start in lots:
            lines += readings(people, days(2, start), insee=insee, litres=litres, version=version)
        world.drop(name, lines)

    def october(self, world: World, contract: Contract) -> None:
        start = date(2026, 10, 1)
        self.deliver(
            world,
            "releves_10.csv",
            (meters(30), "49007", 100, start),
            (meters(7, first=100), "49015", 100, start),
            (meters(2, first=200), "49020", 100, start),
        )
        assert world.collect(contract).dirty == ("2026-10",)

    def test_every_class_holds_the_models_and_the_certificate_says_it_all(self, world: World, tmp_path: Path):
        contract = by_records(world.water, local_recoding=True)
        self.october(world, contract)
        verdict = world.judge("2026-10", contract)
        assert verdict.word == "publishable", verdict.reasons
        candidate = read_candidate(world.hub.private, verdict.candidate, evidence=True)
        assert candidate.evidence is not None
        whole = candidate.table.append_column("unit", candidate.evidence["unit"])
        found = check_models(whole, KEYS, [KAnonymity(5), DistinctLDiversity(2, "index")], unit="unit")
        assert all(one.satisfied for one in found), found
        details = verdict.details["records"]
        assert {one["model"] for one in details["models"]} == {"k_anonymity", "distinct_l_diversity"}
        assert len(details["risk"]["criteria"]) == 3
        assert details["steps"][0]["code_commune"] >= 0
        world.publish("2026-10", verdict.candidate, contract)
        folder = open_folder(world, contract, "2026-10")
        page = world.hub.open.get(f"{folder}/certificat.html").decode()
        for words in ("k-anonymat, k = 5", "l-diversité distincte", "Individualisation", "Corrélation", "Inférence",
                      "Information perdue", "ardoise verify"):  # fmt: skip
            assert words in page, words
        self.check_published(world, folder, tmp_path)

    def test_the_certificate_names_what_the_file_alone_can_not_show(self, world: World):
        contract = by_records(world.water)
        assert contract.release.search is not None
        near = ModelRule("t_closeness", t=1.0, sensitive="index", distance="equal")
        search = replace(contract.release.search, models=(*MODELS, near))
        contract = replace(contract, release=replace(contract.release, search=search))
        self.october(world, contract)
        world.release("2026-10", contract)
        folder = open_folder(world, contract, "2026-10")
        page = " ".join(world.hub.open.get(f"{folder}/certificat.html").decode().split())
        assert "Ce que le fichier seul ne montre pas" in page
        assert "pas vérifiables : t-proximité." in page
        assert json.loads(world.hub.open.get(f"{folder}/certificat.json"))["verification"]["beyond"] == ["t_closeness"]

    def check_published(self, world: World, folder: str, tmp_path: Path) -> None:
        """The file alone is enough to check its certificate; another file fails."""
        file, certificate = tmp_path / "open.parquet", tmp_path / "certificat.json"
        file.write_bytes(world.hub.open.get(f"{folder}/water-meters_2026-10.parquet"))
        certificate.write_bytes(world.hub.open.get(f"{folder}/certificat.json"))
        assert [check.sound for check in verify(file, certificate)] == [True] * 4
        sections = json.loads(certificate.read_bytes())["sections"]
        (code,) = [section["code"] for section in sections if section["code"]]
        program = tmp_path / "verifier.py"
        program.write_text(code, encoding="utf-8")
        run = [sys.executable, str(program)]
        assert subprocess.run([*run, str(file)], capture_output=True, text=True, check=True).stdout == "conforme\n"
        tampered = tmp_path / "tampered.parquet"
        pq.write_table(pq.read_table(file).slice(1), tampered)
        assert subprocess.run([*run, str(tampered)], capture_output=True).returncode == 1
        with pytest.raises(VerificationError, match="empreinte"):
            verify(tampered, certificate)

    def test_levels_are_chosen_once_and_kept(self, world: World):
        contract = by_records(world.water, local_recoding=True, levels_fixed_months=12)
        codes = [commune.insee for commune in world.hub.territory.communes[:8]]
        sparse = [(meters(3, 100 * place), code, 100, date(2026, 10, 1)) for place, code in enumerate(codes)]
        self.deliver(world, "releves_10.csv", *sparse)
        world.collect(contract)
        first = world.judge("2026-10", contract).details["records"]
        self.deliver(world, "releves_09.csv", (meters(40), "49007", 100, date(2026, 9, 1)))
        world.collect(contract)
        second = world.judge("2026-09", contract).details["records"]
        alone = world.judge("2026-09", by_records(world.water, local_recoding=True)).details["records"]
        assert first["steps"] == second["steps"] != alone["steps"]
        assert first["fixed"] == second["fixed"] == {"since": "2026-01", "until": "2027-01", "chosen_for": "2026-10"}

    def test_what_fixed_levels_suppress_beyond_the_limit_is_refused(self, world: World):
        contract = by_records(world.water, limit=0.2, levels_fixed_months=12)
        start = date(2026, 10, 1)
        self.deliver(world, "releves_10.csv", (meters(12), "49007", 100, start), (meters(12, 100), "49353", 100, start))
        world.collect(contract)
        assert world.judge("2026-10", contract).word == "publishable"
        september = [(meters(8), "49007", 100, date(2026, 9, 1))]
        codes = [commune.insee for commune in world.hub.territory.communes if commune.insee != "49007"]
        september += [(meters(2, 100 + 10 * n), codes[n], 100, date(2026, 9, 1)) for n in range(6)]
        self.deliver(world, "releves_09.csv", *september)
        world.collect(contract)
        verdict = world.judge("2026-09", contract)
        assert verdict.word == "refused"
        assert any("suppression" in reason for reason in verdict.reasons)

    def test_the_same_period_again_is_the_same_candidate(self, world: World):
        contract = by_records(world.water, local_recoding=True, levels_fixed_months=12)
        self.october(world, contract)
        made = {anonymize(world.as_role("anonymize"), contract, world.run_id(), "2026-10").digest for _ in range(3)}
        assert len(made) == 1

    @pytest.mark.parametrize(
        "few",
        [
            [(3, "49007", 100)],  # fewer units than k
            [(20, "49007", 100), (3, "49353", 100)],  # a commune with fewer, where communes are published as they are
        ],
    )
    def test_a_period_too_small_for_its_models_is_refused_and_nothing_is_lost(
        self, world: World, few: list[tuple[int, str, int]]
    ):
        contract = by_records(world.water, limit=0.0, levels_fixed_months=12)
        assert contract.release.search is not None
        only = replace(contract.release.search, hierarchies=HIERARCHIES[1:])
        contract = replace(contract, release=replace(contract.release, search=only))
        start = date(2026, 10, 1)
        lots = [(meters(count, 100 * place), code, litres, start) for place, (count, code, litres) in enumerate(few)]
        self.deliver(world, "releves_10.csv", *lots)
        world.collect(contract)
        verdict = world.judge("2026-10", contract)
        assert verdict.word == "refused"
        (told,) = [reason for reason in verdict.reasons if "trop petite" in reason]
        for words in ("k-anonymat, l-diversité distincte", "« code_commune »", "rien n'est perdu"):
            assert words in told, words
        assert verdict.counts["published_rows"] == 0
        assert verdict.counts["suppressed_rows"] == verdict.counts["rows_in"] > 0
        with pytest.raises(NotPublishableError):
            world.publish("2026-10", verdict.candidate, contract)
        assert world.hub.journal.releases("water-meters", contract.version.major) == []
        self.deliver(
            world, "releves_10b.csv", (meters(9, 300), "49007", 100, start), (meters(9, 400), "49353", 160, start)
        )
        assert world.collect(contract).dirty == ("2026-10",)
        again = world.judge("2026-10", contract)
        assert again.word == "publishable", again.reasons  # and the levels are this choice's, not the refused one's

    def test_a_change_of_too_few_waits_for_others(self, world: World):
        contract = by_records(world.water, local_recoding=True, levels_fixed_months=12)
        self.october(world, contract)
        world.release("2026-10", contract)
        before = rows_of(world, contract, "2026-10")
        moved = [(meters(2, 10), "49015", 110, date(2026, 10, 1))]  # two meters say that they are elsewhere
        self.deliver(world, "releves_10b.csv", *moved, version=2)
        assert world.collect(contract).dirty == ("2026-10",)
        world.release("2026-10", contract)
        left = ("2026-10", "49007", "[110, 120[")
        assert of_class(rows_of(world, contract, "2026-10"), left) == of_class(before, left) != []
        moved = [(meters(7, 10), "49015", 110, date(2026, 10, 1))]
        self.deliver(world, "releves_10c.csv", *moved, version=3)
        world.collect(contract)
        verdict = world.judge("2026-10", contract)
        assert verdict.word == "publishable", verdict.reasons
        assert verdict.measures["earlier_releases"] == 2
        assert verdict.measures["isolated_classes"] == 0
        world.publish("2026-10", verdict.candidate, contract)
        assert of_class(rows_of(world, contract, "2026-10"), left) == []  # three are left of ten: all go

    def test_a_withdrawal_takes_its_class_with_it(self, world: World):
        contract = by_records(world.water, limit=0.9, covered=True)
        everybody = [*meters(12), *meters(8, first=100)]
        world.consenting.give(everybody)
        start = date(2026, 10, 1)
        self.deliver(world, "releves_10.csv", (meters(12), "49007", 100, start), (meters(8, 100), "49353", 160, start))
        world.collect(contract)
        world.release("2026-10", contract)
        before = {tuple(row[key] for key in KEYS) for row in rows_of(world, contract, "2026-10")}
        world.clock.forward(timedelta(hours=1))
        world.consenting.withdraw(meters(1, first=100))
        self.again(world, contract)
        verdict = world.judge("2026-10", contract)
        assert verdict.measures["isolated_classes"] == 0
        world.publish("2026-10", verdict.candidate, contract)
        after = {tuple(row[key] for key in KEYS) for row in rows_of(world, contract, "2026-10")}
        assert after < before

    @staticmethod
    def again(world: World, contract: Contract) -> None:
        """Make the period again under the consent of now."""
        from pipeline.anonymize import current_partition
        from pipeline.deidentify import rebuild

        _, manifest = current_partition(world.hub, contract, "2026-10")
        rebuild(world.as_role("deidentify"), contract, world.run_id(), "2026-10", manifest.deliveries)
