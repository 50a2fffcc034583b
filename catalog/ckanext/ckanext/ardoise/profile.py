"""Finishes what ckanext-dcat writes, where DCAT-AP 3.0.1 wants a term of a European vocabulary and CKAN has a text."""

from __future__ import annotations

from typing import Any

from ckan.common import config
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import DCAT, DCT, FOAF, RDF, XSD
from rdflib import BNode, Literal, URIRef

AUTHORITY = "http://publications.europa.eu/resource/authority/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
FILE_TYPES = {"CSV": "CSV", "GEOJSON": "GEOJSON", "HTML": "HTML", "JSON": "JSON", "PARQUET": "PARQUET", "PDF": "PDF"}


class ArdoiseProfile(RDFProfile):
    """Named after ``euro_dcat_ap_3`` in ``ckanext.dcat.rdf.profiles``, whose graph it completes."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Name formats and media types by their URIs."""
        for distribution in self.g.objects(dataset_ref, DCAT.distribution):
            for form in list(self.g.objects(distribution, DCT["format"])):
                known = FILE_TYPES.get(str(form).upper())
                if isinstance(form, Literal) and known:
                    term = URIRef(f"{AUTHORITY}file-type/{known}")
                    self.g.set((distribution, DCT["format"], term))
                    self.g.add((term, RDF.type, DCT.MediaTypeOrExtent))
            for media_type in list(self.g.objects(distribution, DCAT.mediaType)):
                if isinstance(media_type, Literal):
                    term = URIRef(MEDIA_TYPES + str(media_type))
                    self.g.set((distribution, DCAT.mediaType, term))
                    self.g.add((term, RDF.type, DCT.MediaType))

    def graph_from_catalog(self, catalog_dict: dict[str, Any], catalog_ref: URIRef) -> None:
        """Say whose catalogue it is, what is in it, and its language by its URI."""
        territory = str(config.get("ardoise.territory") or config.get("ckan.site_title"))
        publisher = BNode()
        self.g.add((publisher, RDF.type, FOAF.Agent))
        self.g.add((publisher, FOAF.name, Literal(territory)))
        self.g.set((catalog_ref, DCT.publisher, publisher))
        self.g.set((catalog_ref, DCT.description, Literal(f"Données ouvertes d’{territory}, rendues anonymes.")))
        self.g.set((catalog_ref, DCT.language, URIRef(f"{AUTHORITY}language/FRA")))
        for modified in list(self.g.objects(catalog_ref, DCT.modified)):
            self.g.set((catalog_ref, DCT.modified, Literal(str(modified), datatype=XSD.dateTime)))
