"""A few identifiers in JSON, as an operator asks with curl."""

from __future__ import annotations

import http.client
import json
import shlex
import threading
from typing import Any

import pyarrow as pa
import pytest

from anonymization.pseudonyms import CustodyRefusedError, to_base32
from tests.custodian_behavior import PADDED, PRESERVING, REVERSIBLE
from tests.integration.custody.conftest import ROOT, CustodyHome, MakeHome


def ask(custody: CustodyHome, token: str, body: object, domain: str = "water-meter") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", custody.port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", f"/v1/pseudonymize/{domain}", data, headers)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def operator(custody: CustodyHome, name: str, quota: int = 1_000, days: float = 1.0) -> str:
    done = custody.add_operator(name, quota=quota, days=days)
    assert done.returncode == 0, done.stderr
    return custody.token_file(name).read_text().strip()


def run_token(custody: CustodyHome, **grants: Any) -> str:
    return custody.client("orchestrator").create_run("r", "d", **{"quota": 10, **grants}).get_secret_value()


def test_an_operator_gets_the_pseudonyms_that_the_hub_gets(custody: CustodyHome) -> None:
    status, answer = ask(custody, operator(custody, "alone"), {"identifiers": ["49007-1", None, "é", "49007-1"]})
    assert status == 200
    assert (answer["domain"], answer["algorithm"], answer["epoch"]) == ("water-meter", "aes-cmac+aes-256", 0)
    orchestrator = custody.client("orchestrator")
    run = orchestrator.with_token(orchestrator.create_run("r", "d", domains=["water-meter"], quota=10))
    (column,) = run.pseudonymize("water-meter", [pa.array(["49007-1", None, "é", "49007-1"])])
    assert answer["pseudonyms"] == to_base32(column).to_pylist()


def test_the_documented_call_works_as_it_stands(custody: CustodyHome) -> None:
    (line,) = [one for one in (ROOT / "docs" / "custody.md").read_text().splitlines() if one.startswith("curl ")]
    words = shlex.split(line)
    (url,) = [word for word in words if word.startswith("http://")]
    assert words[words.index("-X") + 1] == "POST"
    assert "Content-Type: application/json" in words
    body = words[words.index("-d") + 1].encode()
    status, answer = ask(custody, operator(custody, "curl"), body, url.rsplit("/", 1)[1])
    assert status == 200
    assert [one is None for one in answer["pseudonyms"]] == [False, True]


def test_identifiers_are_brought_to_their_form(custody: CustodyHome) -> None:
    token = operator(custody, "forms")
    _, answer = ask(custody, token, {"form": "phone", "identifiers": ["06 12 34 56 78", "+33612345678", "inconnu"]})
    assert answer["pseudonyms"][0] == answer["pseudonyms"][1]
    assert answer["pseudonyms"][2] is None
    status, answer = ask(custody, token, {"form": "shoe size", "identifiers": ["43"]})
    assert (status, answer["error"]["code"]) == (422, "bad_request")


def test_kinds_that_can_be_turned_back_want_a_column(custody: CustodyHome) -> None:
    token = run_token(custody, domains=[REVERSIBLE, PRESERVING])
    _, answer = ask(custody, token, {"identifiers": ["12345678", None], "column": "meter"}, REVERSIBLE)
    assert [len(one or "") for one in answer["pseudonyms"]] == [-(-(16 + PADDED) * 8 // 5), 0]
    _, answer = ask(custody, token, {"identifiers": ["12345678"], "column": "meter"}, PRESERVING)
    assert answer["pseudonyms"][0].isdigit()
    status, answer = ask(custody, token, {"identifiers": ["12345678"]}, REVERSIBLE)
    assert (status, answer["error"]["code"]) == (422, "column_missing")
    status, answer = ask(custody, token, {"identifiers": ["1234567x"], "column": "meter"}, PRESERVING)
    assert (status, answer["error"]["code"]) == (422, "bad_identifier")
    assert "1234567x" not in json.dumps(answer)


def test_what_may_not_be_asked_is_refused_and_logged(custody: CustodyHome) -> None:
    last = custody.query("SELECT coalesce(max(id), 0) FROM request")[0][0]
    token, spent = operator(custody, "refused"), operator(custody, "spent", quota=1)
    expired = operator(custody, "expired", days=1e-9)
    two = {"identifiers": ["a", "b"]}
    for who, domain, status, code in (
        (token, "resident", 403, "domain_not_in_scope"),
        (token, "elsewhere", 404, "domain_unknown"),
        (spent, "water-meter", 429, "quota_spent"),
        (expired, "water-meter", 401, "token_expired"),
        (run_token(custody), "water-meter", 403, "domain_not_in_scope"),
        (custody.token_file("ingest").read_text().strip(), "water-meter", 403, "action_not_in_scope"),
        ("custody_client_nobody", "water-meter", 401, "token_unknown"),
    ):
        answer = ask(custody, who, two, domain)
        assert (answer[0], answer[1]["error"]["code"]) == (status, code)
    refused = f"WHERE id > {last} AND outcome IS NOT NULL ORDER BY id"
    rows = custody.query(f"SELECT client, domain, identifiers, outcome FROM request {refused}")
    assert rows == [
        ("refused", "resident", 0, "domain_not_in_scope"),
        ("refused", None, 0, "domain_unknown"),
        ("spent", "water-meter", 0, "quota_spent"),
        ("expired", "water-meter", 0, "token_expired"),
        ("orchestrator", "water-meter", 0, "domain_not_in_scope"),
        ("ingest", "water-meter", 0, "action_not_in_scope"),
    ]
    told = {line.get("code") for line in custody.lines() if line.get("call") == "POST /v1/pseudonymize/{domain}"}
    assert {"domain_unknown", "quota_spent", "token_expired", "token_unknown"} <= told


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "bad_request"),
        (b"[]", 422, "bad_request"),
        ({"identifiers": [1]}, 422, "bad_request"),
        ({"identifiers": ["a"], "more": 1}, 422, "bad_request"),
        (b'{"identifiers": ["\\ud800"]}', 422, "bad_request"),
        ({"identifiers": ["x"] * 1_001}, 413, "too_many_identifiers"),
        ({"identifiers": ["é" * 600]}, 413, "identifier_too_long"),
        ({"identifiers": ["x" * 2_000_000]}, 413, "body_too_large"),
    ],
)
def test_bad_bodies_are_refused(custody: CustodyHome, body: object, status: int, code: str) -> None:
    answer = ask(custody, operator(custody, "bodies"), body)
    assert (answer[0], answer[1]["error"]["code"]) == (status, code)
    assert custody.healthy()


def test_calls_together_spend_exactly_the_quota(custody: CustodyHome) -> None:
    """They share transactions: some are refused, none is paid for twice, and the log tells each."""
    token, statuses = operator(custody, "together", quota=50), []

    def caller(number: int) -> None:
        for call in range(10):
            statuses.append(ask(custody, token, {"identifiers": [f"{number}-{call}"]})[0])

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert (statuses.count(200), statuses.count(429)) == (50, 30)
    ((left,),) = custody.query("SELECT quota_left FROM client WHERE name = 'together'")
    assert left == 0
    logged = custody.query(
        "SELECT count(*), sum(identifiers) FROM request WHERE client = 'together' GROUP BY outcome IS NULL ORDER BY 1"
    )
    assert logged == [(30, 0), (50, 50)]


def test_an_operator_may_stream_too(custody: CustodyHome) -> None:
    operator(custody, "streaming", quota=2)
    client = custody.client("streaming")
    (answer,) = client.pseudonymize("water-meter", [pa.array(["a", "b"])])
    assert len(answer) == 2
    with pytest.raises(CustodyRefusedError, match="quota_spent"):
        list(client.pseudonymize("water-meter", [pa.array(["c"])]))


def test_a_killed_service_has_logged_every_answer(make_custody: MakeHome) -> None:
    """Killed with -9 while calls come: what was answered is in the log, which is whole."""
    custody = make_custody()
    assert custody.initialize().returncode == 0
    custody.start()
    token, answered = operator(custody, "killed", quota=100_000), []

    def caller() -> None:
        try:
            while ask(custody, token, {"identifiers": ["a"]})[0] == 200:
                answered.append(1)
                if len(answered) == 60 and custody.process is not None:
                    custody.process.kill()
        except (OSError, http.client.HTTPException, ValueError):
            return

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    ((logged,),) = custody.query("SELECT count(*) FROM request WHERE client = 'killed' AND action = 'pseudonymize'")
    ((left,),) = custody.query("SELECT quota_left FROM client WHERE name = 'killed'")
    assert logged >= len(answered) >= 60
    assert left == 100_000 - logged
    assert "the log is whole" in custody.command("log", "verify").stdout
