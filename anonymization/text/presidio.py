"""Our recognizers inside Presidio: a registry for French that any `AnalyzerEngine` takes, under Presidio's own names.

The columns of this hub do not go through the analyzer, whose work for each text (artifacts, context words, a trace of
every decision) costs more than the recognizers themselves; whoever has an analyzer already adds these and gets the
same findings, overlaps resolved, with the reason of each in its explanation.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from anonymization.text.detector import Detector, detector
from anonymization.text.kinds import PRESIDIO
from anonymization.text.settings import DEFAULT, RedactionSettings

LANGUAGE = "fr"
_OURS = {theirs: ours for ours, theirs in PRESIDIO.items()}


class FrenchRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Every French recognizer as one of Presidio's: resolving overlaps needs them together."""

    def __init__(self, settings: RedactionSettings = DEFAULT) -> None:
        self._key = pickle.dumps(settings)
        super().__init__(
            supported_entities=list(PRESIDIO.values()), supported_language=LANGUAGE, name="ArdoiseFrenchRecognizer"
        )

    def load(self) -> None:
        """Load dictionaries and model.

        Raises:
            TextModelError: they are not installed.
        """
        self._detector()

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find `entities` (Presidio's names; all if empty) in a text."""
        wanted = {_OURS[name] for name in entities if name in _OURS} or set(PRESIDIO)
        results = []
        for hit in self._detector().detect([text])[0]:
            if hit.kind in wanted:
                explanation = AnalysisExplanation(hit.recognizer, hit.score, textual_explanation=hit.reason)
                results.append(RecognizerResult(PRESIDIO[hit.kind], hit.start, hit.end, hit.score, explanation))
        return results

    def _detector(self) -> Detector:
        return detector(self._key)


def french_registry(settings: RedactionSettings = DEFAULT) -> RecognizerRegistry:
    """A registry with nothing in it but :class:`FrenchRecognizer`."""
    return RecognizerRegistry(recognizers=[FrenchRecognizer(settings)], supported_languages=[LANGUAGE])
