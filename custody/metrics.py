"""What Prometheus may read at ``/metrics``: counts by call, code and domain; no label holds a value or a caller."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY = CollectorRegistry(auto_describe=False)
CALLS = Counter("custody_calls", "Calls answered, by route and status.", ["call", "status"], registry=REGISTRY)
REFUSALS = Counter("custody_refusals", "Calls refused, by code.", ["code"], registry=REGISTRY)
SECONDS = Histogram(
    "custody_call_seconds",
    "How long calls took, by route.",
    ["call"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
    registry=REGISTRY,
)
IDENTIFIERS = Counter("custody_identifiers", "Identifiers answered, by domain.", ["domain"], registry=REGISTRY)
DISTINCT = Gauge("custody_distinct_inputs", "Distinct identifiers ever seen, estimated.", ["domain"], registry=REGISTRY)
EXPECTED = Gauge("custody_expected_inputs", "Distinct identifiers a domain expects.", ["domain"], registry=REGISTRY)
ALERTS = Counter("custody_alerts", "Alerts of domains that saw more than expected.", ["domain"], registry=REGISTRY)


def exposition() -> bytes:
    """Return all of it, in Prometheus' text format."""
    return generate_latest(REGISTRY)
