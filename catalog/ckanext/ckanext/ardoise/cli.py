"""``ckan ardoise …``: makes an empty or older database ready for the hub. Every step may be done again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.cli.db
import ckan.model as model
import click
import sqlalchemy as sa
from ckan.common import config
from ckan.lib import api_token
from ckan.lib.search import rebuild
from ckan.lib.search.common import make_connection
from ckan.logic import NotFound, get_action
from ckanext.datastore.cli import permissions_sql

from ckanext.ardoise.messages.box import forget_old

PLUGIN = "ardoise"
MIGRATED = ("ardoise_search", PLUGIN)


@click.group(short_help="Ardoise: prépare le catalogue.")
def ardoise() -> None:
    """Commands of the Ardoise extension."""


@ardoise.command(short_help="Base de données, comptes, organisations et thèmes.")
@click.pass_context
def prepare(context: click.Context) -> None:
    """Read a JSON description on standard input; write {"token": …} as the last line, null when the given one is good.

    Its keys: admin_url (superuser's URL of the DataStore's database), sysadmin {name, password, email}, editor {name,
    email, token}, organizations and groups [{name, title, description}].
    """
    wanted = json.load(sys.stdin)
    _upgrade(context)
    forget_old()
    _fill_index()
    _allow_datastore(wanted["admin_url"])
    _ensure_sysadmin(wanted["sysadmin"])
    editor = _ensure_user(wanted["editor"])
    _ensure_groups("organization", wanted["organizations"], editor, "editor")
    _ensure_groups("group", wanted["groups"], editor, "member")  # enough to file datasets under it
    token = wanted["editor"].get("token")
    fresh = None if token and _owner_of(token) == editor.id else _new_token(editor)
    click.echo(json.dumps({"token": fresh}))


def _upgrade(context: click.Context) -> None:
    """Migrate CKAN and its plugins; alembic refuses a database that is newer than this code."""
    context.invoke(ckan.cli.db.upgrade, version="head", plugin=None, skip_core=False, skip_plugins=False)
    # CKAN passes over a plugin whose revision it does not know: asked for by name, alembic refuses it.
    for plugin in MIGRATED:
        context.invoke(ckan.cli.db.upgrade, version="head", plugin=plugin, skip_core=False, skip_plugins=True)


def _fill_index() -> None:
    """Index every dataset where none is: a migration makes the index anew."""
    datasets = model.Session.query(model.Package).filter_by(state="active").count()
    if datasets and make_connection().search("*:*", rows=0).hits == 0:
        rebuild(quiet=True)


def _allow_datastore(admin_url: str) -> None:
    """Give the DataStore's reader nothing but SELECT on its tables, and keep it out of CKAN's own database."""
    names = {name: sa.make_url(config[name]) for name in (
        "sqlalchemy.url", "ckan.datastore.write_url", "ckan.datastore.read_url"
    )}  # fmt: skip
    main, write, read = names.values()
    script = permissions_sql(
        maindb=str(main.database),
        datastoredb=str(write.database),
        mainuser=str(main.username),
        writeuser=str(write.username),
        readuser=str(read.username),
    )
    statements = "\n".join(line for line in script.splitlines() if not line.startswith("\\connect"))
    engine = sa.create_engine(admin_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        quote = engine.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {quote(str(main.database))} FROM PUBLIC")
        connection.connection.cursor().execute(statements)  # several statements, none with parameters


def _ensure_user(wanted: Mapping[str, Any]) -> model.User:
    user = model.User.get(wanted["name"])
    if user is None:
        user = model.User(name=wanted["name"], email=wanted["email"], fullname=wanted.get("fullname"))
        model.Session.add(user)
    user.activate()
    model.Session.commit()
    return user


def _ensure_sysadmin(wanted: Mapping[str, Any]) -> None:
    user = _ensure_user(wanted)
    user.sysadmin = True
    if not user.password or not user.validate_password(wanted["password"]):
        user.password = wanted["password"]
    model.Session.commit()


def _ensure_groups(kind: str, wanted: Iterable[Mapping[str, str]], editor: model.User, capacity: str) -> None:
    site_user = get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    for each in wanted:
        fields = {name: each.get(name, "") for name in ("name", "title", "description")}
        group = model.Group.get(each["name"])
        if group is None:
            context = {"ignore_auth": True, "user": site_user}
            get_action(f"{kind}_create")(context, {**fields, "users": []})
            group = model.Group.get(each["name"])
        elif any(getattr(group, name) != value for name, value in fields.items()):
            context = {"ignore_auth": True, "user": site_user}
            get_action(f"{kind}_patch")(context, {**fields, "id": group.id})
        if group is None:
            raise NotFound(f"{kind} {each['name']}")
        _ensure_member(group, editor, capacity)


def _ensure_member(group: model.Group, user: model.User, capacity: str) -> None:
    member = (
        model.Session.query(model.Member)
        .filter_by(group_id=group.id, table_name="user", table_id=user.id, state="active")
        .one_or_none()
    )
    if member is None:
        member = model.Member(group=group, group_id=group.id, table_name="user", table_id=user.id, state="active")
        model.Session.add(member)
    member.capacity = capacity
    model.Session.commit()


def _owner_of(token: str) -> str | None:
    """Return the id of the user whose live token this is."""
    claims = api_token.decode(token)
    found = model.ApiToken.get(claims["jti"]) if claims and "jti" in claims else None
    return found.user_id if found is not None else None


def _new_token(editor: model.User) -> str:
    """Make the publisher's token, and revoke those it had before."""
    for old in model.Session.query(model.ApiToken).filter_by(user_id=editor.id, name=PLUGIN):
        model.Session.delete(old)
    model.Session.commit()
    made = get_action("api_token_create")(
        {"ignore_auth": True, "user": editor.name}, {"user": editor.id, "name": PLUGIN}
    )
    return str(made["token"])
