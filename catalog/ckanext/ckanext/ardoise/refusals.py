"""What is told where a search is refused: the engine's sentence alone, under CKAN's own status.

CKAN wraps the engine's error in all the parameters it had sent, which hides the reason and tells of filters that the
reader never typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import pysolr
from ckan.lib.search import SearchError


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def package_search(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Search as CKAN does; a search that is not understood is refused in one sentence."""
    return _told(following, context, data)


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def package_autocomplete(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Complete as CKAN does; a request that is not understood is refused in one sentence."""
    return _told(following, context, data)


def _told(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    try:
        return following(context, data)
    except SearchError as error:
        if type(error) is SearchError and isinstance(error.__context__, pysolr.SolrError):
            raise SearchError(str(error.__context__)) from None
        raise


ACTIONS = {each.__name__: each for each in (package_search, package_autocomplete)}
