"""The services of the embedded stack: modules by order; those of one order are made ready and started together."""

ORDER: tuple[tuple[str, ...], ...] = (
    ("postgres", "objects", "valkey"),
    ("hub", "custody", "ckan"),
    ("console", "airflow"),
)
