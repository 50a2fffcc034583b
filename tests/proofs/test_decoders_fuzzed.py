"""Whatever bytes an operator sends, a decoder reads them, rejects rows, or refuses the payload: nothing else.

Every decoder for ten minutes, guided by coverage (:mod:`tests.fuzzing`), two at a time; then what the shipped contracts
read, checks included, with payloads made by hypothesis.
"""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.deidentification.check import check
from policies import load_territory
from settings.model import SHIPPED_TERRITORY
from sources import decoder
from sources.errors import PayloadError
from sources.protocol import PayloadPart
from tests.payloads import FORMATS

TERRITORY = load_territory(SHIPPED_TERRITORY)
NOW = datetime(2026, 11, 5, tzinfo=UTC)
HEADERS = {
    "water-meters": b"CONTRAT;COMPTEUR;ADRESSE;CODE_INSEE;DATE;INDEX_M3;CONSO_L;VERSION\n",
    "citizen-reports": b"[",
    "parking": b'{"total_count": 1, "results": [',
}
PIECES = [
    b";",
    b"\n",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"49007",
    b"01/10/2026",
    b"12,5",
    b"\xff",
    b"\x00",
    b"A1",
]


SECONDS = 600
PAIRS = [sorted(FORMATS)[at : at + 2] for at in range(0, len(FORMATS), 2)]


@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_ten_minutes_of_anything(names: list[str]):
    commands = [[sys.executable, "-m", "tests.fuzzing", name, str(SECONDS)] for name in names]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands
    ]
    said = [process.communicate()[0] for process in running]
    for name, process, text in zip(names, running, said, strict=True):
        print(name, text[-600:])
        assert process.returncode == 0, text[-3000:]


@pytest.mark.parametrize("dataset", sorted(HEADERS))
@settings(max_examples=3_000, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_nothing_but_rows_rejects_or_a_refusal(dataset: str, data: st.DataObject):
    contract = TERRITORY.contracts[dataset]
    body = data.draw(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join)))
    start = HEADERS[dataset] if data.draw(st.booleans()) else b""
    name = "live/0001.json" if dataset == "parking" else "requests/0001.json"
    part = PayloadPart("releves_x.csv" if dataset == "water-meters" else name, io.BytesIO(start + body))
    batches, refusal = [], ""
    try:
        batches = list(check(decoder(contract, TERRITORY).decode(iter([part])), contract, "Europe/Paris", NOW))
    except PayloadError as error:
        refusal = str(error)
    assert len(body) < 8 or body.decode("latin-1") not in refusal
    for item in batches:
        assert item.batch.num_rows == len(item.positions)
