"""Tags are listed to those who see a dataset that has them; CKAN lists those of private datasets to everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p

Action = Callable[..., Any]


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def tag_list(following: Action, context: Any, data: dict[str, Any]) -> Any:
    """Return the tags of the datasets that whoever asks may see."""
    return _seen(context, data, following(context, data))


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def tag_autocomplete(following: Action, context: Any, data: dict[str, Any]) -> Any:
    """Return those of them that begin with what is asked."""
    return _seen(context, data, following(context, data))


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def tag_search(following: Action, context: Any, data: dict[str, Any]) -> Any:
    """Return those of them that hold what is asked."""
    found = following(context, data)
    results = _seen(context, data, found["results"])
    return {"count": len(results), "results": results}


def _seen(context: Any, data: dict[str, Any], tags: list[Any]) -> list[Any]:
    if data.get("vocabulary_id"):  # words that somebody chose, of no dataset
        return tags
    query = {"rows": 0, "facet.field": ["tags"], "facet.limit": -1, "include_private": True}
    asker = {"user": context.get("user"), "auth_user_obj": context.get("auth_user_obj")}
    seen = p.toolkit.get_action("package_search")(asker, query)["facets"].get("tags", {})
    return [tag for tag in tags if (tag["name"] if isinstance(tag, dict) else tag) in seen]


ACTIONS = {each.__name__: each for each in (tag_list, tag_autocomplete, tag_search)}
