"""Who writes which section of a certificate, by the key of the verdict's details that it writes about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from catalog.certificate_records import records_sections
from catalog.certificate_sections import Details, Section
from catalog.tabulated_text import noise_sections, table_sections
from policies import Contract

WRITERS: Mapping[str, Callable[[Contract, Details], tuple[Section, ...]]] = {
    "records": records_sections,
    "table": table_sections,
    "noise": noise_sections,
}


def sections(contract: Contract, details: Mapping[str, Details]) -> tuple[Section, ...]:
    """Every section that the details of a verdict give rise to, in the order of the writers."""
    return tuple(
        section for key, writer in WRITERS.items() if key in details for section in writer(contract, details[key])
    )
