"""``python -m custody``: what an administrator does on custody's own machine."""

from custody.commands.parser import main

__all__ = ["main"]
