"""Finishes what ckanext-dcat writes, where DCAT-AP 3.0.1 and HVD 3.0.0 want a term, a class or a service it leaves out.

* Formats, media types, themes and categories are terms of European vocabularies, with their French labels.
* The table of a dataset is served by CKAN's DataStore API: a `dcat:DataService` that says so, for HVD asks for one.
* A dataset of periods is in a `dcat:DatasetSeries`; its own document lists a member a period, which the catalogue
  leaves out so that whoever harvests it finds one record a dataset.
* What replaces a deprecated dataset is named by `dct:isReplacedBy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.common import config
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import DCAT, DCATAP, DCT, FOAF, RDF, RDFS, SKOS, VCARD, XSD
from ckanext.dcat.utils import catalog_uri, resource_uri
from rdflib import BNode, Literal, URIRef

from ckanext.ardoise.french import french_date, vocabulary, week

AUTHORITY = "http://publications.europa.eu/resource/authority/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
DATASTORE_API = "https://docs.ckan.org/en/latest/maintaining/datastore.html#the-datastore-api"
FILE_TYPES = {
    "CSV": "CSV", "GEOJSON": "GEOJSON", "GEOPARQUET": "PARQUET", "HTML": "HTML", "JSON": "JSON", "PARQUET": "PARQUET",
    "PDF": "PDF",
}  # fmt: skip
MONTH = len("2026-10")


class ArdoiseProfile(RDFProfile):
    """Named after ``euro_dcat_ap_3`` in ``ckanext.dcat.rdf.profiles``, whose graph it completes."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: URIRef) -> None:
        """Complete a dataset, its distributions and its service."""
        for distribution in self.g.objects(dataset_ref, DCAT.distribution):
            self._name_formats(distribution)
            for address in self.g.objects(distribution, DCAT.accessURL):
                self.g.add((address, RDF.type, RDFS.Resource))
        for contact in self.g.objects(dataset_ref, DCAT.contactPoint):
            for email in self.g.objects(contact, VCARD.hasEmail):
                self.g.add((email, RDF.type, RDFS.Resource))
        self._name_concepts(dataset_ref)
        for former in (DCT.hasVersion, DCAT.hasVersion):
            self.g.remove((dataset_ref, former, None))  # their range is a dataset, told in a document of its own
        for address in dataset_dict.get("has_version") or []:
            self.g.add((dataset_ref, DCT.isReplacedBy, URIRef(address)))
        for resource in dataset_dict.get("resources", []):
            if resource.get("role") == "table":
                self._add_service(dataset_dict, dataset_ref, resource)
        if any(resource.get("role") == "period" for resource in dataset_dict.get("resources", [])):
            self._add_series(dataset_dict, dataset_ref)

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
        for homepage in self.g.objects(catalog_ref, FOAF.homepage):
            self.g.add((homepage, RDF.type, FOAF.Document))

    def _name_formats(self, distribution: Any) -> None:
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

    def _name_concepts(self, dataset_ref: URIRef) -> None:
        """Give themes, categories and kinds of publishers and licences the class and label the shapes look for."""
        found = [*self.g.objects(dataset_ref, DCAT.theme), *self.g.objects(dataset_ref, DCATAP.hvdCategory)]
        agents = [*self.g.objects(dataset_ref, DCT.publisher), *self.g.subjects(RDF.type, DCT.LicenseDocument)]
        found += [kind for each in agents for kind in self.g.objects(each, DCT.type)]
        for concept in found:
            if isinstance(concept, URIRef):
                self.g.add((concept, RDF.type, SKOS.Concept))
                self.g.set((concept, SKOS.prefLabel, Literal(vocabulary(str(concept)), lang="fr")))

    def _add_service(self, dataset: Mapping[str, Any], dataset_ref: URIRef, resource: Mapping[str, Any]) -> None:
        """Say that CKAN's DataStore API serves the table."""
        service, distribution = URIRef(f"{dataset_ref}#api"), URIRef(resource_uri(resource))
        site = str(config["ckan.site_url"]).rstrip("/")
        self.g.add((service, RDF.type, DCAT.DataService))
        self.g.add((service, DCT.title, Literal(f"Interroger : {dataset.get('title')}", lang="fr")))
        self.g.add((service, DCT.identifier, Literal(f"{dataset.get('name')}#api")))
        for term, address in (
            (DCAT.endpointURL, f"{site}/api/3/action/datastore_search?resource_id={resource['id']}"),
            (DCAT.endpointDescription, DATASTORE_API),
        ):
            self.g.add((service, term, URIRef(address)))
            self.g.add((URIRef(address), RDF.type, RDFS.Resource))
        self.g.add((service, FOAF.page, URIRef(DATASTORE_API)))
        self.g.add((URIRef(DATASTORE_API), RDF.type, FOAF.Document))
        self.g.add((service, DCAT.servesDataset, dataset_ref))
        for same in (DCATAP.applicableLegislation, DCATAP.hvdCategory, DCAT.contactPoint, DCAT.theme, DCT.publisher):
            for value in self.g.objects(dataset_ref, same):
                self.g.add((service, same, value))
        for licence in self.g.objects(distribution, DCT.license):
            self.g.add((service, DCT.license, licence))
        self.g.add((distribution, DCAT.accessService, service))

    def _add_series(self, dataset: Mapping[str, Any], dataset_ref: URIRef) -> None:
        """Put the dataset in the series of its periods; in its own document, name each of them."""
        series = URIRef(f"{dataset_ref}#serie")
        self.g.add((dataset_ref, DCAT.inSeries, series))
        self.g.add((series, RDF.type, DCAT.DatasetSeries))
        self.g.add((series, DCT.title, Literal(f"{dataset.get('title')} : toutes les périodes", lang="fr")))
        self.g.add((series, DCT.description, Literal("Un membre par période publiée.", lang="fr")))
        shared = (DCT.accrualPeriodicity, DCT.publisher, DCAT.contactPoint, DCT.spatial, DCT.modified)
        for same in (*shared, DCATAP.hvdCategory, DCATAP.applicableLegislation):
            for value in self.g.objects(dataset_ref, same):
                self.g.add((series, same, value))
        if (URIRef(catalog_uri()), RDF.type, DCAT.Catalog) in self.g:
            return
        periods: dict[str, list[URIRef]] = {}
        for resource in dataset.get("resources", []):
            if resource.get("role") == "period":
                periods.setdefault(str(resource["period"]), []).append(URIRef(resource_uri(resource)))
        before = None
        for period in sorted(periods):
            before = self._add_member(dataset, dataset_ref, series, period, periods[period], before)

    def _add_member(
        self,
        dataset: Mapping[str, Any],
        dataset_ref: URIRef,
        series: URIRef,
        period: str,
        files: list[URIRef],
        before: URIRef | None,
    ) -> URIRef:
        member = URIRef(f"{dataset_ref}#{period}")
        self.g.add((member, RDF.type, DCAT.Dataset))
        self.g.add((member, DCT.title, Literal(f"{dataset.get('title')}, {french_date(period)}", lang="fr")))
        self.g.add((member, DCT.description, Literal(str(dataset.get("notes") or dataset.get("title")), lang="fr")))
        self.g.add((member, DCT.identifier, Literal(f"{dataset.get('name')}#{period}")))
        self.g.add((member, DCAT.inSeries, series))
        covered, kind = BNode(), XSD.gYearMonth if len(period) == MONTH else XSD.date
        self.g.add((covered, RDF.type, DCT.PeriodOfTime))
        first, last = week(period) or (period, period)
        self.g.add((covered, DCAT.startDate, Literal(str(first), datatype=kind)))
        self.g.add((covered, DCAT.endDate, Literal(str(last), datatype=kind)))
        self.g.add((member, DCT.temporal, covered))
        for same in (DCAT.contactPoint, DCT.publisher, DCAT.theme, DCATAP.hvdCategory, DCATAP.applicableLegislation):
            for value in self.g.objects(dataset_ref, same):
                self.g.add((member, same, value))
        for file in files:
            self.g.add((member, DCAT.distribution, file))
        if before is not None:
            self.g.add((member, DCAT.prev, before))
        return member
