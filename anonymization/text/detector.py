"""Finds personal data in texts: every recognizer over every text, the model over those where a doubt is left.

The work for a text that holds nothing is what decides the speed, so it is little: one folding, one cut into words,
one look-up a word; a family of shapes is searched only if the text has the digits or the sign that it needs.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from anonymization.errors import AnonymizationError, RedactionError
from anonymization.text.hit import Hit
from anonymization.text.names.forms import doubtful
from anonymization.text.names.scan import Scan
from anonymization.text.overlaps import resolve
from anonymization.text.reading import Reading, read
from anonymization.text.recognizers import (
    accounts,
    banking,
    births,
    births_beside,
    companies,
    energy,
    mails,
    networks,
    nir,
    papers,
    phones,
    plates,
    positions,
    references,
    tax,
)
from anonymization.text.recognizers.people import PeopleRecognizer
from anonymization.text.recognizers.places import PlaceRecognizer
from anonymization.text.recognizers.shapes import ShapeRecognizer
from anonymization.text.recognizers.shortlist import HEARD, Shortlist
from anonymization.text.settings import RedactionSettings
from anonymization.text.vocabulary import Vocabulary, load_vocabulary

_CHUNK = 512  # texts read together: bounds memory
_TAKES_NAMES = HEARD  # from this score on, what a recognizer found is not searched for names


class Recognizer(Protocol):
    """Finds one family of personal data in one text."""

    name: str
    kinds: tuple[str, ...]

    def find(self, reading: Reading) -> Iterator[Hit]:
        """Yield what is found, in folded places, in no order."""
        ...


class Detector:
    """The recognizers that some settings ask for, ready to read."""

    def __init__(self, settings: RedactionSettings) -> None:
        """Raises TextModelError if the dictionary, the gazetteers or the model are not installed."""
        self._settings = settings
        wanted = settings.kinds
        vocabulary = self._vocabulary = load_vocabulary(settings.lexicon)
        every = recognizers(vocabulary, settings)
        asked = [one for one in every if wanted is None or set(one.kinds) & set(wanted)]
        shaped = [one for one in asked if isinstance(one, ShapeRecognizer)]
        others = [one for one in asked if not isinstance(one, ShapeRecognizer)]
        self._finds = [Shortlist(shaped, settings.threshold).find, *(one.find for one in others)]
        self._people = None
        self._model = None
        if wanted is None or "NOM" in wanted:
            self._people = PeopleRecognizer(vocabulary, [read(phrase).plain for phrase in settings.known])
            if settings.model is not None:
                from anonymization.text.engine import load_model

                self._model = load_model(settings.model)
        self._places = PlaceRecognizer(vocabulary)

    def detect(self, texts: Sequence[str]) -> list[list[Hit]]:
        """What is in each text, in its own places, overlaps resolved; only what the settings' thresholds keep.

        Raises:
            RedactionError: a text could not be read; says how many were read together, never what they hold.
        """
        found: list[list[Hit]] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            try:
                found += self._chunk(chunk)
            except AnonymizationError:
                raise
            except Exception as error:
                # Whatever went wrong may quote the text: only its type goes on.
                raise RedactionError(f"{len(chunk)} texts could not be read ({type(error).__name__})") from None
        return found

    def _chunk(self, texts: Sequence[str]) -> list[list[Hit]]:
        readings = [read(text) for text in texts]
        hits: list[list[Hit]] = []
        scans: list[Scan | None] = []
        for reading in readings:
            own = [hit for find in self._finds for hit in find(reading)]
            hits.append(own)
            scans.append(self._scan(reading, own))
        seen = self._seen(scans)
        for own, scan, entities, reading in zip(hits, scans, seen, readings, strict=True):
            if scan is not None and self._people is not None:
                own.extend(self._people.hits(scan, entities))
            own.extend([*births_beside.beside(reading, own)])
        return [self._placed(reading, own) for reading, own in zip(readings, hits, strict=True)]

    def _scan(self, reading: Reading, own: list[Hit]) -> Scan | None:
        flags = list(map(self._vocabulary.judged.__getitem__, reading.words.plains))
        places = list(self._places.find(reading, flags))
        own.extend(places)
        if self._people is None:
            return None
        spans = [(hit.start, hit.end) for hit in places]
        taken = [
            (hit.start, hit.end) for hit in own if hit.score >= _TAKES_NAMES and hit.kind not in ("ADRESSE", "LIEU")
        ]
        contacts = [
            (hit.start, hit.end) for hit in own if hit.kind in ("TELEPHONE", "COURRIEL") and hit.score >= _TAKES_NAMES
        ]
        return self._people.scan(reading, flags, spans, taken, contacts)

    def _seen(self, scans: Sequence[Scan | None]) -> list[list[tuple[int, int, str]] | None]:
        """What the model sees in the texts where a doubt is left."""
        seen: list[list[tuple[int, int, str]] | None] = [None] * len(scans)
        if self._model is None:
            return seen
        doubts = [[] if scan is None else [scan.words.starts[index] for index in doubtful(scan)] for scan in scans]
        asked = [index for index, places in enumerate(doubts) if places]
        readings = [scan.reading for index in asked if (scan := scans[index]) is not None]
        answers = self._model.see(readings, [doubts[index] for index in asked])
        for index, answer in zip(asked, answers, strict=True):
            seen[index] = answer
        return seen

    def _placed(self, reading: Reading, hits: list[Hit]) -> list[Hit]:
        wanted, threshold = self._settings.kinds, self._settings.threshold
        kept = [hit for hit in hits if hit.score >= threshold(hit.kind) and (wanted is None or hit.kind in wanted)]
        resolved = resolve(kept)
        if reading.starts is None:
            return resolved
        return [
            hit._replace(start=start, end=end) for hit in resolved for start, end in [reading.place(hit.start, hit.end)]
        ]


def recognizers(vocabulary: Vocabulary, settings: RedactionSettings) -> list[Recognizer]:
    """Every recognizer but those of people and places, in no order that matters."""
    shapes: list[Recognizer] = [
        nir.RECOGNIZER,
        companies.RECOGNIZER,
        tax.RECOGNIZER,
        papers.RECOGNIZER,
        plates.RECOGNIZER,
        banking.RECOGNIZER,
        phones.RECOGNIZER,
        mails.RECOGNIZER,
        energy.ENERGY,
        energy.METERS,
        births.RECOGNIZER,
        positions.RECOGNIZER,
        networks.RECOGNIZER,
        accounts.HANDLES,
        accounts.LinkRecognizer(vocabulary),
        references.RECOGNIZER,
    ]
    return [*shapes, energy.declared(settings.meters)] if settings.meters else shapes


@lru_cache(maxsize=4)
def detector(settings_key: bytes) -> Detector:
    """The detector of some pickled settings; made once a process."""
    settings: RedactionSettings = pickle.loads(settings_key)  # noqa: S301  made by this process
    return Detector(settings)
