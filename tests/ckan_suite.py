"""CKAN's own tests, which its wheel ships, run against our search: the other half of « CKAN stays CKAN ».

CKAN's process and ours are apart: these tests run by CKAN's interpreter, with what ``catalog/ckanext/tests.lock``
names, on databases of their own in the session's cluster. The index lies in yet another, for CKAN's tests drop every
table they find beside CKAN's. Only the plugin ``ardoise_search`` is on: pages are CKAN's, no theme stands between.

:data:`SEARCHING` is all that a change of the search can break; :data:`WHOLE` has CKAN's other reading actions too.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from stack.context import ckan_python
from stack.embedded import Stack
from stack.service import StackContext
from stack.services.postgres import hub_cluster

EXCLUDED = Path(__file__).with_name("ckan_suite_excluded.toml")
ACTIONS = "ckan/tests/logic/action/test_get.py"
PAGES = (
    *(f"ckan/tests/controllers/test_{name}.py" for name in ("home", "feed", "organization", "group")),
    "ckan/tests/controllers/test_package.py::TestSearch",  # last: it leaves a double in the place of package_search
)
SEARCHING = (
    "ckan/tests/lib/search",
    *(
        f"{ACTIONS}::{name}"
        for name in (
            "TestGroupList", "TestOrganizationList", "TestCurrentPackageList", "TestPackageAutocomplete",
            "TestPackageSearch", "TestPackageAutocompleteWithDatasetForm", "TestUserAutocomplete",
            "TestFormatAutocomplete", "TestBadLimitQueryParameters", "TestOrganizationListForUser", "TestTagList",
            "TestMembersList", "TestPackageMemberList", "TestCollaboratorsSearch", "TestResourceSearch",
            "TestGroupPackageShow", "TestPackageList", "TestUserList",
        )
    ),
    *PAGES,
)  # fmt: skip
WHOLE = ("ckan/tests/lib/search", ACTIONS, *PAGES)
SECONDS = 3_000

CONFIGURATION = """\
[DEFAULT]
debug = false

[app:main]
use = egg:ckan
testing = true
SECRET_KEY = {secret}
api_token.jwt.encode.secret = string:{secret}
api_token.jwt.decode.secret = string:{secret}
WTF_CSRF_ENABLED = false
sqlalchemy.url = {server}/ckan_suite
ckan.datastore.write_url = {server}/ckan_suite_datastore
ckan.datastore.read_url = {server}/ckan_suite_datastore
solr_url = postgresql-search:{rest}/ckan_suite_search
ckan.redis.url = redis://:{valkey_password}@127.0.0.1:{valkey}/3
ckan.plugins = ardoise_search
ckan.site_id = test.ckan.net
ckan.site_url = http://test.ckan.net
ckan.site_title = CKAN
ckan.storage_path = {storage}
ckan.locale_default = en
smtp.mail_from = info@test.ckan.net
ckan.extra_resource_fields = alt_url
ckan.auth.user_create_organizations = true
ckan.auth.user_create_groups = true
ckan.auth.user_delete_organizations = true
ckan.auth.user_delete_groups = true
ckan.auth.create_user_via_web = true
ckan.auth.create_dataset_if_not_in_organization = true
ckan.auth.create_unowned_dataset = true

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = plain

[logger_root]
level = WARNING
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain

[formatter_plain]
format = %(levelname)s %(name)s %(message)s
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tests, by their names: ``file::class::function[parameters]``."""

    passed: frozenset[str]
    failed: frozenset[str]
    skipped: frozenset[str]
    printed: str


def excluded() -> dict[str, str]:
    """Return the tests that can not pass here, and why."""
    return tomllib.loads(EXCLUDED.read_text(encoding="utf-8"))


def run(context: StackContext, folder: Path, selected: tuple[str, ...]) -> Outcome:
    """Run some of CKAN's tests; PostgreSQL and the cache of ``context`` must be up.

    Args:
        context: the stack whose servers are used.
        folder: where the configuration and the report are written.
        selected: files, classes and functions, as pytest names them, from CKAN's site-packages.
    """
    configuration, report, no_options = folder / "ckan.ini", folder / "report.xml", folder / "pytest.ini"
    no_options.write_text("[pytest]\n", encoding="utf-8")  # else pytest finds ours, above CKAN's environment
    _databases(context)
    configuration.write_text(_configured(context, folder), encoding="utf-8")
    site = next((ckan_python().parent.parent / "lib").glob("python3.*")) / "site-packages"
    environment = {
        **os.environ, "CKAN_INI": str(configuration), "PYTHONPATH": str(tools()),
        "LD_LIBRARY_PATH": str(site / "pylibmagic"), "MAGIC": str(site / "pylibmagic" / "magic.mgc"),
    }  # fmt: skip
    ckan = [str(ckan_python().parent / "ckan"), "-c", str(configuration), "db", "upgrade"]
    for more in (["--skip-plugins"], ["-p", "ardoise_search"]):
        subprocess.run([*ckan, *more], env=environment, cwd=site, check=True, capture_output=True, timeout=SECONDS)
    done = subprocess.run(
        [
            str(ckan_python()), "-m", "pytest", "-q", "--tb=short", "-W", "ignore", "-p", "no:cacheprovider",
            f"--ckan-ini={configuration}", f"--junit-xml={report}", f"--rootdir={site}", "-c",
            str(no_options), *selected,
        ],
        env=environment, cwd=site, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    return _outcome(report, f"{done.stdout[-20_000:]}\n{done.stderr[-2_000:]}")


def check(context: StackContext, folder: Path, selected: tuple[str, ...], least: int) -> None:
    """Assert that all of some of CKAN's tests pass but those excluded, and that more than ``least`` were found."""
    Stack(context, only=("postgres", "valkey")).up(die_with_parent=True)
    outcome = run(context, folder, selected)
    assert outcome.failed == set(excluded()), outcome.printed
    assert not outcome.skipped, outcome.printed
    assert len(outcome.passed) > least


def tools() -> Path:
    """Return the folder of the tests' own libraries: ``ARDOISE_CKAN_TOOLS``, else beside CKAN's environment."""
    told = os.environ.get("ARDOISE_CKAN_TOOLS")
    return Path(told) if told else ckan_python().parent.parent.parent / ".venv-ckan-tests"


def _databases(context: StackContext) -> None:
    """Three empty databases that CKAN's role owns."""
    with psycopg.connect(hub_cluster(context).admin_dsn(), autocommit=True) as connection:
        for name in ("ckan_suite", "ckan_suite_datastore", "ckan_suite_search"):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER ckan").format(sql.Identifier(name)))


def _configured(context: StackContext, folder: Path) -> str:
    storage = folder / "storage"
    storage.mkdir(exist_ok=True)
    password = context.secrets.get("postgres-ckan").get_secret_value()
    rest = f"//ckan:{password}@127.0.0.1:{context.ports['postgres-hub']}"
    return CONFIGURATION.format(
        secret="0" * 64,
        server=f"postgresql:{rest}",
        rest=rest,
        valkey_password=context.secrets.get("valkey").get_secret_value(),
        valkey=context.ports["valkey"],
        storage=storage,
    )


def _outcome(report: Path, printed: str) -> Outcome:
    found: dict[str, set[str]] = {"passed": set(), "failed": set(), "skipped": set()}
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        kinds = {child.tag for child in case}
        kind = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[kind].add(_name(case.get("classname") or "", case.get("name") or ""))
    found["passed"] -= found["failed"]  # a test may pass and its end fail
    return Outcome(*(frozenset(found[kind]) for kind in ("passed", "failed", "skipped")), printed)


def _name(module: str, function: str) -> str:
    """``ckan.tests.x.test_y.TestZ`` and ``test_f`` as pytest's own name."""
    parts = module.split(".")
    file = next((index for index, part in enumerate(parts) if part.startswith("test_")), len(parts) - 1)
    return "::".join(["/".join(parts[: file + 1]) + ".py", *parts[file + 1 :], function])
