"""The sections that a kind of release adds to its certificate, and who writes each.

*assess* measures and keeps its figures as JSON, by kind (`details`); the writers here put them into French. A section
holds sentences, a table of labels and figures, and what can be run to check them; never a row of data, and a count
under the floor is banded by whoever writes it down. A kind adds its writer to :data:`WRITERS`; what no writer knows is
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from catalog.certificate_records import records_sections
from catalog.section import Section
from catalog.tabulated_text import noise_sections, table_sections
from policies import Contract

Details = Mapping[str, Any]


WRITERS: dict[str, Callable[[Contract, Details], tuple[Section, ...]]] = {
    "records": records_sections,
    "table": table_sections,
    "noise": noise_sections,
}
"""By the key of `details` that each one writes about."""


def sections(contract: Contract, details: Mapping[str, Details]) -> tuple[Section, ...]:
    """Every section that the details of a verdict give rise to, in the order of the writers."""
    return tuple(
        section for key, writer in WRITERS.items() if key in details for section in writer(contract, details[key])
    )


__all__ = ["WRITERS", "Section", "sections"]
