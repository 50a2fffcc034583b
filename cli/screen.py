"""What the commands write on: a rich console, and the few shapes that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from stack.service import StackContext


PIPED_WIDTH = 160  # columns, where nobody says how wide the paper is


def console() -> Console:
    """Return a console on standard output."""
    from rich.console import Console

    screen = Console(highlight=False, soft_wrap=True)
    return screen if screen.is_terminal else Console(highlight=False, soft_wrap=True, width=PIPED_WIDTH)


def reporter(screen: Console) -> Callable[[str, str], None]:
    """Return what shows each step of a start or a stop on a line of its own."""

    def show(name: str, step: str) -> None:
        style = "green" if step.startswith(("prêt", "tourne")) else "dim"
        screen.print(f"  [{style}]{name:<18} {step}[/]")

    return show


def addresses(context: StackContext) -> dict[str, str]:
    """Return the pages and services a person may open, by name."""
    settings = context.settings
    return {
        "Airflow (intendance)": settings.airflow_url,
        "CKAN (catalogue)": settings.ckan_url,
        "Console (DPO)": settings.console_url,
        "Tiers de confiance": f"{settings.custody_url}/health",
        "Magasin d'objets": settings.s3.endpoint,
        "Dépôt des opérateurs": f"{settings.inbox_url}/health",
        "Opérateurs simulés": settings.operators_url,
    }


def show_addresses(screen: Console, context: StackContext) -> None:
    """Print the addresses."""
    screen.print()
    for name, url in addresses(context).items():
        screen.print(f"  {name:<22} [link={url}]{url}[/link]")
    screen.print("\n  Mots de passe : [bold]ardoise logins[/bold], dans un terminal.\n")
