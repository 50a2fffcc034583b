"""Where people find datasets: pages in CKAN, DCAT-AP metadata, certificates. Lineage is :mod:`catalog.lineage`."""

from catalog.catalogue import Catalogue, MemoryCatalogue
from catalog.certificate import Approval, Certificate, CertifiedFile, ReleaseFacts, certify
from catalog.certificate_text import main_lines, to_html, to_text
from catalog.errors import CatalogueError, CatalogueRefusedError, CatalogueUnavailableError, PageError
from catalog.page import DatasetPage, PublishedFile, PublishedPage, dataset_name

__all__ = [
    "Approval",
    "Catalogue",
    "CatalogueError",
    "CatalogueRefusedError",
    "CatalogueUnavailableError",
    "Certificate",
    "CertifiedFile",
    "DatasetPage",
    "MemoryCatalogue",
    "PageError",
    "PublishedFile",
    "PublishedPage",
    "ReleaseFacts",
    "certify",
    "dataset_name",
    "main_lines",
    "to_html",
    "to_text",
]
