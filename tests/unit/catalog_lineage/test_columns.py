from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.lineage import columns
from policies.generalized import HierarchyRule, ModelRule, SearchRule
from tests.unit.catalog_lineage.contracts import PLAIN, RECORDS, WATER


def test_landing_holds_the_operators_columns_unmasked() -> None:
    hop = columns.collected(WATER)
    assert set(hop.fields) == {c.physical_name for c in WATER.columns}
    assert not any(one.masking for dependencies in hop.fields.values() for one in dependencies)


@pytest.mark.parametrize(
    ("column", "masking", "subtype"),
    [
        ("meter", True, "TRANSFORMATION"),
        ("commune", True, "TRANSFORMATION"),
        ("note", True, "TRANSFORMATION"),
        ("litres", False, "IDENTITY"),
    ],
)
def test_masking_follows_the_technique(column: str, masking: bool, subtype: str) -> None:
    (dependency,) = columns.deidentified(WATER).fields[column]
    assert (dependency.masking, dependency.subtype, dependency.kind) == (masking, subtype, "DIRECT")
    assert dependency.column == WATER.column(column).physical_name


def test_a_dropped_column_reaches_nothing() -> None:
    hop = columns.deidentified(WATER)
    assert "phone" not in hop.fields
    assert "TELEPHONE" not in {one.column for one in hop.dataset}
    assert "phone" not in {field.name for field in columns.trusted_fields(WATER)}


def test_coverage_is_an_indirect_filter_only_where_the_contract_has_one() -> None:
    covered = [one for one in columns.deidentified(WATER).dataset if one.column == "ABONNE"]
    assert [(one.kind, one.subtype, one.masking) for one in covered] == [("INDIRECT", "FILTER", True)]
    assert not [one for one in columns.deidentified(RECORDS).dataset if one.column == "ABONNE"]


def test_an_aggregate_groups_by_its_columns_and_masks_its_figures() -> None:
    hop = columns.anonymized(WATER)
    assert [one.column for one in hop.dataset if one.subtype == "GROUP_BY"] == ["commune", "day"]
    assert [(one.column, one.subtype, one.masking) for one in hop.fields["volume"]] == [("litres", "AGGREGATION", True)]
    assert [one.column for one in hop.fields["meters"]] == ["meter"]
    assert [one.column for one in hop.fields["readings"]] == ["meter", "day"]
    assert "meter" in [one.column for one in hop.dataset if one.subtype == "FILTER"]


def test_records_are_filtered_by_their_quasi_identifiers() -> None:
    hop = columns.anonymized(RECORDS)
    assert [one.column for one in hop.dataset] == ["commune", "meter"]
    assert hop.fields["month"][0].masking
    assert not hop.fields["commune"][0].masking  # already masked one hop earlier


def test_a_column_that_a_search_may_regroup_is_masked() -> None:
    search = SearchRule((ModelRule("k_anonymity", k=5),), (HierarchyRule("commune", "prefixes"),))
    hop = columns.anonymized(replace(RECORDS, release=replace(RECORDS.release, search=search)))
    (found,) = hop.fields["commune"]
    assert (found.subtype, found.masking) == ("TRANSFORMATION", True)
    assert found.description == "regroupée au besoin"


def test_published_as_is_masks_nothing() -> None:
    for hop in (columns.deidentified(PLAIN), columns.anonymized(PLAIN), columns.promoted(PLAIN)):
        dependencies = [one for found in hop.fields.values() for one in found]
        assert dependencies
        assert not any(one.masking for one in (*dependencies, *hop.dataset))


def test_each_hop_explains_every_column_of_its_output_by_columns_of_its_input() -> None:
    for contract in (WATER, RECORDS, PLAIN):
        levels = [
            {field.name for field in columns.feed_fields(contract)},
            {field.name for field in columns.trusted_fields(contract)},
            {field.name for field in columns.released_fields(contract)},
            {field.name for field in columns.released_fields(contract)},
        ]
        hops = [columns.deidentified(contract), columns.anonymized(contract), columns.promoted(contract)]
        for before, after, hop in zip(levels, levels[1:], hops, strict=False):
            assert set(hop.fields) == after
            used = {one.column for found in hop.fields.values() for one in found} | {one.column for one in hop.dataset}
            assert used <= before
