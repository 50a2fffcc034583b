"""The simulated feeds that there are: the modules of :mod:`stack.operators.feeds`, by dataset."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from stack.operators import feeds


def simulated() -> dict[str, ModuleType]:
    """The module of each simulated dataset, in the order of their names."""
    names = sorted(module.name for module in iter_modules(feeds.__path__))
    return {name.replace("_", "-"): import_module(f"{feeds.__name__}.{name}") for name in names}


def offering(what: str) -> dict[str, Callable[..., Any]]:
    """The function called `what` of each module that has one, by dataset."""
    return {dataset: getattr(module, what) for dataset, module in simulated().items() if hasattr(module, what)}
