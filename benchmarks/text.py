"""What our detector finds in the annotated texts, next to Presidio as installed, and how fast each reads.

    python -m benchmarks.text [--half development|test|second_test|third_test] [--repeats 10]
                             [--systems ours,patterns,presidio] [--workers 2] [--misses]

* ours: `anonymization.text.redact` with its default settings;
* patterns: the same without a language model: patterns and gazetteer alone;
* presidio: Presidio's analyzer with its default recognizers for French, its default threshold and context, over every
  pipe of `fr_core_news_md`, in batches.

Prints per type recall and precision, by overlap and exact, means per group, characters of personal data left and
documents fully clean (see `tests.evaluation.scoring`), then texts a second and the ratio, on the same texts in the same
run. For the speed each text is repeated with another ending, so that reading each distinct text once helps nobody.
`--misses` shows what was missed and wrongly found in the development half; the test half is for counting only.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tests.evaluation.corpus import PEOPLE, STRUCTURED, Document, Entity, load
from tests.evaluation.scoring import Averages, Score, by_type, macro, masking, pooled

MODEL = "fr_core_news_md"
LONG = 160  # characters of the text that speeds are also quoted for
BATCH = 128
TITLES = ("recall", "any type", "precision", "exact R", "exact P")
WIDTHS = (9, 10, 11, 9, 9)
OTHER = "AUTRE"  # what a system finds that is none of the annotated types: masked, right for no type

# Presidio's names for what it finds in French, and ours. Places and dates are the nearest it has to an address and to a
# date of birth: it is credited where they overlap one.
PRESIDIO_TYPES = {
    "PERSON": "NOM",
    "LOCATION": "ADRESSE",
    "PHONE_NUMBER": "TELEPHONE",
    "EMAIL_ADDRESS": "COURRIEL",
    "DATE_TIME": "NAISSANCE",
    "IBAN_CODE": "IBAN",
    "CREDIT_CARD": "CARTE",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "URL": "LIEN",
    "UUID": "APPAREIL",
}

Findings = list[list[Entity]]
System = Callable[[Sequence[str]], Findings]


def ours(**changes: Any) -> System:
    """Our detector, with its default settings but for `changes`."""
    from anonymization.text import RedactionSettings, redact

    settings = replace(RedactionSettings(), **changes)

    def find(texts: Sequence[str]) -> Findings:
        return grouped(redact(pa.array(texts, pa.string()), settings).findings, len(texts))

    return find


def grouped(findings: pa.Table, rows: int) -> Findings:
    """The findings of a redaction, row by row; types that are not annotated become OTHER."""
    found: Findings = [[] for _ in range(rows)]
    columns = (findings[name].to_pylist() for name in ("row", "start", "end", "type"))
    for row, start, end, kind in zip(*columns, strict=True):
        found[row].append(Entity(start, end, kind if kind in PEOPLE | STRUCTURED else OTHER))
    return found


def presidio() -> System:
    """Presidio as its documentation installs it for another language than English."""
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    # Its recognizer of mail fetches a list of domains at the first text, unless told to use the one that is installed.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    wanted = {"nlp_engine_name": "spacy", "models": [{"lang_code": "fr", "model_name": MODEL}]}
    engine = NlpEngineProvider(nlp_configuration=wanted).create_engine()
    registry = RecognizerRegistry(supported_languages=["fr"])
    registry.load_predefined_recognizers(languages=["fr"], nlp_engine=engine)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["fr"])
    batches = BatchAnalyzerEngine(analyzer)

    def find(texts: Sequence[str]) -> Findings:
        return [
            [Entity(one.start, one.end, PRESIDIO_TYPES.get(one.entity_type, OTHER)) for one in found]
            for found in batches.analyze_iterator(texts, "fr", batch_size=BATCH)
        ]

    return find


# Each is made from the settings of ours that the command line changes; Presidio takes none.
SYSTEMS: dict[str, Callable[[dict[str, Any]], System]] = {
    "ours": lambda changes: ours(**changes),
    "patterns": lambda changes: ours(model=None, **changes),
    "presidio": lambda _: presidio(),
}


def quality(documents: Sequence[Document], findings: Findings) -> list[str]:
    """Lines of figures of one system."""
    scores = by_type(documents, findings)
    lines = [
        f"  {'':<32}{'annotated':>10}{'found':>7}"
        + "".join(f"{title:>{width}}" for title, width in zip(TITLES, WIDTHS, strict=True))
    ]
    lines += [_line(name, scores[name], scores[name]) for name in sorted(scores, key=_order)]
    for group, types in (("people", PEOPLE), ("structured types", STRUCTURED)):
        total = pooled(scores, types)
        lines += [
            _line(f"{group}, mean of types", total, macro(scores, types)),
            _line(f"{group}, pooled", total, total),
        ]
    left = masking(documents, findings)
    return [
        *lines,
        f"  characters of personal data left: {left.left} of {left.personal} ({left.left / max(left.personal, 1):.2%})",
        f"  harmless characters masked: {left.masked} of {left.harmless} ({left.masked / max(left.harmless, 1):.2%})",
        f"  documents fully clean: {left.clean} of {left.documents} ({left.clean / left.documents:.1%})",
    ]


def _order(name: str) -> tuple[int, str]:
    return (0 if name in PEOPLE else 1 if name in STRUCTURED else 2, name)


def _line(name: str, counts: Score, ratios: Score | Averages) -> str:
    shares = (ratios.recall, ratios.recall_any_type, ratios.precision, ratios.exact_recall, ratios.exact_precision)
    cells = ["-" if share is None else f"{share:.3f}" for share in shares]
    row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    return f"  {name:<32}{counts.annotated:>10}{counts.found:>7}{row}"


def misses(documents: Sequence[Document], findings: Findings) -> list[str]:
    """Each entity that no finding of its type touches, and each finding that touches none of its type."""
    lines = []
    for document, found in zip(documents, findings, strict=True):
        for sign, ones, others in (("-", document.entities, found), ("+", found, document.entities)):
            lines += [
                f"  {document.id} {sign} {one.type:<10} {document.text[one.start : one.end]!r}"
                for one in ones
                if not any(o.type == one.type and o.start < one.end and one.start < o.end for o in others)
            ]
    return lines


def lengthened(texts: Sequence[str], repeats: int) -> list[str]:
    """`repeats` times as many texts, all distinct."""
    return [f"{text} ({turn})" for turn in range(repeats) for text in texts]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="findings in the annotated texts, and speed")
    parser.add_argument("--half", choices=("development", "test", "second_test", "third_test"), default="development")
    parser.add_argument("--repeats", type=int, default=10, help="copies of each text for the speed; 0 for no speed")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="some of: %(default)s")
    parser.add_argument("--workers", type=int, help="processes of our detector; Presidio has one")
    parser.add_argument("--misses", action="store_true", help="show each error (development half only)")
    asked = parser.parse_args()
    asked.systems = asked.systems.split(",")
    if unknown := set(asked.systems) - set(SYSTEMS):
        parser.error(f"unknown system: {', '.join(sorted(unknown))}")
    if asked.misses and asked.half != "development":
        parser.error("the errors of the test half are counted, never shown")
    return asked


def main() -> None:
    """Measure the systems asked for."""
    asked = _asked()
    changes = {} if asked.workers is None else {"workers": asked.workers}
    documents = load(asked.half)
    texts = [document.text for document in documents]
    many = lengthened(texts, asked.repeats)
    seconds: dict[str, float] = {}
    print(f"{len(texts)} texts ({asked.half}), {sum(map(len, texts)) / len(texts):.0f} characters on average")
    for name in asked.systems:
        system = SYSTEMS[name](changes)
        findings = system(texts)  # which also warms it up
        print("\n".join(["", name, *quality(documents, findings)]))
        if asked.misses:
            print("\n".join(misses(documents, findings)))
        if many:
            began = time.perf_counter()
            system(many)
            seconds[name] = time.perf_counter() - began
    if seconds:
        print("\n".join(["", f"speed over {len(many)} distinct texts", *_speeds(seconds, many)]))


def _speeds(seconds: dict[str, float], many: Sequence[str]) -> list[str]:
    characters = sum(map(len, many))
    slowest = seconds.get("presidio")
    lines = []
    for name, spent in seconds.items():
        ratio = "" if slowest is None else f", {slowest / spent:.1f} x Presidio"
        speed, long = len(many) / spent, characters / LONG / spent
        lines.append(f"  {name:<10}{speed:>8.0f} texts/s, {long:.0f}/s of {LONG} characters{ratio}")
    return lines


if __name__ == "__main__":
    main()
