"""CKAN, in an environment of its own: configuration, database, accounts, organizations and themes of the territory.

It searches in PostgreSQL (our extension), so no Solr is started. The account that publishes is an editor of the
organizations and never their administrator; its API token is the secret « ckan-editor ».
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from policies import Territory, load_territory
from stack.accounts import own_folder
from stack.errors import MissingPieceError, PrepareError
from stack.service import HealthCheck, Service, StackContext
from stack.services.postgres import ADMIN, DATASTORE_READER

EDITOR = "ardoise-editor"
ADMINISTRATOR = "ckan-admin"
PLUGINS = "ardoise_search ardoise dcat scheming_datasets datastore ardoise_table ardoise_chart ardoise_map"
WORKERS = 2
THREADS = 4  # of each
COMMAND_SECONDS = 240  # an empty database takes about ten on an idle machine

CONFIGURATION = """\
[DEFAULT]
debug = false

[app:main]
use = egg:ckan
SECRET_KEY = {secret}
api_token.jwt.encode.secret = string:{jwt}
api_token.jwt.decode.secret = string:{jwt}
sqlalchemy.url = postgresql://ckan:{ckan_password}@127.0.0.1:{postgres}/ckan
solr_url = postgresql-search://
ckan.datastore.write_url = postgresql://datastore:{datastore_password}@127.0.0.1:{postgres}/datastore
ckan.datastore.read_url = postgresql://{reader}:{reader_password}@127.0.0.1:{postgres}/datastore
ckan.redis.url = redis://:{valkey_password}@127.0.0.1:{valkey}/1
ckan.site_id = ardoise
ckan.site_url = {url}
ckan.site_title = {title}
ckan.storage_path = {storage}
ckan.cors.origin_allow_all = true
ckan.locale_default = {locale}
ckan.locales_offered = {locale}
ckan.display_timezone = {timezone}
ckan.plugins = {plugins}
ckan.views.default_views =
ckan.datastore.sqlsearch.enabled = true
ckan.datastore.default_fts_lang = french
ckan.datastore.public_table_search =
ckan.auth.create_user_via_web = false
ckan.auth.create_user_via_api = false
ckan.auth.user_create_groups = false
ckan.auth.user_create_organizations = false
ckan.auth.public_user_details = false
ckan.hide_version = true
SESSION_COOKIE_SAMESITE = Lax
scheming.dataset_schemas = ckanext.ardoise:dataset.yaml
scheming.presets = ckanext.scheming:presets.json ckanext.dcat.schemas:presets.yaml
ckanext.dcat.rdf.profiles = euro_dcat_ap_3 ardoise_dcat_ap
ckanext.dcat.base_uri = {url}
ardoise.territory = {territory}
ardoise.console_url = {console}
{mails}

[loggers]
keys = root, ckan, ckanext

[handlers]
keys = console

[formatters]
keys = json

[logger_root]
level = WARNING
handlers = console

[logger_ckan]
level = WARNING
handlers =
qualname = ckan

[logger_ckanext]
level = INFO
handlers =
qualname = ckanext

[handler_console]
class = StreamHandler
args = (sys.stdout,)
formatter = json

[formatter_json]
class = ckanext.ardoise.logs.JsonFormatter
"""


def prepare(context: StackContext) -> None:
    """Write CKAN's configuration, migrate its databases, make accounts, organizations and themes.

    Raises:
        MissingPieceError: CKAN's environment is not there.
        PrepareError: CKAN refused; its own words are in its log.
    """
    if not _server(context).exists():
        raise MissingPieceError(f"l'environnement de CKAN manque ({context.ckan_python}) : lancez « make demo »")
    territory = load_territory(context.territory)
    folder = context.paths.of_service("ckan")
    for each in (folder, folder / "storage"):
        own_folder(each, None)
    _write(_configuration_file(context), _configuration(context, territory))
    given = json.dumps(_wanted(context, territory)).encode()
    token = json.loads(run_command(context, ("ardoise", "prepare"), given).splitlines()[-1])["token"]
    if token is not None:
        context.secrets.put("ckan-editor", str(token))


def services(context: StackContext) -> list[Service]:
    """Describe the web server: two processes, so that Python computes on two processors, that share what they load."""
    port = context.ports["ckan"]
    command = (
        str(_server(context)),
        f"--bind=127.0.0.1:{port}",
        "--config=python:ckanext.ardoise.serving",
        f"--workers={WORKERS}",
        f"--threads={THREADS}",
        "--timeout=120",
        "--graceful-timeout=5",
        "--no-control-socket",
        "--worker-tmp-dir=/dev/shm" if Path("/dev/shm").is_dir() else f"--worker-tmp-dir={context.paths.scratch}",  # noqa: S108
        "ckanext.ardoise.wsgi:application",
    )
    return [
        Service(
            name="ckan",
            command=command,
            env=environment(context),
            cwd=context.paths.of_service("ckan"),
            log=context.log_file("ckan"),
            ports=(port,),
            health=HealthCheck(url=f"http://127.0.0.1:{port}/health", patience_seconds=120),
            stop_seconds=8,
        )
    ]


def _server(context: StackContext) -> Path:
    return context.ckan_python.parent / "gunicorn"


def _configuration_file(context: StackContext) -> Path:
    return context.paths.of_service("ckan") / "ckan.ini"


def environment(context: StackContext) -> dict[str, str]:
    """CKAN's environment: its configuration, and libmagic from a wheel for machines that have none."""
    version = next((context.ckan_python.parent.parent / "lib").glob("python3.*"), None)
    magic = version / "site-packages" / "pylibmagic" if version else None
    extra = {"CKAN_INI": str(_configuration_file(context)), "PYTHONDONTWRITEBYTECODE": ""}
    if magic is not None and magic.is_dir():
        extra |= {"LD_LIBRARY_PATH": str(magic), "MAGIC": str(magic / "magic.mgc")}
    return context.bare_environment(**extra)


def _configuration(context: StackContext, territory: Territory) -> str:
    def secret(name: str) -> str:
        return context.secrets.get(name).get_secret_value()

    strategy = territory.strategy
    return CONFIGURATION.format(
        secret=secret("ckan-beaker"),
        jwt=secret("ckan-jwt"),
        ckan_password=secret("postgres-ckan"),
        datastore_password=secret("postgres-datastore"),
        reader=DATASTORE_READER,
        reader_password=secret(f"postgres-{DATASTORE_READER}"),
        postgres=context.ports["postgres-hub"],
        valkey_password=secret("valkey"),
        valkey=context.ports["valkey"],
        url=context.settings.ckan_url,
        console=context.settings.console_url,
        storage=context.paths.of_service("ckan") / "storage",
        plugins=PLUGINS,
        locale=strategy.locale,
        timezone=strategy.timezone,
        # ConfigParser reads « % » as the start of an interpolation.
        territory=strategy.territory.replace("%", "%%"),
        title=f"Données ouvertes, {strategy.territory}".replace("%", "%%"),
        mails=_mails(context),
    )


def _mails(context: StackContext) -> str:
    """How CKAN sends mails: through the adopter's server, else not at all."""
    settings = context.settings
    if not settings.smtp_server:
        return "ardoise.send_mails = false"
    said = {
        "ardoise.send_mails": "true",
        "smtp.server": settings.smtp_server,
        "smtp.starttls": str(settings.smtp_starttls).lower(),
        "smtp.mail_from": settings.smtp_sender,
    }
    if settings.smtp_user:
        said |= {"smtp.user": settings.smtp_user, "smtp.password": settings.secret("smtp-password").get_secret_value()}
    return "\n".join(f"{name} = {value.replace('%', '%%')}" for name, value in said.items())


def _wanted(context: StackContext, territory: Territory) -> dict[str, object]:
    """What « ckan ardoise prepare » shall make sure of."""
    password = context.secrets.get("postgres-admin").get_secret_value()
    known = context.secrets.get("ckan-editor").get_secret_value() if context.secrets.has("ckan-editor") else None
    return {
        "admin_url": f"postgresql://{ADMIN}:{password}@127.0.0.1:{context.ports['postgres-hub']}/datastore",
        "sysadmin": {
            "name": ADMINISTRATOR,
            "email": f"{ADMINISTRATOR}@localhost",
            "password": context.secrets.get(f"login-{ADMINISTRATOR}").get_secret_value(),
        },
        "editor": {"name": EDITOR, "fullname": "Ardoise", "email": f"{EDITOR}@localhost", "token": known},
        "organizations": _groups(territory.organizations),
        "groups": _groups(territory.themes),
    }


def _groups(described: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    return [
        {"name": name, "title": each.get("title", name), "description": each.get("description", "")}
        for name, each in described.items()
    ]


def run_command(context: StackContext, arguments: Sequence[str], given: bytes = b"") -> bytes:
    """Run « ckan … » with ``given`` as its standard input, and return what it prints.

    Raises:
        PrepareError: it failed, or took more than :data:`COMMAND_SECONDS`.
    """
    command = [str(context.ckan_python.parent / "ckan"), "-c", str(_configuration_file(context)), *arguments]
    log = context.log_file("ckan-commands")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as errors:
            done = subprocess.run(
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(context),
                cwd=context.paths.of_service("ckan"),
                timeout=COMMAND_SECONDS,
            )
    except subprocess.TimeoutExpired:
        raise PrepareError(f"« ckan {arguments[0]} » n'a pas fini en {COMMAND_SECONDS} s : voir {log}") from None
    if done.returncode != 0:
        raise PrepareError(f"« ckan {arguments[0]} » a échoué (code {done.returncode}) : voir {log}")
    return done.stdout


def _write(file: Path, text: str) -> None:
    """Write a file that holds passwords: mode 600 from its first byte, and only if it changes."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
