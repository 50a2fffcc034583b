"""Presidio's analyzer for French, with nothing in it but what redaction needs.

Only the `ner` pipe of the model is loaded; recognizers are ours, and Presidio's context enhancer is left out because
our patterns carry their own context. Nothing here reaches the network: a model that is not installed is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache

import spacy
from presidio_analyzer import (
    AnalyzerEngine,
    BatchAnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine

from anonymization.errors import TextModelError
from anonymization.text.lexicon import load_lexicon
from anonymization.text.names import NameRecognizer
from anonymization.text.patterns import AddressRecognizer, ShapeRecognizer

LANGUAGE = "fr"
_BATCH_SIZE = 128
# The tokenizer that the model saved is the one of its language, already built: reading it again costs seconds.
_UNUSED = ("tokenizer", "tok2vec", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer")


class _NerEngine(SpacyNlpEngine):  # type: ignore[misc]
    """Loads an installed spaCy model without the parts that redaction does not use."""

    def load(self) -> None:
        """Load the model from the environment, never from the network."""
        name = self.models[0]["model_name"]
        try:
            self.nlp = {LANGUAGE: spacy.load(name, exclude=_UNUSED)}
        except (OSError, ValueError) as error:
            raise TextModelError(
                f"the language model « {name} » does not load ({type(error).__name__}): "
                "install it with the project's requirements"
            ) from None


class _NoContext(ContextAwareEnhancer):  # type: ignore[misc]
    """Leaves scores as they are."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Return what was found, unchanged."""
        return raw_results


@lru_cache(maxsize=2)
def french_analyzer(model: str, keep: tuple[str, ...]) -> BatchAnalyzerEngine:
    """The analyzer over an installed spaCy model; made once a process, in a few seconds.

    Raises:
        TextModelError: the model is not installed.
    """
    logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)  # it tells several lines a text
    engine = _NerEngine(
        models=[{"lang_code": LANGUAGE, "model_name": model}],
        ner_model_configuration=NerModelConfiguration(labels_to_ignore=["MISC", "ORG"]),
    )
    engine.load()
    lexicon = load_lexicon(model)
    recognizers = [ShapeRecognizer(LANGUAGE), AddressRecognizer(LANGUAGE, lexicon)]
    registry = RecognizerRegistry(
        recognizers=[*recognizers, NameRecognizer(LANGUAGE, lexicon, keep)], supported_languages=[LANGUAGE]
    )
    analyzer = AnalyzerEngine(
        registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE], context_aware_enhancer=_NoContext()
    )
    return BatchAnalyzerEngine(analyzer)


def analyze(analyzer: BatchAnalyzerEngine, texts: Iterable[str]) -> list[list[RecognizerResult]]:
    """What is found in each text, in order."""
    found: list[list[RecognizerResult]] = analyzer.analyze_iterator(texts, LANGUAGE, batch_size=_BATCH_SIZE)
    return found
