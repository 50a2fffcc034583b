"""Makes Airflow's database, roles and people ready, in one process: ``python -m dags.bootstrap``.

Each ``airflow`` command pays several seconds of imports; this pays them once. Run before Airflow's processes start, at
each start of the stack, it does nothing when nothing has changed. Invariants:

* a database that a newer Airflow migrated is refused, never touched;
* our roles hold exactly the permissions listed in :mod:`dags.roles`, whatever was clicked since;
* passwords come from the state folder's secrets and follow them.
"""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dags.roles import LOGINS, Login, Permission, role_names, role_permissions
from policies import load_territory
from settings import Settings, load_settings

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

LOG_RETENTION_DAYS = 30
_DAY = 86_400


def main() -> int:
    """Migrate, then make roles and people; return the exit code."""
    settings = load_settings()
    logging.disable(logging.INFO)  # the role builder logs one line a permission
    with redirect_stdout(sys.stderr):
        if problem := migrate():
            print(problem, file=sys.stderr)
            return 1
        prune_logs(settings.home / "airflow" / "logs", time.time() - LOG_RETENTION_DAYS * _DAY)
        make_people(settings)
    return 0


def migrate() -> str | None:
    """Bring Airflow's and its sign-in's tables to this version; return a sentence if that must not be done."""
    from airflow.utils import db
    from airflow.utils.db_manager import RunDBManager
    from airflow.utils.session import create_session

    with create_session() as session:
        current = db._get_current_revision(session)
        known = {script.revision for script in db._get_script_object().walk_revisions()}
        if current is not None and current not in known:
            return (
                "la base d'Airflow a été migrée par une version plus récente d'Airflow : "
                "installez cette version, ou restaurez une sauvegarde antérieure"
            )
        if current is None:
            db.initdb(session=session)
        elif current != db._get_script_object().get_current_head():
            db.upgradedb(session=session)
        elif not RunDBManager().check_migration(session):
            RunDBManager().upgradedb(session)
    return None


def make_people(settings: Settings) -> None:
    """Create or mend the roles and the people who sign in."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    contracts = tuple(load_territory(settings.territory).contracts.values())
    with get_application_builder() as builder:
        security = builder.sm
        if security.find_role("Admin") is None or not security.find_role("Admin").permissions:
            builder.add_permissions(update_perms=True)
            security.sync_roles()
        for role, permissions in role_permissions(contracts).items():
            _set_role(security, role, permissions)
        for login in LOGINS:
            password = settings.secret(login.secret).get_secret_value()
            _set_login(security, login, password, role_names(login, contracts))


def _set_role(security: FabAirflowSecurityManagerOverride, name: str, wanted: Iterable[Permission]) -> None:
    """Give role ``name`` exactly the permissions of ``wanted``."""
    role = security.add_role(name)
    held = {(held.action.name, held.resource.name): held for held in role.permissions}
    target = set(wanted)
    if set(held) == target:
        return
    role.permissions = [held.get(pair) or security.create_permission(*pair) for pair in sorted(target)]
    security.session.commit()


def _set_login(
    security: FabAirflowSecurityManagerOverride, login: Login, password: str, names: tuple[str, ...]
) -> None:
    """Create the person behind ``login``, or bring roles and password up to date."""
    from werkzeug.security import check_password_hash

    held: list[Any] = [security.find_role(name) for name in names]
    user = security.find_user(username=login.name)
    if user is None:
        security.add_user(
            login.name, login.first_name, login.last_name, f"{login.name}@ardoise.invalid", held, password
        )
        return
    if {role.name for role in user.roles} != set(names):
        user.roles = held
        security.update_user(user)
    if not check_password_hash(user.password or "", password):
        security.reset_password(user.id, password)


def prune_logs(folder: Path, oldest: float) -> int:
    """Remove the log folders of runs and of readings of DAGs not written since ``oldest`` (seconds since the epoch).

    Returns how many.
    """
    removed = 0
    for logs in (*folder.glob("dag_id=*/run_id=*"), *folder.glob("dag_processor/????-??-??")):
        files = [file.stat().st_mtime for file in logs.rglob("*") if file.is_file()]
        if not files or max(files) < oldest:
            shutil.rmtree(logs, ignore_errors=True)
            removed += 1
    return removed


if __name__ == "__main__":
    sys.exit(main())
