"""The services of the embedded stack: modules by order; those of one order are made ready and started together."""

ORDER: tuple[tuple[str, ...], ...] = (
    ("postgres", "objects", "valkey", "operators"),
    ("hub", "custody"),
    ("households", "console", "inbox", "devices", "ckan", "airflow"),
    ("participants",),
)
