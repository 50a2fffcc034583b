"""From a contract to the connector and the decoder it names. Only what is named is imported."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from policies.contract import Contract, DecoderName, Territory
from settings import Settings
from sources.errors import FeedError
from sources.protocol import Connector, Decoder

_DECODERS: dict[DecoderName, str] = {  # the class in the module of that name
    "csv": "CsvDecoder",
    "datex2": "DatexDecoder",
    "enedis": "EnedisDecoder",
    "geojson": "GeojsonDecoder",
    "grdf": "GrdfDecoder",
    "json": "JsonDecoder",
    "ndjson": "NdjsonDecoder",
    "ngsi_ld": "NgsiLdDecoder",
    "open311": "Open311Decoder",
    "opendatasoft": "OpendatasoftDecoder",
    "parquet": "ParquetDecoder",
    "talq": "TalqDecoder",
}


def connector(contract: Contract, settings: Settings) -> Connector:
    """Return what fetches the contract's feed.

    Raises:
        FeedError: the feed's options are not valid, or the settings lack what it needs.
    """
    if contract.feed.connector == "http_pull":
        from sources.connectors.http_pull import HttpPull

        return HttpPull(contract, settings.operators_url)
    from sources.connectors.file_drop import FileDrop

    if settings.drop_folder is None:
        raise FeedError(f"{contract.id}: no drop folder: set « drop_folder » in ardoise.toml")
    return FileDrop(contract, settings.drop_folder)


def decoder(contract: Contract, territory: Territory) -> Decoder:
    """Return what reads the contract's feed.

    Raises:
        FeedError: the feed's options are not valid.
    """
    name = contract.feed.decoder
    made: Callable[[Contract, Territory], Decoder] = getattr(import_module(f"sources.decoders.{name}"), _DECODERS[name])
    return made(contract, territory)


def check_feed(contract: Contract, territory: Territory) -> None:
    """Judge a contract's `feed.options` without fetching anything.

    Raises:
        FeedError: connector or decoder refuse them.
    """
    nowhere = Settings(home=Path(), territory=territory.folder, drop_folder=Path())
    connector(contract, nowhere)
    decoder(contract, territory)
