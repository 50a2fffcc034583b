"""Three views of a table for CKAN: its rows, a chart, a map. Each is drawn in the page, without a frame."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import flask

from ckanext.ardoise.certificate import certificate
from ckanext.ardoise.previews import drawing, reading


class _TableView(p.SingletonPlugin):
    """What the three have in common: a resource of the DataStore, its rows read as the visitor."""

    p.implements(p.IConfigurer)
    p.implements(p.IResourceView, inherit=True)

    name, title, icon, template = "", "", "table", ""
    schema: dict[str, Any] = {}

    def update_config(self, config: Any) -> None:
        """Tell CKAN where the templates are."""
        p.toolkit.add_template_directory(config, "../templates")

    def info(self) -> dict[str, Any]:
        """See CKAN's IResourceView."""
        return {
            "name": self.name, "title": self.title, "default_title": self.title, "icon": self.icon, "iframed": False,
            "requires_datastore": True, "schema": self.schema,
        }  # fmt: skip

    def can_view(self, data_dict: dict[str, Any]) -> bool:
        """Say whether there is a table to look at."""
        return bool(data_dict["resource"].get("datastore_active"))

    def view_template(self, context: Any, data_dict: dict[str, Any]) -> str:
        """Return the template's name."""
        return self.template

    def setup_template_variables(self, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
        """Return what the template draws; its errors are the page's, told in French."""
        try:
            return {"shown": self.shown(data_dict), "failed": False}
        except (p.toolkit.ObjectNotFound, p.toolkit.NotAuthorized, p.toolkit.ValidationError):
            return {"shown": None, "failed": True}

    def shown(self, data_dict: dict[str, Any]) -> Any:
        """Return what is drawn."""
        raise NotImplementedError


class ArdoiseTableView(_TableView):
    """The rows, a page at a time, sorted, filtered, searched."""

    name, title, template = "ardoise_table", "Table", "previews/table.html"

    def shown(self, data_dict: dict[str, Any]) -> Any:
        """Return a page of rows."""
        return reading.rows(data_dict["resource"]["id"], flask.request.args)


class ArdoiseChartView(_TableView):
    """A figure by group, as bars."""

    name, title, icon, template = "ardoise_chart", "Graphique", "chart-bar", "previews/chart.html"

    def shown(self, data_dict: dict[str, Any]) -> Any:
        """Return the figures and their bars."""
        told = certificate(data_dict["package"]) or {}
        found = reading.grouped(data_dict["resource"]["id"], flask.request.args, told.get("totals") or [])
        if found is None:
            return None
        return {"found": found, "chart": drawing.chart(found.groups), "figures": reading.figures(),
                "count": reading.COUNT}  # fmt: skip


class ArdoiseMapView(_TableView):
    """Points over a graticule; nothing is asked of a tile server, nobody learns who looks where."""

    name, title, icon, template = "ardoise_map", "Carte", "map", "previews/map.html"

    @property
    def schema(self) -> dict[str, Any]:  # type: ignore[override]
        """Which columns hold the position, and which one names it."""
        text = [p.toolkit.get_validator("ignore_missing"), p.toolkit.get_validator("unicode_safe")]
        return {"longitude": text, "latitude": text, "label": text}

    def shown(self, data_dict: dict[str, Any]) -> Any:
        """Return the places and where they are drawn."""
        view = data_dict["resource_view"]
        names = (str(view.get(name) or name) for name in ("longitude", "latitude"))
        points, lost = reading.places(data_dict["resource"]["id"], *names, str(view.get("label") or ""))
        return {"map": drawing.world(points), "lost": lost, "most": reading.MOST_PLACES,
                "period": reading.newest(data_dict["resource"]["id"])}  # fmt: skip
