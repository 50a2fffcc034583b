"""Where people find datasets: pages in CKAN, DCAT-AP metadata, certificates. Lineage is :mod:`catalog.lineage`."""

from catalog.catalogue import Catalogue, MemoryCatalogue
from catalog.certificate import Certificate, certify
from catalog.errors import CatalogueError, CatalogueRefusedError, CatalogueUnavailableError, PageError
from catalog.page import DatasetPage, PublishedFile, PublishedPage, dataset_name

__all__ = [
    "Catalogue",
    "CatalogueError",
    "CatalogueRefusedError",
    "CatalogueUnavailableError",
    "Certificate",
    "DatasetPage",
    "MemoryCatalogue",
    "PageError",
    "PublishedFile",
    "PublishedPage",
    "certify",
    "dataset_name",
]
