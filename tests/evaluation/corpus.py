"""Reads the annotated texts of `tests/evaluation/`, whose format `README.md` describes.

Anything that is not in the format is refused with its file and line: an annotation read wrongly would be a measure
that means nothing. Offsets are in code points of the text without its marks, which is in Unicode NFC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
KINDS = frozenset({"signalement", "note", "message", "contribution"})
PEOPLE = frozenset({"NOM"})
# fmt: off
STRUCTURED = frozenset({
    "ADRESSE", "TELEPHONE", "COURRIEL", "NIR", "NAISSANCE", "PLAQUE", "IBAN", "CARTE", "SIREN",
    "SIRET", "TVA", "FISCAL", "PASSEPORT", "CNI", "SEJOUR", "PERMIS", "PRM", "PCE",
    "COMPTEUR", "POSITION", "IP", "MAC", "APPAREIL", "COMPTE", "LIEN",
})
# fmt: on
TYPES = PEOPLE | STRUCTURED

_FILE = re.compile(rf"\d\d-(?:{'|'.join(sorted(KINDS))}|melange)\.txt")
_HEADER = re.compile(r"# (\S+) (\S+)")
_MARK = re.compile(r"\[\[|\]\]")
_SEPARATOR = "---"


class CorpusError(ValueError):
    """A text that is not in the format; says the file and the line."""


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """What one pair of marks held: `text[start:end]`."""

    start: int
    end: int
    type: str  # of TYPES


@dataclass(frozen=True, slots=True)
class Document:
    """One annotated text; entities in order, none overlapping."""

    id: str
    kind: str  # of KINDS
    text: str
    entities: tuple[Entity, ...]


def load(half: str, folder: Path = FOLDER) -> list[Document]:
    """Every text of a half (a folder: `development`, `test`, `third_test`…), in the order of files and lines.

    Raises:
        CorpusError: a file is not in the format, an id comes twice, or there is no text.
    """
    documents: list[Document] = []
    seen: set[str] = set()
    for path in sorted((folder / half).glob("*.txt")):
        if not _FILE.fullmatch(path.name):
            raise CorpusError(f"{path.name}: not named <nn>-<kind>.txt")
        for line, document in parse(_read(path), path.name):
            if document.id in seen:
                raise CorpusError(f"{path.name}, line {line}: the id {document.id} comes twice")
            seen.add(document.id)
            documents.append(document)
    if not documents:
        raise CorpusError(f"{half}: no text")
    return documents


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CorpusError(f"{path.name}, line {line}: not UTF-8") from None


def parse(content: str, name: str) -> Iterator[tuple[int, Document]]:
    """Each text of a file's content, with the line of its header. `name` is told in errors."""
    lines = content.split("\n")
    for number, line in enumerate(lines, 1):
        if "\r" in line:
            raise CorpusError(f"{name}, line {number}: carriage return")
        if not unicodedata.is_normalized("NFC", line):
            raise CorpusError(f"{name}, line {number}: not Unicode NFC")
    starts = [0, *(index + 1 for index, line in enumerate(lines) if line == _SEPARATOR)]
    for start, end in zip(starts, [*(index - 1 for index in starts[1:]), len(lines)], strict=True):
        yield _document(lines[start:end], start + 1, name)


def _document(lines: list[str], line: int, name: str) -> tuple[int, Document]:
    while lines and not lines[0].strip():
        lines, line = lines[1:], line + 1
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        raise CorpusError(f"{name}, line {line}: « # <id> <kind> » is wanted")
    if header.group(2) not in KINDS:
        raise CorpusError(f"{name}, line {line}: unknown kind {header.group(2)}")
    body = "\n".join(lines[1:])
    content = body.strip()
    if not content:
        raise CorpusError(f"{name}, line {line}: no text")
    first = line + 1 + body[: body.index(content)].count("\n")
    text, entities = annotated(content, first, name)
    return line, Document(header.group(1), header.group(2), text, entities)


def annotated(content: str, line: int, name: str) -> tuple[str, tuple[Entity, ...]]:
    """The text without its marks, and what they held. `line` is the one where `content` begins.

    Raises:
        CorpusError: a mark without its other half, one inside another, an unknown type, or a surface that is empty or
            has white space at its edges.
    """
    pieces: list[str] = []
    entities: list[Entity] = []
    length = done = 0
    opened: int | None = None
    for mark in _MARK.finditer(content):
        where = f"{name}, line {line + content.count(chr(10), 0, mark.start())}"
        if mark.group() == "[[":
            if opened is not None:
                raise CorpusError(f"{where}: an entity inside another")
            opened, piece = mark.end(), content[done : mark.start()]
        elif opened is None:
            raise CorpusError(f"{where}: « ]] » closes nothing")
        else:
            kind, piece = _surface(content[opened : mark.start()], where)
            entities.append(Entity(length, length + len(piece), kind))
            opened = None
        pieces.append(piece)
        length, done = length + len(piece), mark.end()
    if opened is not None:
        raise CorpusError(f"{name}, line {line + content.count(chr(10), 0, opened)}: « [[ » is never closed")
    return "".join([*pieces, content[done:]]), tuple(entities)


def _surface(marked: str, where: str) -> tuple[str, str]:
    kind, bar, surface = marked.partition("|")
    if not bar or kind not in TYPES:
        raise CorpusError(f"{where}: unknown type {kind}")
    if not surface.strip():
        raise CorpusError(f"{where}: an empty entity")
    if surface != surface.strip():
        raise CorpusError(f"{where}: white space at the edge of an entity")
    return kind, surface
