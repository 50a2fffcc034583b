"""What the catalogue costs: searching many datasets with their facets, autocompletion, indexing.

Run: `python -m benchmarks.catalogue [--datasets 50000]`. Starts PostgreSQL, the cache and CKAN in a temporary folder.
Each part lies in `benchmarks/catalogue_parts` and prints its own lines.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.catalogue_parts import searching
from stack.context import build_context
from stack.embedded import Stack


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=int, default=50_000)
    parser.add_argument("--real", type=int, default=100, help="how many of them CKAN itself makes and indexes")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ardoise-bench-"))
    context = build_context(home, preferred_ports=False)
    stack = Stack(context, only=("postgres", "valkey", "ckan"))
    try:
        stack.up(die_with_parent=True)
        searching.measure(context, arguments.datasets, arguments.real)
    finally:
        stack.forget()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
