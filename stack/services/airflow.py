"""Airflow: the API server with its pages, the DAG processor, the scheduler with its local workers, the triggerer.

Everything is said by environment variables; secrets stay in their files and are read from there by Airflow itself
(its ``…_CMD`` settings), so that no environment holds one. Only the API server listens, on the loopback interface:
logs are read from disk, so neither the scheduler nor the triggerer serves any.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
from importlib.metadata import version

import psycopg

from stack.errors import PrepareError
from stack.service import HealthCheck, Service, StackContext

BOOTSTRAP_SECONDS = 300
START_SECONDS = 300.0  # half a minute on a quiet machine of two cores; a machine at work needs much more
_HEALTHY = '"{component}":{{"status":"healthy"'


def prepare(context: StackContext) -> None:
    """Write what has to be a file, then migrate the database and make roles and people, in one process.

    That process pays seconds of imports: it is spared when neither what it would read nor what it left has changed.

    Raises:
        PrepareError: with the last line that the process wrote.
    """
    folder = context.paths.of_service("airflow")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("config", "logs", "plugins"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "config" / "airflow_local_settings.py").write_text(_PRELOAD, encoding="utf-8")
    (folder / "webserver_config.py").write_text(_SIGN_IN, encoding="utf-8")
    _secrets(context)
    settled = folder / "bootstrap.sha256"
    if settled.exists() and settled.read_text(encoding="ascii") == _fingerprint(context):
        return
    _bootstrap(context)
    settled.write_text(_fingerprint(context) or "", encoding="ascii")


def _bootstrap(context: StackContext) -> None:
    try:
        done = subprocess.run(
            [str(context.python), "-m", "dags.bootstrap"],
            env=environment(context),
            cwd=context.paths.of_service("airflow"),
            capture_output=True,
            text=True,
            check=False,
            timeout=BOOTSTRAP_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise PrepareError(f"Airflow : sa base n'est pas prête après {BOOTSTRAP_SECONDS} secondes") from None
    context.log_file("airflow-bootstrap").write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["aucun message"])[-1]
        raise PrepareError(f"Airflow : {last} (journal : {context.log_file('airflow-bootstrap')})")


def services(context: StackContext) -> list[Service]:
    """Describe the four processes. Workers are children of the scheduler and are stopped with it."""
    port = context.ports["airflow"]
    health = f"http://127.0.0.1:{port}/api/v2/monitor/health"
    return [
        _process(context, "api-server", (), HealthCheck(url=health, patience_seconds=START_SECONDS), ports=(port,)),
        _process(context, "dag-processor", (), _component(health, "dag_processor")),
        _process(context, "scheduler", ("--skip-serve-logs",), _component(health, "scheduler"), stop_seconds=20),
        _process(context, "triggerer", ("--skip-serve-logs",), _component(health, "triggerer")),
    ]


def environment(context: StackContext) -> dict[str, str]:
    """The environment of every Airflow process of this stack."""
    folder, port = context.paths.of_service("airflow"), context.ports["airflow"]
    options = {
        "core": {
            "auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "dagbag_import_error_tracebacks": "False",  # a contract's error is one line: file, line, rule
            "dags_folder": str(context.root / "dags"),
            "default_timezone": "Europe/Paris",
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
            "executor": "LocalExecutor",
            "fernet_key_cmd": _read(context, "airflow-fernet"),
            "hostname_callable": "socket.gethostname",
            "load_examples": "False",
            "max_active_tasks_per_dag": "4",
            "max_templated_field_length": "20000",
            "min_serialized_dag_update_interval": "10",
            "parallelism": "4",
            "plugins_folder": str(folder / "plugins"),
        },
        "database": {"sql_alchemy_conn_cmd": _read(context, "airflow-database-url")},
        "logging": {"base_log_folder": str(folder / "logs"), "json_logs": "True"},
        "api": {
            "base_url": f"http://127.0.0.1:{port}",
            "expose_config": "False",
            "expose_stacktrace": "False",
            "host": "127.0.0.1",
            "instance_name": "Ardoise",
            "port": str(port),
            "secret_key_cmd": _read(context, "airflow-api"),
            "workers": "1",
        },
        "api_auth": {"jwt_secret_cmd": _read(context, "airflow-jwt"), "jwt_issuer": "ardoise"},
        "fab": {"config_file": str(folder / "webserver_config.py"), "update_fab_perms": "False"},
        "scheduler": {
            "catchup_by_default": "False",
            "enable_health_check": "False",
            "task_instance_heartbeat_timeout": "120",  # a task that a power cut ended is tried again after that
        },
        "dag_processor": {
            "min_file_process_interval": "60",
            "parsing_processes": "1",
            "print_stats_interval": "600",
            "refresh_interval": "60",
        },
        "openlineage": {"disabled": "True"},  # the journey tells its own lineage
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": value
        for section, values in options.items()
        for name, value in values.items()
    }
    return context.environment(AIRFLOW_HOME=str(folder), **variables)


def _process(
    context: StackContext,
    name: str,
    flags: tuple[str, ...],
    health: HealthCheck,
    *,
    ports: tuple[int, ...] = (),
    stop_seconds: int = 10,
) -> Service:
    return Service(
        name=f"airflow-{name}",
        command=(str(context.python), "-m", "airflow", name, *flags),
        env=environment(context),
        cwd=context.paths.of_service("airflow"),
        log=context.log_file(f"airflow-{name}"),
        ports=ports,
        health=health,
        stop_seconds=stop_seconds,
    )


def _component(url: str, component: str) -> HealthCheck:
    return HealthCheck(url=url, contains=_HEALTHY.format(component=component), patience_seconds=START_SECONDS)


def _secrets(context: StackContext) -> None:
    """Make the secrets that only Airflow needs."""
    context.secrets.ensure("login-airflow-admin")
    password = context.secrets.get("postgres-airflow").get_secret_value()
    context.secrets.put(
        "airflow-database-url",
        f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{context.ports['postgres-hub']}/airflow",
    )


def _fingerprint(context: StackContext) -> str | None:
    """Digest of all that the bootstrap reads and of all that it left in the database; None if it left nothing yet."""
    digest = hashlib.sha256()
    for package in ("apache-airflow", "apache-airflow-providers-fab"):
        digest.update(version(package).encode())
    logins = sorted(context.secrets.folder.glob("login-*"))
    contracts = sorted(context.territory.rglob("*.yaml"))
    for file in (*sorted((context.root / "dags").glob("*.py")), *contracts, *logins):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    password, port = context.secrets.get("postgres-airflow").get_secret_value(), context.ports["postgres-hub"]
    try:
        with psycopg.connect(host="127.0.0.1", port=port, user="airflow", password=password) as database:
            for query in _LEFT:
                digest.update(repr(database.execute(query).fetchall()).encode())
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.Error as error:
        raise PrepareError(f"Airflow : sa base ne répond pas ({type(error).__name__})") from None
    return digest.hexdigest()


def _read(context: StackContext, secret: str) -> str:
    """The command by which Airflow reads a secret's file."""
    return f"{shutil.which('cat') or '/bin/cat'} {shlex.quote(str(context.secrets.folder / secret))}"


_LEFT = (
    "SELECT version_num FROM alembic_version",
    "SELECT version_num FROM alembic_version_fab",
    "SELECT id, username, password, active FROM ab_user ORDER BY id",
    "SELECT user_id, role_id FROM ab_user_role ORDER BY user_id, role_id",
    "SELECT id, name FROM ab_role ORDER BY id",
    "SELECT role_id, permission_view_id FROM ab_permission_view_role ORDER BY role_id, permission_view_id",
)  # of a database that the bootstrap made ready: versions, people, roles and what they may do

_PRELOAD = '''"""Loads once, before the scheduler forks its workers, what every task would otherwise load again.

Only modules that start no thread: a process that forks with threads may deadlock.
"""

import sys

if "scheduler" in sys.argv:
    import minio
    import openlineage.client.client
    import psycopg

    import policies
'''

_SIGN_IN = '''"""Sign-in to Airflow: names and passwords of its own database."""

AUTH_TYPE = 1
AUTH_USER_REGISTRATION = False
RATELIMIT_STORAGE_URI = "memory://"
BABEL_DEFAULT_LOCALE = "fr"
LANGUAGES = {"fr": {"flag": "fr", "name": "Français"}}
'''
