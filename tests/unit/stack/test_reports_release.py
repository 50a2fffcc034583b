"""The citizens' reports that the simulated operator gives, under the contract that is shipped: a useful dataset."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import md5

import pyarrow as pa
import pyarrow.compute as pc

from anonymization import Surroundings, apply_release, check_models
from anonymization.generalized.attributes import models_of
from policies import DatasetId
from stack.operators.reports import month_of_reports
from tests.catalog_pages import territory

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def trusted(count: int) -> pa.Table:
    """A month of reports as the trusted zone holds them; accounts by any 16 bytes."""
    reports = month_of_reports(date(2026, 10, 1), count, 3, NOW)
    codes = {commune.name: commune.insee for commune in territory().communes}
    named = (("ouvert_le", "requested_datetime"), ("mis_a_jour_le", "updated_datetime"))
    times = {ours: [datetime.fromisoformat(report[theirs]) for report in reports] for ours, theirs in named}
    places = [report["address"].rsplit(", ", 1)[1].split(" ", 1)[1] for report in reports]
    return pa.table(
        {
            "compte": pa.array([md5(report["account_id"].encode()).digest() for report in reports], pa.binary(16)),
            "categorie": [report["service_name"] for report in reports],
            "statut": [report["status"] for report in reports],
            **{name: pa.array(values, pa.timestamp("us", "UTC")) for name, values in times.items()},
            "commune": pa.array([codes.get(place) for place in places], pa.string()),
            "latitude": [report["lat"] for report in reports],
            "longitude": [report["long"] for report in reports],
        }
    )


def test_little_is_lost_and_the_models_hold() -> None:
    contract = territory().contracts[DatasetId("citizen-reports")]
    released = apply_release(trusted(3_000), contract.release, contract.protection_unit, Surroundings.of(territory()))
    assert released.evidence is not None
    assert released.counts.suppressed_share < 0.01
    fine = pc.starts_with(released.table["maille"], "CRS3035RES200m")
    assert pc.sum(fine).as_py() > 0.75 * released.counts.rows_in
    keys = ["mois", "code_commune", "maille"]
    whole = released.table.append_column("unit", released.evidence["unit"])
    assert all(found.satisfied for found in check_models(whole, keys, models_of(contract.release), unit="unit"))
    placed = pc.equal(pc.is_null(released.table["latitude"]), pc.equal(released.table["maille"], "territoire"))
    assert pc.all(placed).as_py()
