"""Search and autocompletion over many datasets, through CKAN's API; and what indexing adds to CKAN's own work.

A search has three facets and a page of twenty; queries are words of titles, filters, pages and orders in the
proportions of a catalogue's visitors, first each for the first time, then some of them again and again, by four clients
at once who stay for some requests and leave. The engine tells its own share of each answer (``Server-Timing``). Figures
are of this machine, at work with whatever else it does: beside them stand what CKAN and PostgreSQL computed for a
request, and how many processes wanted each processor meanwhile.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from stack import leftovers
from stack.service import StackContext
from stack.services import ckan as service

CLIENTS = 4
REQUESTS = 600
DISTINCT = 600  # searches asked for the first time
USUAL = 150  # of them, those that visitors come back to
VISIT = 25  # requests of a client over one connection
FACETS = '["organization","tags","res_format"]'
INSIDE = Path(__file__).with_name("inside_ckan.py")


@dataclass(slots=True)
class Timings:
    """Milliseconds of each answer, and of the engine in it."""

    whole: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    computed: float = 0.0  # milliseconds of all processors together, of one request

    def told(self, wanted: int) -> str:
        """Return the medians and 95th percentiles."""
        whole, engine = (quantiles(each, n=100) for each in (self.whole, self.engine))
        return (
            f"p50 {whole[49]:5.0f} ms, p95 {whole[94]:5.0f} ms (wanted: under {wanted}); of which the engine "
            f"p50 {engine[49]:5.1f}, p95 {engine[94]:5.1f}, most {max(self.engine):5.1f} ms (wanted: under 30); "
            f"{self.computed:.1f} ms computed"
        )


def measure(context: StackContext, datasets: int, real: int) -> None:
    """Fill the catalogue, ask it, and print."""
    began = time.perf_counter()
    made = _filled(context, datasets, real)
    print(f"{datasets:,} datasets in the index ({time.perf_counter() - began:.0f} s)")
    documents, rebuild = made["documents"], made["rebuild"]
    print(
        f"  rebuild      {rebuild * 1000:.1f} ms a dataset, {documents * 1000:.1f} ms of it CKAN's own documents: "
        f"ratio {rebuild / documents:.2f} (wanted: at most 1.3)"
    )
    print(f"  after all these writes, the first search takes {_read_again(context):.1f} s")
    rng = random.Random(2)
    searches = _searches(made["titles"], rng)
    first = _asked(context, "package_search", searches)
    again = _asked(context, "package_search", rng.choices(searches[-USUAL:], k=REQUESTS))
    names = _asked(context, "package_autocomplete", [{"q": _part(rng, made["titles"])} for _ in range(REQUESTS)])
    print(f"  search, each for the first time   {first.told(250)}")
    print(f"  search, as visitors come back     {again.told(250)}")
    print(f"  autocompletion                    {names.told(80)}")
    wanting = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"  meanwhile {wanting:.1f} processes wanted each of {os.cpu_count()} processors")


def _filled(context: StackContext, datasets: int, real: int) -> Any:
    done = subprocess.run(
        [str(context.ckan_python), str(INSIDE)],
        input=json.dumps({"datasets": datasets, "real": real}),
        env=service.environment(context),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _read_again(context: StackContext) -> float:
    """Have every process read the index; return the seconds that the first search took."""
    url = f"{context.settings.ckan_url}/api/3/action/package_search?rows=0"
    began = time.perf_counter()
    httpx.get(url, timeout=120).raise_for_status()
    first = time.perf_counter() - began
    with ThreadPoolExecutor(CLIENTS) as pool:  # connections of their own, so that each process gets some
        for answer in pool.map(lambda _: httpx.get(url, timeout=120), range(10 * CLIENTS)):
            answer.raise_for_status()
    return first


def _searches(titles: list[str], rng: random.Random) -> list[dict[str, Any]]:
    """Distinct searches: half are words, the others filters, pages and orders."""

    def words(number: int) -> str:
        return " ".join(rng.sample(rng.choice(titles).split(), number))

    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: {"q": words(1)},
        lambda: {"q": words(2)},
        lambda: {"q": words(3)},
        lambda: {"q": words(1), "fq": f'res_format:"CSV" tags:"mot {rng.randrange(1, 30)}"'},
        lambda: {"fq": f'organization:"producteur-{rng.randrange(60)}"', "sort": "title_string asc"},
        lambda: {"q": "*:*", "start": rng.randrange(40) * 20, "sort": "metadata_modified desc"},
    ]
    usual = {"facet.field": FACETS, "rows": 20}
    return [{**usual, **kinds[position % len(kinds)]()} for position in range(DISTINCT)]


def _part(rng: random.Random, titles: list[str]) -> str:
    word = rng.choice(rng.choice(titles).split())
    return word[: rng.randint(2, 8)]


def _asked(context: StackContext, action: str, requests: list[dict[str, Any]]) -> Timings:
    """Ask all of them, four at a time."""
    timings = Timings()
    url = f"{context.settings.ckan_url}/api/3/action/{action}"

    def ask(share: int) -> None:
        mine = requests[share::CLIENTS]
        for visit in range(0, len(mine), VISIT):
            with httpx.Client(timeout=60) as client:
                for request in mine[visit : visit + VISIT]:
                    began = time.perf_counter()
                    answer = client.get(url, params=request)
                    timings.whole.append((time.perf_counter() - began) * 1000)
                    answer.raise_for_status()
                    timings.engine.append(float(answer.headers["Server-Timing"].partition("dur=")[2]))

    before = _computed(context)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))
    timings.computed = (_computed(context) - before) * 1000 / len(requests)
    return timings


def _computed(context: StackContext) -> float:
    """Seconds that the processes of the stack have computed so far."""
    ticks = 0
    for pid in leftovers.find(context.paths):
        try:
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, told[11:15]))  # its own, and of the children that ended
    return ticks / os.sysconf("SC_CLK_TCK")
