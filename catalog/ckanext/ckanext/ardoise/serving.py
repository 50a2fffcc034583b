"""Settings of gunicorn that belong to the catalogue: ``gunicorn --config=python:ckanext.ardoise.serving …``.

CKAN is loaded once and its workers are forked from it: they start at once and share its memory. Each leaves the
connections of its parent alone (:mod:`ckanext.ardoise.solr`) and reads the search index before the first visitor asks.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from typing import Any

preload_app = True
TURN_SECONDS = 0.0005  # how long a thread may compute while another waits: a search should not wait for whole pages


def pre_fork(_server: Any, _worker: Any) -> None:
    """Let no worker look for garbage among what CKAN loaded: looking would copy all of it into each, and take long."""
    gc.collect()
    gc.freeze()


def post_worker_init(_worker: Any) -> None:
    """Share the processor out in short turns; read the search index meanwhile, for whoever asks first."""
    sys.setswitchinterval(TURN_SECONDS)
    threading.Thread(target=_read_index, name="search index", daemon=True).start()


def _read_index() -> None:
    from ckan.common import config

    from ckanext.ardoise.solr import SCHEME, PostgresIndex

    if not (address := str(config["solr_url"])).startswith(SCHEME):
        return  # Solr has its own
    try:
        PostgresIndex(address).read()
    except Exception:  # the first search tries again, and tells its reader
        logging.getLogger(__name__).warning("the search index could not be read ahead", exc_info=True)
