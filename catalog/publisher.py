"""Publishes in a real CKAN, over its action API, as an editor of organizations and never as its administrator.

The order keeps every moment presentable:

1. a dataset that does not exist yet is made private, with all its resources;
2. the searchable table is made, or its dictionary renewed;
3. the period's rows are written over those of the same rank, then ranks beyond the last row are deleted;
4. one update writes description and resources and makes the dataset visible;
5. the previous major version, if there is one, is marked as replaced.

Each step may be done again, so a publication cut short is mended by publishing again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from catalog import dcat
from catalog.catalogue import Catalogue, MemoryCatalogue
from catalog.ckan_api import CkanApi
from catalog.dictionary import KEY, PERIOD, RANK, fields, records
from catalog.errors import CatalogueRefusedError
from catalog.page import DatasetPage, PublishedPage, dataset_name
from catalog.resources import table

__all__ = ["Catalogue", "CkanCatalogue", "MemoryCatalogue"]

CHUNK_ROWS = 2_000  # rows of one request: about a megabyte of JSON
VIEW = "datatables_view"


class CkanCatalogue:
    """The catalogue at ``url``, spoken to with an editor's API token."""

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 45.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._api = CkanApi(
            self._url, token, timeout_seconds=timeout_seconds, patience_seconds=patience_seconds, sleep=sleep
        )

    def publish(self, page: DatasetPage) -> PublishedPage:
        """See :meth:`catalog.catalogue.Catalogue.publish`."""
        api = self._api.in_run(page.run_id)
        described = dcat.dataset(page, existing := self._show(api, page.name))
        if existing is None:
            existing = self._create(api, described)
            described = dcat.dataset(page, existing)
        searchable = table(described["resources"])
        rows = self._write_rows(api, page, str(searchable["id"])) if searchable is not None else None
        api.call("package_update", {**described, "resources": [_marked(one) for one in described["resources"]]})
        if searchable is not None:
            self._ensure_view(api, str(searchable["id"]))
        url = f"{self._url}/dataset/{page.name}"
        self._deprecate_earlier(api, page, url)
        return PublishedPage(url, page.name, rows)

    def show(self, name: str) -> Mapping[str, Any] | None:
        """See :meth:`catalog.catalogue.Catalogue.show`."""
        return self._show(self._api, name)

    def _show(self, api: CkanApi, name: str) -> dict[str, Any] | None:
        return api.find("package_show", {"id": name})

    def _create(self, api: CkanApi, described: Mapping[str, Any]) -> dict[str, Any]:
        """Make the dataset private; if an earlier attempt did so and its answer was lost, take that one."""
        try:
            api.call("package_create", {**described, "private": True})
        except CatalogueRefusedError:
            if self._show(api, described["name"]) is None:
                raise
        made = self._show(api, described["name"])
        if made is None:
            raise CatalogueRefusedError(f"{described['name']}: the catalogue does not show the dataset it has made")
        return made

    def _write_rows(self, api: CkanApi, page: DatasetPage, resource: str) -> int:
        known = api.find("datastore_info", {"id": resource})
        present = [field["id"] for field in known["fields"]] if known else []
        api.call(
            "datastore_create",
            {
                "resource_id": resource,
                "fields": fields(page.contract, present),
                "primary_key": KEY,
                "indexes": [PERIOD],
                "force": True,
            },
        )
        before = api.call("datastore_search", {"resource_id": resource, "filters": {PERIOD: page.period}, "limit": 0})
        method = "upsert" if before["total"] else "insert"
        written = 0
        for chunk in records(page.table, page.contract, page.period, CHUNK_ROWS):
            request = {
                "resource_id": resource,
                "records": chunk,
                "method": method,
                "calculate_record_count": False,
                "force": True,
            }
            # An insert whose answer was lost may have been done: tried again, it is an upsert.
            api.call("datastore_upsert", request, again={**request, "method": "upsert"})
            written += len(chunk)
        api.call(
            "datastore_records_delete",
            {
                "resource_id": resource,
                "filters": {PERIOD: page.period, RANK: {"gte": written}},
                "calculate_record_count": True,
                "force": True,
            },
        )
        return written

    def _ensure_view(self, api: CkanApi, resource: str) -> None:
        views = api.call("resource_view_list", {"id": resource})
        if not any(view["view_type"] == VIEW for view in views):
            api.call("resource_view_create", {"resource_id": resource, "view_type": VIEW, "title": "Table"})

    def _deprecate_earlier(self, api: CkanApi, page: DatasetPage, url: str) -> None:
        major = page.contract.version.major
        earlier = self._show(api, dataset_name(page.contract.id, major - 1)) if major > 1 else None
        if earlier is not None and earlier.get("successor") != page.name:
            api.call("package_patch", dcat.deprecated(earlier, page.name, url))


def _marked(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Repeat CKAN's own mark of a table's resource: an update without it takes it away."""
    return {**resource, "datastore_active": True} if table([resource]) else resource
