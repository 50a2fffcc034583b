"""Names of people, from three signals: the gazetteers, the words around, and the language model where these two leave a doubt.

Each word gets the weight of the best reason found for it; a capital counts where capitals are used, and nothing in a text
written in capitals. In order:

1. what a word is by itself: a first name, a family name with a capital (:mod:`~anonymization.text.names.forms`);
2. titles, roles, phrases, signatures (:mod:`~anonymization.text.names.clues`);
3. the model, if there is one, on the doubtful words only;
4. what stands beside a sure name (:mod:`~anonymization.text.names.joining`).

A word inside the name of a place is never a person's, unless a title stands right before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from anonymization.text.hit import Hit
from anonymization.text.names.clues import follow_clues
from anonymization.text.names.forms import heed, judge_forms
from anonymization.text.names.joining import SURELY, join, spread
from anonymization.text.names.scan import Scan, Spans, describe
from anonymization.text.reading import Reading
from anonymization.text.vocabulary import Vocabulary


class PeopleRecognizer:
    """Finds names (`NOM`); :meth:`scan` and :meth:`hits` are apart so that a model can speak between them."""

    name = "personnes"
    kinds = ("NOM",)

    def __init__(self, vocabulary: Vocabulary, known: Sequence[str] = ()) -> None:
        """`known`: folded phrases that are never hits: public figures, the territory's communes."""
        self._vocabulary = vocabulary
        alternatives = "|".join(re.escape(phrase) for phrase in sorted(known, key=len, reverse=True))
        self._known = re.compile(rf"(?<![\w])(?:{alternatives})(?![\w])") if alternatives else None

    def scan(self, reading: Reading, flags: list[int], places: Spans, taken: Spans, contacts: Spans) -> Scan | None:
        """Judge each word of a text, apart from what the model would say; None if no word may be a name.

        Args:
            flags: what the vocabulary says of each word.
            places: spans of places' names.
            taken: spans that other recognizers are sure of.
            contacts: telephone numbers and e-mail addresses: a name often stands beside.
        """
        scan = describe(reading, flags, places, taken)
        if scan is not None:
            judge_forms(scan, self._vocabulary)
            follow_clues(scan, self._vocabulary, contacts)
            spread(scan, self._vocabulary, SURELY)
        return scan

    def hits(self, scan: Scan, seen: Sequence[tuple[int, int, str]] | None) -> Iterator[Hit]:
        """Yield the names. `seen`: what the model found, as (start, end, label); None if there is no model."""
        if seen is not None:
            heed(scan, seen)
        spread(scan, self._vocabulary)
        if any(scan.score):
            known = [match.span() for match in self._known.finditer(scan.reading.plain)] if self._known else []
            yield from join(scan, self.name, known)
