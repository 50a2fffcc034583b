"""What the server of ``tests.forks`` has ready before it forks; nothing here may start a thread.

Stages import connectors, decoders, the detector of personal data and the makers of documents when they first need
them, and read the territory once a process: every process that a test kills would pay for that again.
"""

from __future__ import annotations

from importlib import import_module

from pipeline import wiring
from settings.model import SHIPPED_TERRITORY
from tests import catalog_pages

MODULES = (
    "anonymization.text.detector",
    "anonymization.text.profile",
    "anonymization.text.redaction",
    "anonymization.text.workers",
    "custody.commands",
    "custody.server",
    "inbox.__main__",
    "pyarrow.acero",
    "pyarrow.csv",
    "sources.connectors.file_drop",
    "sources.decoders.csv",
    "tests.integration.pipeline.worker",
    "tests.integration.sources.killing",
    "typst",
)

for module in MODULES:
    import_module(module)
wiring._territory(SHIPPED_TERRITORY)
catalog_pages.territory()
