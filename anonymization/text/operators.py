"""What takes the place of a hit: a tag, a stand-in, a pseudonym, something coarser, or itself.

Pseudonyms are custody's: values are asked for together, once each, after detection, and written in base32 so that
they can be spoken. A column that hashes without custody is an error, never a plain hash: names are few enough to be
tried one by one.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from anonymization.errors import RedactionError
from anonymization.text.hit import Hit
from anonymization.text.settings import Operator, RedactionSettings
from anonymization.text.standins import StandIns

Pseudonymize = Callable[[pa.Array], pa.Array]  # strings -> 16-byte pseudonyms, null where custody makes none
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_COMMUNE = re.compile(r"(?:(?<!\d)\d{5}\s+|,\s*(?:à\s+)?|\sà\s+)([^\W\d_][^\d,;()\n]*)$")


def replaced(
    texts: Sequence[str], hits: Sequence[Sequence[Hit]], settings: RedactionSettings, pseudonymize: Pseudonymize | None
) -> list[str]:
    """The texts with each hit dealt with by its kind's operator.

    Args:
        hits: of each text, in order, none overlapping.
        pseudonymize: custody's, for kinds that are hashed.

    Raises:
        RedactionError: a kind is hashed and there is no custody to do it.
    """
    if all(settings.operator(kind) is Operator.REDACT for kind in settings.operators):
        return [_redacted(text, found) for text, found in zip(texts, hits, strict=True)]
    pseudonyms = _pseudonyms(texts, hits, settings, pseudonymize)
    return [_one(text, found, settings, pseudonyms) for text, found in zip(texts, hits, strict=True)]


def _redacted(text: str, hits: Sequence[Hit]) -> str:
    if not hits:
        return text
    pieces, done = [], 0
    for hit in hits:
        pieces += [text[done : hit.start], f"<{hit.kind}>"]
        done = hit.end
    return "".join([*pieces, text[done:]])


def _one(text: str, hits: Sequence[Hit], settings: RedactionSettings, pseudonyms: Mapping[tuple[str, str], str]) -> str:
    stand_ins = StandIns(secrets.token_bytes(32))
    pieces, done = [], 0
    for hit in hits:
        value = text[hit.start : hit.end]
        pieces.append(text[done : hit.start])
        match settings.operator(hit.kind):
            case Operator.KEEP:
                pieces.append(value)
            case Operator.REPLACE:
                pieces.append(stand_ins.of(hit.kind, value))
            case Operator.HASH:
                pieces.append(pseudonyms.get((hit.kind, value), f"<{hit.kind}>"))
            case Operator.GENERALIZE:
                pieces.append(generalized(hit.kind, value))
            case Operator.REDACT:
                pieces.append(f"<{hit.kind}>")
        done = hit.end
    return "".join([*pieces, text[done:]])


def generalized(kind: str, value: str) -> str:
    """A date of birth as its year, an address as its commune; the tag where neither can be read."""
    if kind == "NAISSANCE" and (year := _YEAR.search(value)):
        return f"<{kind} {year.group(1)}>"
    if kind == "ADRESSE" and (commune := _COMMUNE.search(value)):
        return f"<{kind} {commune.group(1).strip()}>"
    return f"<{kind}>"


def _pseudonyms(
    texts: Sequence[str], hits: Sequence[Sequence[Hit]], settings: RedactionSettings, pseudonymize: Pseudonymize | None
) -> dict[tuple[str, str], str]:
    wanted = {
        (hit.kind, text[hit.start : hit.end]): None
        for text, found in zip(texts, hits, strict=True)
        for hit in found
        if settings.operator(hit.kind) is Operator.HASH
    }
    if not wanted:
        return {}
    if pseudonymize is None:
        raise RedactionError("a kind is to be replaced by pseudonyms, and no custody was given to make them")
    values = list(wanted)
    answer = pseudonymize(
        pa.array([f"{kind}:{' '.join(value.casefold().split())}" for kind, value in values], pa.string())
    )
    if len(answer) != len(values):
        raise RedactionError(f"custody answered {len(answer)} pseudonyms for {len(values)} values")
    spoken = [None if one is None else b32encode(one)[:13].decode().lower() for one in answer.to_pylist()]
    return {key: f"<{key[0]} {name}>" for key, name in zip(values, spoken, strict=True) if name is not None}
