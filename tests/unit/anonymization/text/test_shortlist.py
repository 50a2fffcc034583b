"""Shapes that are skipped would have found nothing: the quick path answers what trying every shape does."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymization.text.detector import recognizers
from anonymization.text.hit import Hit
from anonymization.text.reading import read
from anonymization.text.recognizers.shapes import Context, Shape, ShapeRecognizer, words
from anonymization.text.recognizers.shortlist import HEARD, Shortlist
from anonymization.text.settings import RedactionSettings
from anonymization.text.vocabulary import load_vocabulary
from tests.evaluation.corpus import load
from tests.unit.anonymization.text import test_sentences, test_sentences_accounts, test_sentences_addresses
from tests.unit.anonymization.text.marked import MARK
from tests.unit.anonymization.text.test_births import BIRTHS
from tests.unit.anonymization.text.test_other_dates import OTHER_DATES
from tests.unit.anonymization.text.test_recognizers import FOUND, LEFT
from tests.unit.anonymization.text.test_sentences_accounts import NO_ACCOUNT

SETTINGS = RedactionSettings(model=None, meters=(r"zx\d{5}",))
RECOGNIZERS = [
    one for one in recognizers(load_vocabulary(SETTINGS.lexicon), SETTINGS) if isinstance(one, ShapeRecognizer)
]
SHORTLIST = Shortlist(RECOGNIZERS, SETTINGS.threshold)
SHAPES = [(one.name, shape) for one in RECOGNIZERS for shape in one.shapes]
EVERYTHING = Shortlist(RECOGNIZERS, lambda _: 0.0)
CONTEXTS = {shape.context.pattern: shape.context for _, shape in SHAPES if shape.context is not None}


def every(text: str, least: float) -> set[Hit]:
    reading = read(text)
    return {hit for one in RECOGNIZERS for hit in one.find(reading) if hit.score >= least}


def quick(text: str, shortlist: Shortlist, least: float) -> set[Hit]:
    return {hit for hit in shortlist.find(read(text)) if hit.score >= least}


def same(text: str) -> None:
    assert quick(text, EVERYTHING, 0.0) == every(text, 0.0)
    kept = min(HEARD, SETTINGS.threshold("NIR"))
    assert quick(text, SHORTLIST, kept) == every(text, kept)


@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace(" ", "\u00a0"), lambda text: text[::-1]])
def test_development_texts(change: type[str]) -> None:
    for document in load("development"):
        same(change(document.text))


# Ways of writing each identifier, made from the patterns themselves, in texts that announce them or not. The longest
# patterns take hypothesis too long: sentences of the other tests stand for them.
ANNOUNCED = "passeport, cni, nir, iban, permis, badge, plaque, imei, tva, siret : {}"
FRAMES = ("{}", "vu {} hier", ANNOUNCED, "12{}", "({})", "x-{}")
SIGNS = st.sampled_from("0123456789abcdefghijklmnopqrstuvwxyz .,-/:@+#_()[]'*=%°\n")
SHORT = [shape for _, shape in SHAPES if len(shape.pattern.pattern) < 350 and "(?=" not in shape.pattern.pattern]


@pytest.mark.parametrize("place", range(len(SHORT)))
def test_whatever_a_shape_matches_is_found(place: int) -> None:
    @given(st.from_regex(SHORT[place].pattern, alphabet=SIGNS), st.sampled_from(FRAMES))
    @settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(value: str, frame: str) -> None:
        same(frame.format(value))

    check()


def test_written_sentences() -> None:
    for text in [*BIRTHS, *OTHER_DATES, *(frame.format(value) for _, frame, value in FOUND), *LEFT, *NO_ACCOUNT]:
        same(text.replace("{", "").replace("}", ""))
    for marked in (*test_sentences.FOUND, *test_sentences_accounts.FOUND, *test_sentences_addresses.FOUND):
        same(MARK.sub(r"\2", marked))


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=lambda context: context.pattern.pattern[20:40])
def test_the_marks_of_a_context_stand_in_whatever_it_finds(context: Context) -> None:
    @given(st.from_regex(context.pattern, fullmatch=True))
    @settings(max_examples=20, deadline=None, derandomize=True)
    def check(found: str) -> None:
        parts = set(re.findall(r"[^\W\d_]+", found))
        assert not context.marks or any(mark in found if len(mark) > 2 else mark in parts for mark in context.marks)

    check()


@given(st.text(st.sampled_from("0123456789 .-/:@+#abcdefnirtel°'\n"), max_size=60))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text(text: str) -> None:
    same(text)


@pytest.mark.parametrize(
    ("alternatives", "marks"),
    [
        (("cartes?", r"immat\w*"), ("carte", "immat")),
        (("ss", r"s/n"), ("ss", "s")),
        ((r"n\.?i\.?r",), ()),
        (("gps", r"(?:a|b)"), ()),
        ((r"carte (?:de )?dechet\w*",), ("dechet",)),
    ],
)
def test_the_letters_that_a_context_surely_has(alternatives: tuple[str, ...], marks: tuple[str, ...]) -> None:
    assert words(*alternatives).marks == marks


def test_a_shape_that_never_reaches_its_threshold_is_left_out() -> None:
    faint = ShapeRecognizer("faint", [Shape("SIREN", re.compile("abc"), "pour voir", 0.3)])
    assert Shortlist([faint], lambda _: 0.4).find(read("abc")) == []
    assert len(Shortlist([faint], lambda _: 0.3).find(read("abc"))) == 1
