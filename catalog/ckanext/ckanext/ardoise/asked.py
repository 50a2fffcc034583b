"""What a parameter of the action API may be: rules that CKAN's actions rely on and do not check themselves.

CKAN 2.12 answers 500 where a number, a switch or a name is something else: it fails within, halfway. Here each
parameter is looked at once, before any action: what does not fit is told by name, under CKAN's own status for what is
not valid (409). Nothing is mended: a value passes as it came or not at all, and no message repeats it.

An action that has a schema of its own (:data:`SCHEMED`, and whatever writes) keeps its own rules and its own words; it
is only spared what breaks it before they are read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 2**63 - 1  # PostgreSQL's bigint, which LIMIT and OFFSET are
WHOLE = frozenset({"limit", "offset", "page"})
IDENTIFIERS = frozenset({"id", "package_id", "resource_id", "user_id", "vocabulary_id"})
TEXT = IDENTIFIERS | {
    "capacity", "email", "entity_id", "format", "id2", "key", "language", "modified_since", "name", "object_type",
    "order_by", "owner_id", "owner_type", "permission", "q", "rel", "sort", "sql", "task_type", "type",
}  # fmt: skip
SWITCHES = frozenset(
    {
        "all_fields", "am_member", "available_only", "ids_only", "include_dataset_count", "include_datasets",
        "include_extras", "include_followers", "include_groups", "include_num_followers", "include_password_hash",
        "include_plugin_data", "include_plugin_extras", "include_site_user", "include_tags", "include_users",
        "use_default_schema",
    }
)  # fmt: skip
TEXTS = frozenset({"groups", "organizations", "terms", "lang_codes", "query"})  # one text, or a list of them
OBJECTS = frozenset({"package", "resource"})
REQUIRED = {"group_autocomplete": "q", "organization_autocomplete": "q"}
OWNERS = ("package", "resource", "group", "organization", "user")
RELATIONS = (
    "relationships", "depends_on", "dependency_of", "derives_from", "has_derivation", "links_to", "linked_from",
    "child_of", "parent_of",
)  # fmt: skip
MOST_FILTERS = 200  # lists of them are understood one by one
Rule = Callable[[Any], str | None]
WORDS = frozenset({"true", "yes", "on", "y", "t", "1", "false", "no", "off", "n", "f", "0"})


def faults(action: str, data: Mapping[str, Any], *, writes: bool = False) -> dict[str, list[str]]:
    """Return what is wrong with the parameters of ``action``, by name, in French; nothing where all is well.

    Args:
        action: the action's name.
        data: its parameters, as CKAN read them from the address or the body.
        writes: it changes something.
    """
    needed = REQUIRED.get(action)
    found = {} if needed is None or needed in data else {needed: ["manque"]}
    for name, value in data.items():
        if _unspeakable(name):
            found["parameters"] = ["ont un nom qui ne s'écrit pas"]
        elif _unspeakable(value):
            found[name] = ["contient un caractère nul ou une moitié de caractère"]
        elif told := _written(action, name, value) if writes else _read(action, name, value):
            found[name] = [told]
    return found


def unspeakable(text: str) -> bool:
    """Say whether no text of the database can be this: it has a NUL, or half of a character (a lone surrogate)."""
    return "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text))


def _unspeakable(value: Any) -> bool:
    """Look at every text in ``value``, however deep; JSON's depth was bounded by whoever read it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if unspeakable(each):
                return True
        elif isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple):
            waiting += each
    return False


def _written(action: str, name: str, value: Any) -> str | None:
    if name in IDENTIFIERS:
        return _text(value)
    if name in OBJECTS and not isinstance(value, Mapping):
        return "est un objet"
    if (action, name) == ("resource_create_default_resource_views", "resource"):
        return None if isinstance(value.get("package_id"), str) else "dit son package_id"
    return _finite(value)


def _read(action: str, name: str, value: Any) -> str | None:
    if rule := OWN.get(action, {}).get(name):
        return rule(value)
    if action in SCHEMED:
        return _finite(value)
    if name in WHOLE:
        return _whole(value)
    if name in TEXT:
        return _text(value) or ("est un texte" if name == "q" and value is None else None)
    if name in SWITCHES:
        return _switch(value)
    return _texts(value) if name in TEXTS else _finite(value)


def _finite(value: Any) -> str | None:
    return "n'est pas un nombre" if isinstance(value, float) and not math.isfinite(value) else None


def _scalar(value: Any) -> str | None:
    return "est une seule valeur" if isinstance(value, Mapping | list) else _finite(value)


def _filled(value: Any) -> str | None:
    return "est vide" if isinstance(value, str) and not value.strip() else _scalar(value)


def _whole(value: Any) -> str | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 40:
        value = int(value)
    fits = value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST)
    return None if fits else f"est un nombre entier, de 0 à {LARGEST}"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str | None) else "est un texte"


def _texts(value: Any) -> str | None:
    each = value if isinstance(value, list) else [value]
    return None if value is None or all(isinstance(one, str) for one in each) else "est un texte ou une liste de textes"


def _switch(value: Any) -> str | None:
    fits = not isinstance(value, str) or value.strip().lower() in WORDS
    return None if fits else "est true ou false"


def filters(value: Any) -> str | None:
    """Say what is wrong with the filters of a table: an object or its JSON. What is no JSON is CKAN's to tell."""
    if isinstance(value, str) and value.strip():
        try:
            return None if isinstance(json.loads(value), Mapping) else "est un objet"
        except (ValueError, RecursionError):
            return None
    return None if isinstance(value, Mapping | str | None) else "est un objet"


def _filter_list(value: Any) -> str | None:
    fits = isinstance(value, list) and len(value) <= MOST_FILTERS and all(isinstance(each, str) for each in value)
    return None if fits else f"est une liste d'au plus {MOST_FILTERS} textes"


def _object(value: Any) -> str | None:
    return None if isinstance(value, Mapping | None) else "est un objet"


def _fields(value: Any) -> str | None:
    fits = isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())
    return None if fits else "est un objet, dont chaque valeur est un texte"


def _job(value: Any) -> str | None:
    fits = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]+", value)
    return None if fits else "est un numéro de tâche"


def _one_of(*known: str) -> Rule:
    return lambda value: None if value is None or value in known else f"est l'un de : {', '.join(known)}"


SCHEMED = frozenset({"package_search", "datastore_search", "datastore_info"})
OWN: Mapping[str, Mapping[str, Rule]] = {
    "package_search": {
        "rows": _scalar, "start": _filled, "facet.limit": _scalar, "facet.mincount": _filled, "fl": _texts,
        "fq_list": _filter_list, "extras": _object, "include_drafts": _switch, "include_deleted": _switch,
        "include_private": _switch, "use_default_schema": _switch,
    },
    "datastore_search": {
        "id": _text, "resource_id": _text, "limit": _scalar, "offset": _scalar, "filters": filters, "fields": _texts,
        "sort": _texts, "language": _text,
    },
    "datastore_info": {"id": _text, "resource_id": _text},
    "tag_list": {"query": _text},
    "tag_search": {"fields": _fields},
    "tag_autocomplete": {"fields": _fields},
    "term_translation_show": {"lang_codes": lambda value: "est un texte" if value is None else _texts(value)},
    "file_owner_scan": {"owner_type": _one_of(*OWNERS), "rows": _whole, "start": _whole},
    "job_show": {"id": _job},
    "user_list": {"order_by": lambda value: None if isinstance(value, str) else "est un texte"},
    "package_relationships_list": {"rel": _one_of(*RELATIONS)},
}  # fmt: skip
