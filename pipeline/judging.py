"""What each kind of release is judged on, beside what :mod:`anonymization.measures` finds of all of them.

A kind adds its judge to :mod:`pipeline.judges`. A judge only measures: on the candidate itself and its evidence, with
code that shares nothing with what made it, and against earlier releases. Its details are JSON, kept with the verdict
for ever and put into French by :mod:`catalog.certificate_sections`; they hold no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.candidate import Candidate
from pipeline.hub import Hub
from policies.contract import Contract


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a judge found."""

    violations: tuple[str, ...] = ()  # French, one sentence each; any of them refuses the candidate
    remarks: tuple[str, ...] = ()  # French, for the steward to weigh
    numbers: Mapping[str, float] = field(default_factory=dict)  # beside those of Measures
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON, by writer of the certificate's sections


Judge = Callable[[Hub, Contract, str, Candidate], Judgment]
