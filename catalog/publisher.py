"""Publishes in a real CKAN, over its action API, as an editor of organizations and never as its administrator.

The order keeps every moment presentable:

1. a dataset that does not exist yet is made private, with all its resources;
2. the period's rows are sent, and wait where nobody sees them;
3. one update writes description and resources and makes the dataset visible;
4. the rows take the place of their period's, at once (before 3 if nobody sees the dataset yet);
5. the previous major version, if there is one, is marked as replaced.

Each step may be done again, so a publication cut short is mended by publishing again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from catalog import dcat
from catalog.catalogue import Catalogue, MemoryCatalogue
from catalog.ckan_api import CkanApi
from catalog.dictionary import TableRows, csv_rows, table_rows
from catalog.errors import CatalogueRefusedError, CatalogueUnavailableError
from catalog.page import DatasetPage, PublishedFile, PublishedPage, dataset_name
from catalog.resources import table, views
from catalog.view import ViewPage, described_view
from policies import Contract
from storage.ahead import ahead

__all__ = ["Catalogue", "CkanCatalogue", "MemoryCatalogue"]

LOAD_SECONDS = 1_800.0  # how long the catalogue may take to index rows once it has them


@dataclass(frozen=True, slots=True)
class _Load:
    """Rows, and the resource whose table they belong to."""

    resource: str
    rows: TableRows


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
        existing = self._show(api, page.name)
        replaced = self._earlier(api, page) if existing is None else None
        described = dcat.dataset(page, existing, self._url, replaced)
        if existing is None:
            existing = self._create(api, described)
            described = dcat.dataset(page, existing, self._url)
        elif table(described["resources"]) is not None and table(existing.get("resources", [])) is None:
            # Rows need a resource to wait for: made now, unseen where nobody sees the dataset.
            api.call("package_update", {**described, "private": bool(existing.get("private"))})
        searchable = table(described["resources"])
        load = None if searchable is None else _Load(str(searchable["id"]), table_rows(page))
        rows = self._send_rows(api, page, load) if load is not None else None
        if load is not None and existing.get("private"):
            self._show_rows(api, page, load)
        api.call("package_update", {**described, "resources": [_marked(one) for one in described["resources"]]})
        if load is not None:
            self._show_rows(api, page, load)
            self._ensure_views(api, page, load.resource)
        url = f"{self._url}/dataset/{page.name}"
        self._deprecate_earlier(api, page, url)
        return PublishedPage(url, page.name, rows)

    def publish_view(self, page: ViewPage) -> PublishedPage:
        """See :meth:`catalog.catalogue.Catalogue.publish_view`."""
        api = self._api.in_run(page.run_id)
        existing = self._show(api, page.name)
        described = described_view(page, existing, self._url)
        if existing is not None:
            api.call("package_update", described)
        elif page.files:
            self._create(api, described)
            api.call("package_update", described_view(page, self._show(api, page.name), self._url))
        return PublishedPage(f"{self._url}/dataset/{page.name}", page.name)

    def withdraw(self, contract: Contract, period: str, latest: tuple[PublishedFile, ...], *, run_id: str = "") -> None:
        """See :meth:`catalog.catalogue.Catalogue.withdraw`. The rows go first, then what describes them."""
        api = self._api.in_run(run_id)
        name = dataset_name(contract.id, contract.version.major)
        existing = self._show(api, name)
        if existing is None or existing.get("state") == "deleted":
            return
        if (searchable := table(existing["resources"])) is not None:
            asked = {"resource_id": str(searchable["id"]), "periods": [period]}
            api.call("ardoise_table_forget", asked if latest else {"resource_id": asked["resource_id"]})
        changed = dcat.without(existing, period, latest)
        if latest:
            api.call("package_update", {**changed, "resources": [_marked(one) for one in changed["resources"]]})
        else:
            api.call("package_update", {**changed, "private": True, "resources": []})
        api.call("ardoise_forget", {"id": existing["id"]})
        if not latest:
            api.call("package_delete", {"id": existing["id"]})

    def send_mails(self, *, run_id: str = "") -> dict[str, int]:
        """Have CKAN send the mails that wait, to followers and stewards; return how many were sent and refused.

        Raises:
            CatalogueUnavailableError: CKAN, or the mail server behind it, does not answer; what could not go waits.
            CatalogueRefusedError: CKAN says no.
        """
        api, sent = self._api.in_run(run_id), 0
        while True:
            done = api.call("ardoise_send_mails", {})
            if done["fault"] is not None:
                raise CatalogueUnavailableError(f"ardoise_send_mails: {done['fault']}; what waits goes another time")
            sent += done["sent"]
            if not (done["left"] and done["sent"]):
                return {"sent": sent, "refused": done["refused"]}

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

    def _send_rows(self, api: CkanApi, page: DatasetPage, load: _Load) -> int:
        """Have the rows wait in the catalogue, if they are not there yet; return their number."""
        known = api.call("ardoise_table_show", {"resource_id": load.resource})["periods"]
        there = [each for each in known if each["version"] == load.rows.version]
        if there:
            return int(there[0]["rows"])
        path = f"/ardoise/table/{load.resource}"
        sent = api.send(path, lambda: _stream(page, load.rows), timeout_seconds=LOAD_SECONDS)
        return int(sent["rows"])

    def _show_rows(self, api: CkanApi, page: DatasetPage, load: _Load) -> None:
        keep = sorted({page.period, *page.periods})
        asked = {"resource_id": load.resource, "description": load.rows.description(), "keep": keep}
        api.call("ardoise_table_swap", asked)

    def _ensure_views(self, api: CkanApi, page: DatasetPage, resource: str) -> None:
        """Have the table looked at as rows, as a chart and, where its rows have places, as a map."""
        there = {view["view_type"] for view in api.call("resource_view_list", {"id": resource})}
        for view in views(page.contract):
            if view["view_type"] not in there:
                api.call("resource_view_create", {"resource_id": resource, **view})

    def _earlier(self, api: CkanApi, page: DatasetPage) -> dict[str, Any] | None:
        """The major version before the page's, if the catalogue shows one."""
        major = page.contract.version.major
        return self._show(api, dataset_name(page.contract.id, major - 1)) if major > 1 else None

    def _deprecate_earlier(self, api: CkanApi, page: DatasetPage, url: str) -> None:
        earlier = self._earlier(api, page)
        if earlier is not None and earlier.get("successor") != page.name:
            api.call("package_patch", dcat.deprecated(earlier, page.name, url))


def _marked(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Repeat CKAN's own mark of a table's resource: an update without it takes it away."""
    return {**resource, "datastore_active": True} if table([resource]) else resource


def _stream(page: DatasetPage, rows: TableRows) -> Iterator[bytes]:
    """One line of JSON, the rows as CSV, and the sha256 of these: the catalogue keeps them only if it comes to that."""
    yield json.dumps(rows.description()).encode() + b"\n"
    digest = hashlib.sha256()
    for piece in ahead(csv_rows(page.table, page.contract, page.period), 1):  # encoded while the last one is sent
        digest.update(piece)
        yield piece
    yield digest.hexdigest().encode()
