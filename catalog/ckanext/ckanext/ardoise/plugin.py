"""CKAN's entry points into this extension: its search, which any CKAN may take alone, and all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins as p
from ckan.common import CKANConfig
from ckan.lib.search import SearchQueryError

from ckanext.ardoise import cli, page, refusals, tags, views, wording
from ckanext.ardoise.changes import changes
from ckanext.ardoise.feeds import PagedFeed, remember
from ckanext.ardoise.guard import guard
from ckanext.ardoise.guide import guide
from ckanext.ardoise.mails import actions as mailing
from ckanext.ardoise.mails.views import mails
from ckanext.ardoise.messages import views as messages
from ckanext.ardoise.search.areas import filter_for
from ckanext.ardoise.search.clauses import QuerySyntaxError
from ckanext.ardoise.solr import SCHEME, replace_solr
from ckanext.ardoise.tables import actions as tables
from ckanext.ardoise.tables.views import tables as table_views
from ckanext.ardoise.verify import verify

FACETS = {
    "groups": "Thèmes",
    "organization": "Producteurs",
    "res_format": "Formats",
    "tags": "Mots-clés",
    "license_id": "Licences",
}
HELPERS = {**page.HELPERS, "waiting_messages": messages.waiting, "mails": mailing.enabled, "refusal": wording.refusal}


class ArdoiseSearchPlugin(p.SingletonPlugin):
    """Search in PostgreSQL, where ``solr_url`` begins with ``postgresql-search:``."""

    p.implements(p.IConfigurer)
    p.implements(p.IActions)
    p.implements(p.IPackageController, inherit=True)

    def get_actions(self) -> dict[str, Any]:
        """Searches that say in one sentence why they are refused."""
        return dict(refusals.ACTIONS)

    def update_config(self, config: CKANConfig) -> None:
        """Called before CKAN first speaks to its search engine."""
        if str(config.get("solr_url") or "").startswith(SCHEME):
            replace_solr()

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Keep to the box of ``ext_bbox=west,south,east,north``, in degrees."""
        box = (search_params.get("extras") or {}).get("ext_bbox")
        if box:
            try:
                search_params["fq_list"] = [*search_params.get("fq_list", []), filter_for(str(box))]
            except QuerySyntaxError as error:
                raise SearchQueryError(str(error)) from None
        return search_params


@p.toolkit.blanket.config_declarations
class ArdoisePlugin(p.SingletonPlugin):
    """The territory's theme, the certificate on dataset pages, a health check."""

    p.implements(p.IConfigurer)
    p.implements(p.ITemplateHelpers)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)
    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IFacets, inherit=True)
    p.implements(p.IFeed, inherit=True)
    p.implements(p.IPackageController, inherit=True)

    def update_config(self, config: CKANConfig) -> None:
        """Tell CKAN where our pages, styles and licences are."""
        licences = Path(__file__).with_name("licenses.json").as_uri()
        config["licenses_group_url"] = config.get("licenses_group_url") or licences
        p.toolkit.add_template_directory(config, "templates")
        p.toolkit.add_resource("assets", "ardoise")

    def get_helpers(self) -> dict[str, Any]:
        """Functions that templates call, each named ``ardoise_…``; and one of CKAN's, :mod:`.wording`."""
        ours = {f"ardoise_{name}": function for name, function in HELPERS.items()}
        return {**ours, "humanize_entity_type": wording.humanize_entity_type}

    def get_blueprint(self) -> list[Any]:
        """Our own addresses."""
        return [guard, views.ardoise, table_views, changes, verify, guide, messages.messages, mails]

    def get_actions(self) -> dict[str, Any]:
        """The hub's tables, :mod:`ckanext.ardoise.tables`; tags; mails, :mod:`ckanext.ardoise.mails`."""
        return {**tables.ACTIONS, **tags.ACTIONS, **mailing.ACTIONS}

    def get_auth_functions(self) -> dict[str, Any]:
        """Who may load tables and have mails sent."""
        return {**tables.AUTHORIZATIONS, **mailing.AUTHORIZATIONS}

    def get_commands(self) -> list[Any]:
        """``ckan ardoise …``."""
        return [cli.ardoise]

    def dataset_facets(self, facets_dict: Any, package_type: str) -> Any:
        """Filters of the search page, in the order a visitor thinks of them."""
        return dict(FACETS)

    def organization_facets(self, facets_dict: Any, organization_type: str, package_type: str | None) -> Any:
        """The same, of one producer's datasets."""
        return {name: label for name, label in FACETS.items() if name != "organization"}

    def group_facets(self, facets_dict: Any, group_type: str, package_type: str | None) -> Any:
        """The same, of one theme's datasets."""
        return {name: label for name, label in FACETS.items() if name != "groups"}

    def get_feed_class(self) -> Any:
        """CKAN's Atom feeds, with pages that can be followed."""
        return PagedFeed

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        """Tell the feed that is being written how many datasets there are."""
        remember(int(search_results["count"]))
        return search_results

    def before_dataset_index(self, document: dict[str, Any]) -> dict[str, Any]:
        """Leave out what only a page draws: nobody searches for it, and it would be kept twice."""
        return {name: value for name, value in document.items() if name != "certificate"}
