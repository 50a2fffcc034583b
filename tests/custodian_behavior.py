"""What every custodian must do: one suite, run over the in-memory twin and over the service as its own process."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import SecretStr

from anonymization.pseudonyms import CONSENT_DOMAIN, PSEUDONYM_TYPE, Custodian, CustodyRefusedError, Kind
from storage.sealing import DataKey

DOMAINS = ("water-meter", "resident")
REVERSIBLE, PADDED = "leaks", 32  # a domain whose pseudonyms can be turned back, and what its identifiers are padded to
PRESERVING, DIGITS = "contract-number", "0123456789"  # one whose pseudonyms look like the identifiers
OPERATOR_QUOTA = 8
METERS = pa.array(["49007-000000001", "49007-000000002", None, "49007-000000001", "", "é"])


class CustodianBehavior:
    """Subclasses give the fixture ``client``: a function from a role's name to a custodian."""

    client: Callable[[str], Custodian]

    def run(self, client: Callable[[str], Custodian], **grants: object) -> Custodian:
        role = "consent" if grants.get("domains") == [CONSENT_DOMAIN] else "orchestrator"
        orchestrator = client(role)
        defaults: dict[str, object] = {"domains": ["water-meter"], "quota": 1_000}
        return orchestrator.with_token(orchestrator.create_run("run-1", "water-meters", **{**defaults, **grants}))  # type: ignore[arg-type]

    def refused(self, code: str, status: int, call: Callable[[], object]) -> None:
        with pytest.raises(CustodyRefusedError) as caught:
            call()
        assert (caught.value.code, caught.value.status) == (code, status)

    def subjects(self, client: Callable[[str], Custodian], identifiers: list[str]) -> pa.Array:
        run = self.run(client, domains=[CONSENT_DOMAIN])
        return pa.concat_arrays(run.pseudonymize(CONSENT_DOMAIN, [pa.array(identifiers)]))

    # pseudonyms

    def test_one_array_for_each_with_equality_and_nulls_kept(self, client: Callable[[str], Custodian]) -> None:
        first, empty, second = self.run(client).pseudonymize(
            "water-meter", [METERS, METERS.slice(0, 0), METERS.slice(1)]
        )
        assert first.type == PSEUDONYM_TYPE
        assert (len(first), len(empty), len(second)) == (6, 0, 5)
        assert first.is_null().to_pylist() == [False, False, True, False, False, False]
        assert first[0] == first[3]
        assert len(set(first.to_pylist())) == 5
        assert second.equals(first.slice(1))

    def test_the_same_in_every_run(self, client: Callable[[str], Custodian]) -> None:
        once, again = (list(self.run(client).pseudonymize("water-meter", [METERS])) for _ in range(2))
        assert once[0].equals(again[0])

    def test_domains_share_nothing(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, domains=list(DOMAINS))
        water, resident = (
            set(next(iter(run.pseudonymize(domain, [METERS]))).drop_null().to_pylist()) for domain in DOMAINS
        )
        assert not water & resident

    def test_a_dictionary_gives_the_same_as_its_values(self, client: Callable[[str], Custodian]) -> None:
        many = pa.array(["b", "a", None, "b", "a", "b", "b"])
        encoded = many.dictionary_encode()
        larger = pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array(["a", "b", "c", "d", None]))
        run = self.run(client)
        plain, spread, sparse = run.pseudonymize("water-meter", [many, encoded, larger])
        assert spread.equals(plain)
        assert sparse.to_pylist() == [plain[0].as_py(), None, plain[1].as_py()]

    def test_nothing_in_nothing_out(self, client: Callable[[str], Custodian]) -> None:
        assert list(self.run(client).pseudonymize("water-meter", [])) == []

    def test_long_columns_come_back_whole(self, client: Callable[[str], Custodian]) -> None:
        column = pa.array([f"meter-{number}" for number in range(40_000)])
        (answer,) = self.run(client, quota=40_000).pseudonymize("water-meter", [column])
        assert len(answer) == 40_000
        assert len(pc.unique(answer)) == 40_000
        (tail,) = self.run(client).pseudonymize("water-meter", [column.slice(39_990)])
        assert tail.equals(answer.slice(39_990))

    # coverage

    def test_who_is_not_covered_comes_back_null(self, client: Callable[[str], Custodian]) -> None:
        active = self.subjects(client, ["49007-000000001", "é", "nobody"])
        run = self.run(client)
        (everyone,) = run.pseudonymize("water-meter", [METERS])
        (covered,) = run.pseudonymize("water-meter", [METERS], subjects=active, purpose="conso")
        expected = [everyone[i].as_py() if i in (0, 3, 5) else None for i in range(6)]
        assert covered.to_pylist() == expected

    def test_nobody_active_covers_nobody(self, client: Callable[[str], Custodian]) -> None:
        none = pa.array([], PSEUDONYM_TYPE)
        (covered,) = self.run(client).pseudonymize("water-meter", [METERS], subjects=none, purpose="conso")
        assert covered.null_count == len(METERS)

    def test_the_answer_never_shows_the_consent_pseudonym(self, client: Callable[[str], Custodian]) -> None:
        active = self.subjects(client, ["49007-000000001"])
        run = self.run(client)
        (covered,) = run.pseudonymize("water-meter", [METERS], subjects=active, purpose="conso")
        assert not set(active.to_pylist()) & set(covered.drop_null().to_pylist())
        consent = self.run(client, domains=[CONSENT_DOMAIN])
        call = lambda: list(consent.pseudonymize(CONSENT_DOMAIN, [METERS], subjects=active, purpose="conso"))  # noqa: E731
        self.refused("domain_not_in_scope", 403, call)

    def test_subjects_and_purpose_go_together(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client)
        with pytest.raises(ValueError, match="go together"):
            list(run.pseudonymize("water-meter", [METERS], purpose="conso"))
        with pytest.raises(ValueError, match="go together"):
            list(run.pseudonymize("water-meter", [METERS], subjects=pa.array([], PSEUDONYM_TYPE)))

    def test_who_objects_comes_back_null_and_nobody_else(self, client: Callable[[str], Custodian]) -> None:
        objecting = self.subjects(client, ["49007-000000001", "é", "nobody"])
        run = self.run(client)
        (everyone,) = run.pseudonymize("water-meter", [METERS])
        call = run.pseudonymize("water-meter", [METERS], subjects=objecting, purpose="conso", objecting=True)
        (covered,) = call
        assert covered.to_pylist() == [everyone[i].as_py() if i in (1, 4) else None for i in range(6)]
        none = pa.array([], PSEUDONYM_TYPE)
        (all_of_them,) = run.pseudonymize("water-meter", [METERS], subjects=none, purpose="conso", objecting=True)
        assert all_of_them.equals(everyone)

    # kinds of domains

    def test_an_answer_says_how_it_was_made(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, domains=["water-meter", REVERSIBLE, PRESERVING])
        for domain, kind, values in (
            ("water-meter", Kind.ONE_WAY, METERS),
            (REVERSIBLE, Kind.REVERSIBLE, METERS),
            (PRESERVING, Kind.FORMAT_PRESERVING, pa.array(["12345678"])),
        ):
            answers = run.pseudonymize(domain, [values], column="c")
            next(answers)
            origin = answers.origin
            assert (origin.domain, origin.algorithm, origin.epoch) == (domain, kind.algorithm, 0)

    def test_reversible_pseudonyms_have_one_length_and_are_bound_to_their_column(
        self, client: Callable[[str], Custodian]
    ) -> None:
        run = self.run(client, domains=[REVERSIBLE])
        once, again, elsewhere = (
            next(run.pseudonymize(REVERSIBLE, [METERS], column=column)) for column in ("meter", "meter", "owner")
        )
        assert once.equals(again)
        assert once[0] == once[3]
        assert pc.unique(pc.binary_length(once.drop_null())).to_pylist() == [16 + PADDED]
        assert once.is_null().to_pylist() == METERS.is_null().to_pylist()
        assert not set(once.drop_null().to_pylist()) & set(elsewhere.drop_null().to_pylist())
        self.refused("column_missing", 422, lambda: list(run.pseudonymize(REVERSIBLE, [METERS])))
        self.refused(
            "identifier_too_long",
            413,
            lambda: list(run.pseudonymize(REVERSIBLE, [pa.array(["x" * PADDED])], column="c")),
        )

    def test_format_preserving_pseudonyms_look_like_identifiers(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, domains=[PRESERVING])
        numbers = pa.array(["00000001", None, "1234567890", "00000001"])
        made, elsewhere = (
            next(run.pseudonymize(PRESERVING, [numbers], column=column)).to_pylist() for column in ("a", "b")
        )
        assert [len(one) if one else 0 for one in made] == [8, 0, 10, 8]
        assert all(one.isdigit() for one in made if one)
        assert made[0] == made[3] != elsewhere[0]
        for wrong in ("12", "1234567x"):
            call = run.pseudonymize(PRESERVING, [pa.array([wrong])], column="a")
            self.refused("bad_identifier", 422, lambda call=call: list(call))

    # operators

    def test_an_operator_pseudonymizes_in_its_own_domains_up_to_its_quota(
        self, client: Callable[[str], Custodian]
    ) -> None:
        operator = client("operator")
        (made,) = operator.pseudonymize("water-meter", [METERS])
        assert made.equals(next(self.run(client).pseudonymize("water-meter", [METERS])))
        self.refused("domain_not_in_scope", 403, lambda: list(operator.pseudonymize("resident", [METERS])))
        self.refused("domain_unknown", 404, lambda: list(operator.pseudonymize("elsewhere", [METERS])))
        self.refused("quota_spent", 429, lambda: list(operator.pseudonymize("water-meter", [METERS])))
        self.refused("action_not_in_scope", 403, lambda: operator.create_run("r", "d"))
        self.refused("action_not_in_scope", 403, lambda: operator.fingerprint("d", "a" * 64))

    def test_an_operator_does_not_learn_who_consents(self, client: Callable[[str], Custodian]) -> None:
        none = pa.array([], PSEUDONYM_TYPE)
        call = client("operator").pseudonymize("water-meter", [METERS], subjects=none, purpose="conso")
        self.refused("action_not_in_scope", 403, lambda: list(call))

    # limits

    def test_a_quota_is_counted_in_identifiers_over_the_whole_run(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, quota=7)
        list(run.pseudonymize("water-meter", [METERS]))  # 5 of them are not null
        self.refused("quota_spent", 429, lambda: list(run.pseudonymize("water-meter", [METERS])))
        assert len(list(run.pseudonymize("water-meter", [METERS.slice(0, 2)]))) == 1
        self.refused("quota_spent", 429, lambda: list(run.pseudonymize("water-meter", [METERS.slice(0, 1)])))

    def test_a_quota_spent_in_mid_stream_is_told(self, client: Callable[[str], Custodian]) -> None:
        answers = self.run(client, quota=6).pseudonymize("water-meter", [METERS, METERS])
        assert len(next(answers)) == 6
        self.refused("quota_spent", 429, lambda: next(answers))

    def test_an_identifier_too_long_is_refused(self, client: Callable[[str], Custodian]) -> None:
        answers = self.run(client).pseudonymize("water-meter", [METERS, pa.array(["é" * 512]), pa.array(["x" * 1025])])
        next(answers), next(answers)
        self.refused("identifier_too_long", 413, lambda: next(answers))

    def test_a_token_expires(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, expires_in=timedelta(seconds=1))
        time.sleep(1.05)
        self.refused("token_expired", 401, lambda: list(run.pseudonymize("water-meter", [METERS])))
        self.refused("token_expired", 401, lambda: run.create_key("quarantine", "water-meters"))

    def test_an_unknown_token_is_refused(self, client: Callable[[str], Custodian]) -> None:
        stranger = client("orchestrator").with_token(SecretStr("nobody"))
        self.refused("token_unknown", 401, lambda: list(stranger.pseudonymize("water-meter", [METERS])))
        self.refused("token_unknown", 401, lambda: stranger.create_key("landing", "water-meters"))
        self.refused("token_unknown", 401, lambda: stranger.create_run("run-1", "water-meters"))

    def test_a_run_stays_in_its_domains(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client)
        self.refused("domain_not_in_scope", 403, lambda: list(run.pseudonymize("resident", [METERS])))
        self.refused("domain_not_in_scope", 403, lambda: list(run.pseudonymize(CONSENT_DOMAIN, [METERS])))
        self.refused("domain_unknown", 404, lambda: list(run.pseudonymize("elsewhere", [METERS])))

    def test_a_client_grants_only_what_it_may(self, client: Callable[[str], Custodian]) -> None:
        key = client("ingest").create_key("landing", "water-meters")
        self.refused("domain_not_in_scope", 403, lambda: self.run(client, domains=["water-meter", CONSENT_DOMAIN]))
        self.refused("domain_unknown", 404, lambda: self.run(client, domains=["elsewhere"]))
        consent, ingest = client("consent"), client("ingest")
        self.refused("domain_not_in_scope", 403, lambda: consent.create_run("r", "d", domains=["resident"]))
        self.refused("action_not_in_scope", 403, lambda: consent.create_run("r", "d", key_ids=[key.id]))
        self.refused("action_not_in_scope", 403, lambda: consent.create_run("r", "d", new_keys=1))
        self.refused("action_not_in_scope", 403, lambda: ingest.create_run("r", "d"))
        self.refused("action_not_in_scope", 403, lambda: list(ingest.pseudonymize("resident", [METERS])))

    def test_a_run_does_less_than_its_client(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, new_keys=1)
        key = run.create_key("quarantine", "water-meters")
        self.refused("action_not_in_scope", 403, lambda: run.create_run("r", "d"))
        self.refused("action_not_in_scope", 403, lambda: run.fingerprint("d", "a" * 64))
        self.refused("action_not_in_scope", 403, lambda: run.destroy_key(key.id))

    def test_a_run_lasts_at_most_a_day(self, client: Callable[[str], Custodian]) -> None:
        self.refused("bad_request", 422, lambda: self.run(client, expires_in=timedelta(days=2)))
        self.refused("bad_request", 422, lambda: self.run(client, expires_in=timedelta(0)))
        self.refused("bad_request", 422, lambda: self.run(client, quota=-1))

    # data keys

    def test_a_key_goes_to_its_creator_and_to_runs_that_name_it(self, client: Callable[[str], Custodian]) -> None:
        ingest = client("ingest")
        key, other = (ingest.create_key("landing", "water-meters") for _ in range(2))
        assert isinstance(key, DataKey)
        assert len(key.key) == 32
        assert key.id != other.id
        assert key.key != other.key
        assert key.key.hex() not in repr(key)
        assert ingest.release_key(key.id) == key.key
        run = self.run(client, key_ids=[key.id])
        assert run.release_key(key.id) == key.key
        self.refused("key_not_in_scope", 403, lambda: run.release_key(other.id))
        self.refused("key_not_in_scope", 403, lambda: client("orchestrator").release_key(key.id))
        self.refused("key_unknown", 404, lambda: run.release_key("0" * 32))
        self.refused("key_unknown", 404, lambda: self.run(client, key_ids=["0" * 32]))

    def test_who_releases_the_keys_of_a_zone_does_nothing_else(self, client: Callable[[str], Custodian]) -> None:
        assess, run = client("assess"), self.run(client, new_keys=2)
        known, rejects = run.create_key("known", "water-meters"), run.create_key("quarantine", "water-meters")
        landed = client("ingest").create_key("landing", "water-meters")
        assert assess.release_key(known.id) == known.key
        for other in (rejects, landed):
            self.refused("key_not_in_scope", 403, lambda other=other: assess.release_key(other.id))
        self.refused("key_not_in_scope", 403, lambda: client("orchestrator").release_key(known.id))
        self.refused("action_not_in_scope", 403, lambda: assess.create_key("known", "water-meters"))
        self.refused("action_not_in_scope", 403, lambda: assess.create_run("r", "d"))
        self.refused("action_not_in_scope", 403, lambda: list(assess.pseudonymize("water-meter", [METERS])))
        self.refused("key_not_in_scope", 403, lambda: assess.destroy_key(known.id))
        client("orchestrator").destroy_key(known.id)
        self.refused("key_destroyed", 410, lambda: assess.release_key(known.id))

    def test_a_run_makes_the_keys_it_was_given(self, client: Callable[[str], Custodian]) -> None:
        run = self.run(client, new_keys=1)
        self.refused("zone_not_in_scope", 403, lambda: run.create_key("landing", "water-meters"))
        key = run.create_key("quarantine", "water-meters")
        assert run.release_key(key.id) == key.key
        self.refused("new_keys_spent", 409, lambda: run.create_key("quarantine", "water-meters"))
        self.refused("key_not_in_scope", 403, lambda: self.run(client).release_key(key.id))
        assert self.run(client, key_ids=[key.id]).release_key(key.id) == key.key

    def test_a_destroyed_key_never_comes_back(self, client: Callable[[str], Custodian]) -> None:
        ingest, orchestrator = client("ingest"), client("orchestrator")
        key = ingest.create_key("landing", "water-meters")
        run = self.run(client, key_ids=[key.id])
        self.refused("key_unknown", 404, lambda: ingest.destroy_key("0" * 32))
        orchestrator.destroy_key(key.id)
        orchestrator.destroy_key(key.id)
        self.refused("key_destroyed", 410, lambda: run.release_key(key.id))
        self.refused("key_destroyed", 410, lambda: ingest.release_key(key.id))
        self.refused("key_destroyed", 410, lambda: self.run(client, key_ids=[key.id]))

    def test_a_client_destroys_its_own_keys_only(self, client: Callable[[str], Custodian]) -> None:
        own = client("ingest").create_key("landing", "water-meters")
        client("ingest").destroy_key(own.id)
        run = self.run(client, new_keys=1)
        others = run.create_key("quarantine", "water-meters")
        self.refused("key_not_in_scope", 403, lambda: client("ingest").destroy_key(others.id))
        self.refused("zone_not_in_scope", 403, lambda: client("ingest").create_key("quarantine", "water-meters"))

    # fingerprints

    def test_a_fingerprint_names_a_payload_without_telling_it(self, client: Callable[[str], Custodian]) -> None:
        ingest, digest = client("ingest"), "0f" * 32
        name = ingest.fingerprint("water-meters", digest)
        assert len(name) == 32
        assert name == ingest.fingerprint("water-meters", digest)
        assert len({name, ingest.fingerprint("parking", digest), ingest.fingerprint("water-meters", "0e" * 32)}) == 3
        self.refused("action_not_in_scope", 403, lambda: client("consent").fingerprint("parking", digest))
