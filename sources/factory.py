"""From a contract to the connector and the decoder it names. Only what is named is imported."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from policies.contract import Contract, DecoderName, Territory
from settings import Settings
from sources.credentials import Connections, OperatorCredential, check_own_credential, find_credential, stand_in
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


def connector(
    contract: Contract,
    settings: Settings,
    connections: Connections | None = None,
    fingerprint: Callable[[str], str] | None = None,
) -> Connector:
    """Return what fetches the contract's feed.

    Args:
        contract: of the dataset.
        settings: addresses, folders, and credentials in files.
        connections: credentials that an orchestrator keeps (see :mod:`sources.credentials`).
        fingerprint: custody's keyed fingerprint of a digest, for connectors that must recognise a message.

    Raises:
        FeedError: the feed's options are not valid, or the settings lack what it needs.
    """
    name = contract.feed.options.get("credential")
    credential = find_credential(contract, name if isinstance(name, str) else None, settings, connections)
    return _connector(contract, settings, credential, fingerprint)


def _connector(
    contract: Contract,
    settings: Settings,
    credential: OperatorCredential | None,
    fingerprint: Callable[[str], str] | None,
) -> Connector:
    known = credential or OperatorCredential()
    match contract.feed.connector:
        case "http_pull":
            from sources.connectors.http_pull import HttpPull

            trust = settings.operators_tls()
            return HttpPull(contract, settings.operators_url, credential=credential, trust=trust)
        case "http_push":
            from sources.connectors.http_push import HttpPush

            return HttpPush(contract)
        case "sftp":
            from sources.connectors.sftp import Sftp

            return Sftp(contract, known)
        case "s3_drop":
            from sources.connectors.s3_drop import S3Drop

            return S3Drop(contract, known)
        case "mqtt":
            from sources.connectors.mqtt import Mqtt

            return Mqtt(contract, credential, fingerprint or _no_fingerprint, settings.operators_tls())
        case "file_drop":
            from sources.connectors.file_drop import FileDrop

            if settings.drop_folder is None:
                raise FeedError(f"{contract.id}: no drop folder: set « drop_folder » in ardoise.toml")
            return FileDrop(contract, settings.drop_folder)


def _no_fingerprint(digest: str) -> str:
    raise FeedError("this connector recognises messages by custody's fingerprint, and was given none")


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
    check_own_credential(contract)
    _connector(contract, nowhere, stand_in(contract), None)
    decoder(contract, territory)
