"""How an operator writes its values: the options that all decoders share, judged against the contract.

A name that the contract does not have, or a unit that can not become the contract's, would otherwise have no effect
at all, and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.contract import Column, Contract, Territory
from sources.columns import TextRules
from sources.errors import FeedError
from sources.options import ReadingOptions
from sources.units import Conversion, conversion


def reading_rules(
    contract: Contract,
    options: ReadingOptions,
    territory: Territory,
    decimal: str = ".",
    thousands: str = "",
    units: Mapping[str, str] | None = None,
) -> TextRules:
    """Return the rules that `options` declare; `units` (physical name -> unit) is what the format says by itself.

    Raises:
        FeedError: an option names an unknown column, or a unit that is not one of the column's.
    """
    offset = options.mislabelled_offset
    by_name = {column.physical_name: column for column in contract.columns}
    for name in options.insee:
        if name not in by_name or by_name[name].logical_type != "string":
            raise FeedError(f"{contract.source}: feed.options.insee : « {name} » n'est pas une colonne de texte")
    declared = {
        name: unit for name, unit in (units or {}).items() if name in by_name and by_name[name].unit is not None
    }
    return TextRules(
        options.timezone or territory.strategy.timezone,
        decimal,
        (offset,) if offset else (),
        thousands,
        {
            name: _conversion(contract, by_name.get(name), name, unit)
            for name, unit in (declared | options.units).items()
        },
        options.insee,
        options.repeated_hour,
    )


def _conversion(contract: Contract, column: Column | None, name: str, unit: str) -> Conversion:
    where = f"{contract.source}: feed.options.units : « {name} »"
    if column is None or column.logical_type != "number":
        raise FeedError(f"{where} n'est pas une colonne de nombres (« number »)")
    if column.unit is None:
        raise FeedError(f"{where} n'a pas d'unité (« unit ») au contrat")
    found = conversion(unit, column.unit)
    if found is None:
        raise FeedError(f"{where} : l'unité « {unit} » ne se convertit pas en « {column.unit} »")
    return found
