"""Errors of the policies room. They quote contracts, which are public; there is no data here to leak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a file of the territory: where it is, which rule it breaks, what to do (French)."""

    file: Path
    line: int  # 1-based
    rule: str  # stable slug, explained in docs/contracts.md
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence} [{self.rule}]"


class PolicyError(Exception):
    """Root of every error about contracts and strategy; carries one finding or more."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class ContractError(PolicyError):
    """A contract that can not be read, is not valid, or contradicts itself; says file, line and rule."""


class WeakContractError(ContractError):
    """A contract that asks for less protection than the strategy's floor."""


class StrategyError(PolicyError):
    """The strategy, or another file of the territory's folder, can not be read or is not valid."""


class ContractChangeError(ContractError):
    """A contract whose version number does not say how much it changed."""


class AccessError(PolicyError):
    """The territory's access policies can not be read."""


class AccessDeniedError(PolicyError):
    """Nobody's policy permits it."""
