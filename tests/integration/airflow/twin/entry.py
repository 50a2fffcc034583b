"""The journey's entry points with nothing behind them: files tell what a stage answers, what it is asked is kept.

Takes the place of ``pipeline/entry.py`` in the house that the tests of Airflow run, so that they are about Airflow.
Switches are files of ``<home>/twin``: ``outage-<dataset>`` (once), ``payload-<dataset>``, ``fault-<dataset>``,
``quiet-<dataset>`` (no closed period), ``refused-<dataset>``, ``stall-<dataset>`` (once: *deidentify* does not end).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from pipeline.errors import BadPayloadError, OutageError
from sources import Connections

RefJson = dict[str, Any]
PLANTED = "Jeanne-Canari-0612345678"
PERIODS = {"parking": ["2026-11-20", "2026-11-21"]}


def _folder() -> Path:
    folder = Path(os.environ["ARDOISE_HOME"]) / "twin"
    folder.mkdir(exist_ok=True)
    return folder


def _asked(stage: str, **what: Any) -> None:
    with (_folder() / "calls.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"stage": stage, **what}) + "\n")


def _switched(name: str, *, once: bool = False) -> bool:
    switch = _folder() / name
    found = switch.exists()
    if found and once:
        switch.unlink()
    return found


def _ref(zone: str, dataset: str, period: str | None) -> RefJson:
    return {"zone": zone, "dataset": dataset, "version": "1.0.0", "period": period, "key": "k", "digest": "d"}


def ingest(dataset: str, run_id: str, connections: Connections | None = None) -> list[RefJson]:
    """One delivery."""
    _asked("ingest", dataset=dataset, run_id=run_id)
    if _switched(f"outage-{dataset}", once=True):
        raise OutageError(f"ingest {dataset}: the operator can not be reached")
    if _switched(f"payload-{dataset}"):
        raise BadPayloadError(f"ingest {dataset}: live/0003.json is not JSON (byte 17)")
    if _switched(f"fault-{dataset}"):
        raise ValueError(PLANTED)
    return [_ref("landing", dataset, None)]


def deidentify(dataset: str, run_id: str, deliveries: list[RefJson]) -> dict[str, Any]:
    """Two closed periods, or none."""
    _asked("deidentify", dataset=dataset, run_id=run_id, deliveries=deliveries)
    if _switched(f"stall-{dataset}", once=True):
        (_folder() / "stalled").write_text(str(os.getpid()), encoding="ascii")
        time.sleep(600)
    periods = [] if _switched(f"quiet-{dataset}") else PERIODS.get(dataset, ["2026-09", "2026-10"])
    return {"periods": periods, "open_periods": ["2026-11"], "counts": {"rows_in": 10, "rejected": 1, "stored": 9}}


def anonymize(dataset: str, period: str, run_id: str) -> RefJson:
    """A candidate."""
    _asked("anonymize", dataset=dataset, period=period, run_id=run_id)
    return _ref("candidate", dataset, period)


def assess(dataset: str, period: str, run_id: str, candidate: RefJson) -> dict[str, Any]:
    """A verdict."""
    _asked("assess", dataset=dataset, period=period, run_id=run_id, candidate=candidate)
    refused = _switched(f"refused-{dataset}")
    return {
        "candidate": candidate,
        "verdict": "refused" if refused else "needs_approval",
        "reasons": ["La plus petite case compte 3 personnes, le plancher est 5."] if refused else ["Texte libre."],
        "counts": {"published_rows": 12_345, "suppressed_rows": 12},
        "measures": {"k": 5.0, "prosecutor_risk": 0.2},
    }


def decide(
    dataset: str,
    period: str,
    run_id: str,
    candidate: RefJson,
    *,
    approved: bool,
    decided_by: str,
    triggered_by: str | None,
    comment: str = "",
) -> dict[str, Any]:
    """Keep the decision."""
    _asked(
        "decide",
        dataset=dataset,
        period=period,
        run_id=run_id,
        candidate=candidate,
        approved=approved,
        decided_by=decided_by,
        triggered_by=triggered_by,
        comment=comment,
    )
    return {}


def rotations_due() -> list[str]:
    """The domains that files of the twin's folder say are rotating."""
    _asked("rotations_due")
    return sorted(path.name.removeprefix("rotating-") for path in _folder().glob("rotating-*"))


def rotate(domain: str, run_id: str) -> dict[str, Any]:
    """Nothing but what it came to."""
    _asked("rotate", domain=domain, run_id=run_id)
    if _switched(f"outage-{domain}", once=True):
        raise OutageError(f"rotate {domain}: custody does not answer")
    (_folder() / f"rotating-{domain}").unlink()
    return {"domain": domain, "epoch": 1, "datasets": [], "counts": {"periods": 2, "pseudonyms": 60, "distinct": 24}}


def retire() -> int:
    """Nothing to remove."""
    _asked("retire")
    return 0


def publish(dataset: str, period: str, run_id: str, candidate: RefJson) -> dict[str, Any]:
    """Nothing but a page's address."""
    _asked("publish", dataset=dataset, period=period, run_id=run_id, candidate=candidate)
    return {"url": f"http://127.0.0.1/dataset/{dataset}", "rows": 3}
