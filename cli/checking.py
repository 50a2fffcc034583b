"""Every problem of a territory's folder as findings, and how they are shown: file, line, rule, what to do next.

Nothing stops at the first problem, but what can not be judged before something else is mended: contracts wait for the
strategy, a contract's rules wait for its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from policies import Contract, ContractError, Finding, StrategyError, Territory, load_territory
from policies.access import load_access
from policies.advice import advice
from policies.document import read_document
from policies.errors import AccessError
from sources import FeedError, check_feed

_PLACE = re.compile(r"^.*?feed\.(options[\w.\-]*) : (.*)$", re.DOTALL)


@dataclass(slots=True)
class Checked:
    """What was found: contracts that load, and what is wrong with the rest."""

    sound: list[Contract] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def check_territory(folder: Path) -> Checked:
    """Read and judge everything of `folder`."""
    found = Checked()
    try:
        territory = load_territory(folder, refused=lambda _, error: found.findings.extend(error.findings))
    except StrategyError as error:
        found.findings.extend(error.findings)
        return found
    for contract in territory.contracts.values():
        problem = _feed_problem(contract, territory)
        if problem is None:
            found.sound.append(contract)
        else:
            found.findings.append(problem)
    try:
        load_access(territory.folder)
    except AccessError as error:
        found.findings.extend(error.findings)
    return found


def show(checked: Checked, screen: Console) -> None:
    """Show the contracts that load, then each problem, then how many there are."""
    for contract in checked.sound:
        draft = "" if contract.in_force else "  [yellow](ni collecté ni publié : statut « " + contract.status + " »)[/]"
        screen.print(f"  [green]✓[/] {contract.id:<20} v{contract.version}  {escape(contract.title)}{draft}")
    for file, findings in _by_file(checked.findings):
        screen.print(f"  [red]✗[/] [bold]{escape(file.name)}[/]  {escape(str(file.parent))}", soft_wrap=True)
        for finding, following in zip_longest(findings, findings[1:]):
            told = escape(f"ligne {finding.line} : {finding.sentence} [{finding.rule}]")
            screen.print(f"      {told}", soft_wrap=True)
            if following is None or advice(following) != advice(finding):
                screen.print(f"        [cyan]→ {escape(advice(finding))}[/]", soft_wrap=True)
    count = len(checked.findings)
    if count:
        screen.print(f"  {count} problème{'s' if count > 1 else ''} : rien de tout cela n'est collecté ni publié.")


def _feed_problem(contract: Contract, territory: Territory) -> Finding | None:
    try:
        check_feed(contract, territory)
    except FeedError as error:
        message = str(error)
    else:
        return None
    document = read_document(contract.source, ContractError)
    index = [item.get("property") for item in document.data["customProperties"]].index("feed")
    match = _PLACE.match(message)
    place = tuple(match[1].split(".")) if match else ("options",)
    sentence = f"feed.{match[1]} : {match[2]}" if match else message
    return document.finding(("customProperties", index, "value", *place), "feed-options", sentence)


def _by_file(findings: Iterable[Finding]) -> Sequence[tuple[Path, list[Finding]]]:
    grouped: dict[Path, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.file, []).append(finding)
    return [(file, sorted(found, key=lambda one: one.line)) for file, found in grouped.items()]
