"""The datasets at both ends of each stage, with their facets: schema, column lineage, tags, owner, storage.

Which zones a stage reads and writes is a fact of the journey, not of a run, so events are complete even where a run
stops early; the manifests of the run are added where they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    column_lineage_dataset,
    dataset_version_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
    storage_dataset,
    tags_dataset,
)

from catalog.lineage import columns
from catalog.lineage.facets import (
    PROTECTION_FACET,
    REFERENCES_FACET,
    ProtectionDatasetFacet,
    Reference,
    ReferencesDatasetFacet,
)
from catalog.lineage.names import DatasetName, Stage, feed_name, zone_name
from policies.contract import Contract
from settings.model import S3Settings
from storage.references import DatasetRef
from storage.zones import Zone

Counts = Mapping[str, int]
SEALED = frozenset({Zone.LANDING, Zone.QUARANTINE})


@dataclass(frozen=True, slots=True)
class End:
    """One end of a stage. `zone` None is the operator's feed."""

    zone: Zone | None
    rows: tuple[str, ...] = ()  # the counts, best first, that tell its rows


@dataclass(frozen=True, slots=True)
class Journey:
    """The ends of one stage; `hop` explains the columns of its first output by those of its first input."""

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    hop: Callable[[Contract], columns.Hop] | None


JOURNEY: dict[Stage, Journey] = {
    Stage.INGEST: Journey((End(None),), (End(Zone.LANDING),), columns.collected),
    Stage.DEIDENTIFY: Journey(
        (End(Zone.LANDING, ("rows_in",)),),
        (End(Zone.TRUSTED, ("stored",)), End(Zone.QUARANTINE, ("rejected",))),
        columns.deidentified,
    ),
    Stage.ANONYMIZE: Journey(
        (End(Zone.TRUSTED, ("rows_in",)),),
        (End(Zone.CANDIDATE, ("published_rows",)),),
        columns.anonymized,
    ),
    Stage.ASSESS: Journey((End(Zone.CANDIDATE, ("published_rows",)),), (End(Zone.AUDIT),), None),
    Stage.DECIDE: Journey((End(Zone.AUDIT),), (), None),
    Stage.ROTATE: Journey((End(Zone.TRUSTED),), (End(Zone.TRUSTED),), None),
    Stage.PUBLISH: Journey((End(Zone.CANDIDATE),), (End(Zone.OPEN, ("published",)),), columns.promoted),
}


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes datasets of one contract; `producer` signs each facet."""

    contract: Contract
    buckets: S3Settings
    territory: str
    producer: str

    def inputs(self, stage: Stage, refs: Sequence[DatasetRef], counts: Counts) -> list[InputDataset]:
        """The datasets the stage reads."""
        return [self._input(end, refs, counts) for end in JOURNEY[stage].inputs]

    def outputs(self, stage: Stage, refs: Sequence[DatasetRef], counts: Counts) -> list[OutputDataset]:
        """The datasets the stage writes, its first one with its column lineage."""
        journey = JOURNEY[stage]
        made = [self._output(end, refs, counts) for end in journey.outputs]
        if journey.hop is not None and made[0].facets is not None:
            source = self.name(journey.inputs[0].zone)
            made[0].facets["columnLineage"] = self._column_lineage(journey.hop(self.contract), source)
        return made

    def name(self, zone: Zone | None) -> DatasetName:
        """The lineage name of this contract's dataset in a zone."""
        if zone is None:
            return feed_name(self.contract)
        return zone_name(zone, str(self.contract.id), self.contract.version.major, self.buckets)

    def _input(self, end: End, refs: Sequence[DatasetRef], counts: Counts) -> InputDataset:
        name, facets = self.name(end.zone), self._facets(end.zone, refs)
        statistics: dict[str, InputDatasetFacet] = {}
        if (rows := _first(end.rows, counts)) is not None:
            statistics["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                rowCount=rows, producer=self.producer
            )
        return InputDataset(name.namespace, name.name, facets=facets, inputFacets=statistics)

    def _output(self, end: End, refs: Sequence[DatasetRef], counts: Counts) -> OutputDataset:
        name, facets = self.name(end.zone), self._facets(end.zone, refs)
        statistics: dict[str, OutputDatasetFacet] = {}
        if (rows := _first(end.rows, counts)) is not None:
            statistics["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=rows, producer=self.producer
            )
        return OutputDataset(name.namespace, name.name, facets=facets, outputFacets=statistics)

    def _facets(self, zone: Zone | None, refs: Sequence[DatasetRef]) -> dict[str, DatasetFacet]:
        facets: dict[str, DatasetFacet] = {
            "storage": self._storage(zone),
            "ownership": self._ownership(zone),
            PROTECTION_FACET: self._protection(zone),
        }
        fields = self._fields(zone)
        if fields:
            facets["schema"] = schema_dataset.SchemaDatasetFacet(
                [schema_dataset.SchemaDatasetFacetFields(f.name, f.type, f.description or None) for f in fields],
                producer=self.producer,
            )
        if zone in (None, Zone.LANDING, Zone.TRUSTED, Zone.OPEN):
            facets["tags"] = self._tags(zone)
        own = [ref for ref in refs if ref.zone is zone]
        if own:
            facets[REFERENCES_FACET] = ReferencesDatasetFacet(
                [Reference(ref.key, ref.digest, ref.period) for ref in own], producer=self.producer
            )
        if len(own) == 1:
            facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
                own[0].digest, producer=self.producer
            )
        return facets

    def _fields(self, zone: Zone | None) -> tuple[columns.Field, ...]:
        if zone in (None, Zone.LANDING):
            return columns.feed_fields(self.contract)
        if zone is Zone.TRUSTED:
            return columns.trusted_fields(self.contract)
        if zone in (Zone.CANDIDATE, Zone.OPEN):
            return columns.released_fields(self.contract)
        return ()

    def _storage(self, zone: Zone | None) -> DatasetFacet:
        layer: str
        form: str
        if zone is None:
            layer, form = self.contract.feed.connector, self.contract.feed.decoder
        elif zone in SEALED:
            layer, form = "s3", "sealed"
        else:
            layer, form = "s3", "json" if zone is Zone.AUDIT else "parquet"
        return storage_dataset.StorageDatasetFacet(layer, form, producer=self.producer)

    def _ownership(self, zone: Zone | None) -> DatasetFacet:
        operator = ownership_dataset.Owner(f"operator:{self.contract.feed.operator}", "SUPPLIER")
        controller = ownership_dataset.Owner(f"territory:{self.territory}", "CONTROLLER")
        owners = [operator] if zone is None else [controller, operator]
        return ownership_dataset.OwnershipDatasetFacet(owners, producer=self.producer)

    def _protection(self, zone: Zone | None) -> DatasetFacet:
        unit = self.contract.protection_unit
        return ProtectionDatasetFacet(
            self.contract.legal_basis.code,
            self.contract.purpose,
            self.contract.treatment_ref,
            unit.kind if unit is not None else None,
            zone in SEALED,
            producer=self.producer,
        )

    def _tags(self, zone: Zone | None) -> DatasetFacet:
        tag = tags_dataset.TagsDatasetFacetFields
        tags = [tag("keyword", value, "contract") for value in self.contract.tags]
        tags.append(tag("theme", self.contract.theme, "contract"))
        if zone is not Zone.OPEN:
            for column in self.contract.columns:
                if zone is Zone.TRUSTED and not column.stored:
                    continue
                name = column.name if zone is Zone.TRUSTED else column.physical_name
                tags.append(tag("privacy", column.privacy.category.value, "contract", name))
                tags.append(tag("technique", column.privacy.technique.value, "contract", name))
        return tags_dataset.TagsDatasetFacet(tags, producer=self.producer)

    def _column_lineage(self, hop: columns.Hop, source: DatasetName) -> DatasetFacet:
        fields = {
            name: column_lineage_dataset.Fields([_input_field(source, one) for one in dependencies])
            for name, dependencies in hop.fields.items()
        }
        whole = [_input_field(source, one) for one in hop.dataset]
        return column_lineage_dataset.ColumnLineageDatasetFacet(fields, whole, producer=self.producer)


def _input_field(source: DatasetName, dependency: columns.Dependency) -> column_lineage_dataset.InputField:
    transformation = column_lineage_dataset.Transformation(
        dependency.kind, dependency.subtype, dependency.description, dependency.masking
    )
    return column_lineage_dataset.InputField(source.namespace, source.name, dependency.column, [transformation])


def _first(names: tuple[str, ...], counts: Counts) -> int | None:
    return next((counts[name] for name in names if name in counts), None)
