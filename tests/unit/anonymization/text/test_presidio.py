"""Our recognizers in somebody's Presidio, and what is refused when the network is."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from anonymization.text import RedactionSettings


def test_an_analyzer_finds_with_our_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    from anonymization.text.presidio import FrenchRecognizer

    def refuse(*_: object) -> None:
        raise AssertionError("no connection is to be made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    recognizer = FrenchRecognizer(RedactionSettings(model=None))
    text = "Mme Kerbrat, 06 39 98 12 34, sécu 2 55 08 99 999 999 66"
    results = recognizer.analyze(text, [])
    assert [one.entity_type for one in results] == ["PERSON", "PHONE_NUMBER", "FR_NIR"]
    assert text[results[0].start : results[0].end] == "Kerbrat"
    assert results[0].analysis_explanation.recognizer == "personnes"
    assert recognizer.analyze(text, ["PERSON"]) == results[:1]


def test_the_registry_is_one_that_presidio_takes() -> None:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    from anonymization.text.presidio import french_registry

    class Nothing(NlpEngine):  # type: ignore[misc]
        """An engine that finds nothing: our recognizers need none."""

        def load(self) -> None: ...

        def is_loaded(self) -> bool:
            return True

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            return NlpArtifacts([], [], [], [], self, language)

        def process_batch(self, texts: object, language: str, **_: object) -> object:
            raise NotImplementedError

        def is_stopword(self, word: str, language: str) -> bool:
            return False

        def is_punct(self, word: str, language: str) -> bool:
            return False

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return ["fr"]

    engine = AnalyzerEngine(french_registry(RedactionSettings(model=None)), Nothing(), supported_languages=["fr"])
    results = engine.analyze("rappeler Mme Kerbrat", "fr")
    assert [one.entity_type for one in results] == ["PERSON"]


def test_a_start_with_the_model_uses_no_network_and_little_memory() -> None:
    code = """
import socket

def refuse(*_):
    raise AssertionError("no connection is to be made")

socket.socket.connect = refuse
import pyarrow as pa
from anonymization.text import redact
assert redact(pa.array(["Voir Qorvalec hier"])).texts[0].as_py()
with open("/proc/self/status") as status:  # the peak of this process alone: getrusage also counts who started it
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(answer.stdout) < 600
