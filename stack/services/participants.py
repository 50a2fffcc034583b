"""The simulated operator of well-being, which pseudonymises at the source: no process, one file a month.

It has a token of its own, for its domain alone, and asks custody before anything leaves it; what lies in its SFTP
account bears pseudonyms only. Shown with every feed (`ardoise demo --all`); a file that is there stays.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms import CustodyClient, CustodyError, to_base32
from policies import load_territory
from policies.contract import Contract
from stack.errors import PrepareError
from stack.service import Service, StackContext

LEAST = 300  # participants: enough for some communes to pass the floor
QUOTA = 1_000_000
DAYS = 365


def prepare(context: StackContext) -> None:
    """Leave last month's file in the operator's account, unless it is there.

    Raises:
        PrepareError: custody made no token, or no pseudonyms.
    """
    from stack.operators import wellbeing
    from stack.operators.answers import last_month
    from stack.operators.canaries import Canaries
    from stack.operators.world import Size

    contract = _contract(context, wellbeing.DOMAIN)
    if not context.operators.every or contract is None:
        return
    options, territory = context.operators, load_territory(context.territory, refused=lambda file, error: None)
    today = options.today or datetime.now(UTC).astimezone(ZoneInfo(territory.strategy.timezone)).date()
    start, end = last_month(today)
    file = _account(context, contract) / "bien-etre" / f"reponses_{start:%Y-%m}.json"
    if file.exists():
        return
    client = CustodyClient(
        context.settings.custody_url, _token(context, wellbeing.DOMAIN), tls=context.settings.custody_tls()
    )
    size = Size.of(options.rows, options.households, options.reports, options.scale)
    canaries = Canaries.read(options.canaries) if options.canaries else None
    count = size.scaled(wellbeing.PARTICIPANTS, LEAST)
    try:
        data = wellbeing.answers(start, end, count, options.seed, _asking(client, wellbeing.DOMAIN), canaries=canaries)
    except CustodyError as error:
        raise PrepareError(f"les réponses simulées n'ont pas de pseudonymes : {error}") from None
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".part")
    unfinished.write_bytes(data)
    unfinished.rename(file)


def services(context: StackContext) -> list[Service]:
    """Describe no process."""
    return []


def _contract(context: StackContext, dataset: str) -> Contract | None:
    contracts = load_territory(context.territory, refused=lambda file, error: None).contracts
    return next((one for name, one in contracts.items() if name == dataset), None)


def _account(context: StackContext, contract: Contract) -> Path:
    """The folder that the operator's login sees by SFTP."""
    return context.paths.of_service("devices") / "accounts" / str(contract.feed.options["credential"])


def _token(context: StackContext, domain: str) -> SecretStr:
    """The operator's own token, for its domain alone; custody's administrator gives it."""
    folder = context.paths.of_service("participants")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = folder / "custody-token"
    grants = ["--role", "operator", "--domain", domain, "--quota", str(QUOTA), "--days", str(DAYS)]
    command = [str(context.python), "-m", "custody", "client", "add", "vyv", *grants]
    command += ["--home", str(context.paths.custody), "--token-file", str(token)]
    environment = context.bare_environment(HOME=str(folder), TMPDIR=str(folder), PYTHONPATH=str(context.root))
    result = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["aucun message"])[-1]
        raise PrepareError(f"le tiers de confiance ne donne pas de jeton à l'opérateur de bien-être : {last}")
    return SecretStr(token.read_text(encoding="utf-8").strip())


def _asking(client: CustodyClient, domain: str) -> Callable[[Sequence[str]], Sequence[str]]:
    """What makes the texts of docs/bien-etre.md of identifiers."""

    def ask(identifiers: Sequence[str]) -> Sequence[str]:
        answers = client.pseudonymize(domain, [pa.array(identifiers, pa.string())])
        texts = [text for answer in answers for text in to_base32(answer).to_pylist()]
        return [f"{domain}:{answers.origin.epoch}:{text}" for text in texts]

    return ask
