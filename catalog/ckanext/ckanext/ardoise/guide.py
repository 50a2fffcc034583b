"""The developers' guide as pages of the catalogue: ``/ardoise/guide`` in French, ``/ardoise/guide/en`` in English.

The texts in ``guides/`` are those of the project's ``docs/``, to the byte (a test compares them), so that the
catalogue shows what the tests ran. Only two things change on the way: the address that the examples write is this
catalogue's, and each guide leads to the other one's page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import ckan.plugins as p
import flask
import markdown
from ckan.common import config

FILES = {"fr": "guide-developpeurs.md", "en": "developer-guide.md"}
DEMONSTRATION = "http://127.0.0.1:5000"  # what the texts write
TABLES = {"fr": "Tableau", "en": "Table"}
guide = flask.Blueprint("ardoise_guide", __name__)


@guide.route("/ardoise/guide", defaults={"language": "fr"})
@guide.route("/ardoise/guide/en", defaults={"language": "en"})
def page(language: str) -> Any:
    """Show the guide."""
    pages = {FILES[each]: p.toolkit.url_for("ardoise_guide.page", language=each) for each in FILES}
    text = rendered(language, str(config["ckan.site_url"]).rstrip("/"), tuple(pages.items()))
    title, _, body = text.partition("</h1>")
    extra = {"guide_title": re.sub(r"<[^>]+>", "", title), "guide": f"{title}</h1>{body}", "language": language}
    return p.toolkit.render("guide/page.html", extra)


@cache
def rendered(language: str, site: str, pages: tuple[tuple[str, str], ...]) -> str:
    """Return a guide as HTML, for a catalogue at ``site``; ``pages`` is where each file of this folder is shown."""
    text = (Path(__file__).with_name("guides") / FILES[language]).read_text(encoding="utf-8")
    text = text.replace(DEMONSTRATION, site)
    for file, address in pages:
        text = text.replace(f"]({file})", f"]({address})")
    html = markdown.markdown(
        text,
        extensions=["fenced_code", "tables", "toc", "sane_lists"],
        extension_configs={"toc": {"slugify": anchor}},
        output_format="html",
    )
    # What is wider than a phone scrolls by itself, from the keyboard too (WCAG 2.2, 2.1.1).
    region = f'<div class="ard-scroll" role="region" aria-label="{TABLES[language]}" tabindex="0">'
    html = html.replace("<table>", f'{region}<table class="ard-table">').replace("</table>", "</table></div>")
    return html.replace("<pre>", '<pre tabindex="0">').replace("<th>", '<th scope="col">')


def anchor(heading: str, _separator: str) -> str:
    """Return a heading's anchor as forges make it, for the tables of contents are written for them."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
