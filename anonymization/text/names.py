"""Recognizer of people's names: what the language model sees, and every word that may be a name.

The rule turns the usual one round: a word stays only if it is known to be ordinary. It is masked when

1. no dictionary knows it, or it is a first name that is never an ordinary word;
2. it bears a capital where no sentence begins (or is a doubtful first name with a capital anywhere);
3. it follows a title (« M. », « Mme », « je m'appelle », « nom : ») or closes a letter (« Cordialement, … »);
4. it stands beside a name found by 1 to 3 and has a capital, is an initial, or is a family name.

Words of a text written in capitals are judged as if they were in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from anonymization.text.lexicon import Lexicon
from anonymization.text.plain import plain

_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑][^\W\d_]+)*")
_TITLE = re.compile(
    r"\b(?:monsieur|madame|mademoiselle|messieurs|mesdames|mr|mrs|mme|mmes|mlle|dr|docteur|maitre|pere|soeur|famille|"
    r"m\.|me\.|(?:je\s)?m['’]\s?appelle|je\sme\snomme|me\snommant|nomme\w{0,2}|prenomme\w{0,2}|appele\w{0,2}|"
    r"(?:mon|ma|son|sa|le|la)?\s?(?:nom|prenom|pseudo)(?:\sest|\sde\sfamille)?\s?:?|signe\w?\s?:?|signature\s?:?|"
    r"contact\s?:|de\sla\spart\sd[e'’])\s?:?\s{0,2}"
)
_CLOSING = re.compile(
    r"\b(?:(?:bien\s)?cordialement|salutations(?:\s\w+)?|bien\s[aà]\svous|respectueusement|sinc[eè]rement|cdt|cdlt|"
    r"slts?|bonne\s(?:journ[eé]e|soir[eé]e|r[eé]ception)|dans\sl['’]attente[^.,;\n]{0,60})[\s,.;:!–-]{1,6}"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?…]\s+|\n\s*|[«\"“]\s*|[•*]\s*)$")
_INITIAL_DOT = re.compile(r"(?:^|\W)\w\.\s*$")
_LINK = re.compile(r"[\s.,'’&/-]{0,3}(?:(?:de|du|des|la|le|d|et|von|van|el|ben|da|dos)[\s'’]{1,2}){0,2}")
_CLOSING_LENGTH = 80  # characters: a longer end is not a signature


@dataclass(slots=True)
class _Word:
    start: int
    end: int
    plain: str
    title_case: bool
    capitals: bool
    opens_sentence: bool
    masked: bool = False


class NameRecognizer(LocalRecognizer):  # type: ignore[misc]
    """Presidio recognizer of names and, from the language model, of places."""

    def __init__(self, language: str, lexicon: Lexicon, keep: Sequence[str]) -> None:
        super().__init__(supported_entities=["NOM", "ADRESSE"], supported_language=language, name="NameRecognizer")
        self._lexicon = lexicon
        phrases = sorted((re.escape(plain(phrase)) for phrase in keep), key=len, reverse=True)
        self._keep = re.compile(rf"\b(?:{'|'.join(phrases)})\b" if phrases else r"(?!)")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find names in `text`; with `nlp_artifacts`, also the people and places that the model sees."""
        plain_text = plain(text)
        words = _words(text, plain_text)
        self._mask_names(words, plain_text)
        seen = [] if nlp_artifacts is None else nlp_artifacts.entities
        people = [(span.start_char, span.end_char) for span in seen if span.label_ in ("PER", "PERSON")]
        for word in words:
            inside = any(start <= word.start and word.end <= end for start, end in people)
            word.masked |= inside and not self._is_plainly_a_word(word)
        self._mask_neighbors(words, plain_text)
        kept = [match.span() for match in self._keep.finditer(plain_text)]
        titled = [match.end() for match in _TITLE.finditer(plain_text)]
        spans = [(word.start, word.end) for word in words if word.masked and not _kept(word, kept, titled)]
        found = [RecognizerResult("NOM", start, end, 0.7) for start, end in _joined(spans, plain_text)]
        places = [(span.start_char, span.end_char) for span in seen if span.label_ in ("LOC", "LOCATION", "GPE")]
        return found + [
            RecognizerResult("ADRESSE", start, end, 0.4)
            for start, end in places
            if any(start <= word.start < end and word.masked and not _kept(word, kept, titled) for word in words)
        ]

    def _is_plainly_a_word(self, word: _Word) -> bool:
        """Whether a capital that opens a sentence, or none, leaves no reason to take the word for a name."""
        lexicon = self._lexicon
        if word.plain in lexicon.function_words:
            return True
        listed = word.plain in lexicon.family_names or word.plain in lexicon.doubtful_names
        return word.opens_sentence and not listed and lexicon.knows(word.plain)

    def _mask_names(self, words: list[_Word], plain_text: str) -> None:
        lexicon = self._lexicon
        shouted = sum(word.capitals for word in words) > len(words) / 2
        for word in words:
            if word.plain in lexicon.function_words or len(word.plain) == 1:
                continue
            word.masked = word.plain in lexicon.first_names or not lexicon.knows(word.plain)
            if word.title_case and not word.opens_sentence:
                word.masked = True
            if (word.title_case or word.capitals) and word.plain in lexicon.doubtful_names:
                word.masked = True
            if word.capitals and not shouted and word.plain in lexicon.family_names:
                word.masked = True
        for title in _TITLE.finditer(plain_text):
            self._mask_after(words, title.end())
        for closing in _CLOSING.finditer(plain_text):
            if len(plain_text) - closing.end() <= _CLOSING_LENGTH:
                for word in words:
                    word.masked |= word.start >= closing.end() and word.plain not in lexicon.function_words

    def _mask_after(self, words: list[_Word], start: int) -> None:
        """Mask up to three words that follow a title; the first whatever it is, if it is not a function word."""
        following = [word for word in words if start <= word.start <= start + 60][:3]
        for rank, word in enumerate(following):
            named = word.title_case or word.capitals or word.masked or word.plain in self._lexicon.family_names
            if (rank == 0 and word.start > start + 1) or word.plain in self._lexicon.function_words:
                return
            if rank and not named:
                return
            word.masked = True

    def _mask_neighbors(self, words: list[_Word], plain_text: str) -> None:
        lexicon = self._lexicon
        certain = [word.masked for word in words]
        for index, word in enumerate(words):
            if certain[index] or (word.plain in lexicon.function_words and len(word.plain) > 1):
                continue
            for other in (index - 1, index + 1):
                if not (0 <= other < len(words)) or not certain[other]:
                    continue
                before, after = sorted((word, words[other]), key=lambda item: item.start)
                if not _LINK.fullmatch(plain_text, before.end, after.start):
                    continue
                initial = len(word.plain) == 1 and (word.title_case or word.capitals)
                listed = word.plain in lexicon.family_names or word.plain in lexicon.doubtful_names
                follows_first_name = other < index and words[other].plain in lexicon.first_names
                if initial or listed or follows_first_name or word.title_case or word.capitals:
                    word.masked = True


def _words(text: str, plain_text: str) -> list[_Word]:
    words = []
    for match in _WORD.finditer(plain_text):
        raw = text[match.start() : match.end()]
        before = plain_text[max(0, match.start() - 12) : match.start()]
        opens = bool(_SENTENCE_START.search(before)) and not _INITIAL_DOT.search(before)
        capitals = len(raw) > 1 and raw.isupper()
        title_case = raw[0].isupper() and not capitals
        words.append(
            _Word(
                match.start(),
                match.end(),
                match.group().replace("‐", "-").replace("‑", "-"),
                title_case,
                capitals,
                opens or match.start() == 0,
            )
        )
    return words


def _kept(word: _Word, kept: list[tuple[int, int]], titled: list[int]) -> bool:
    """Whether the word is part of a phrase to keep, and that phrase does not follow a title."""
    return any(start <= word.start and word.end <= end and start not in titled for start, end in kept)


def _joined(spans: list[tuple[int, int]], plain_text: str) -> list[tuple[int, int]]:
    """Spans that only a space, a hyphen or a particle separates, made one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if (
            joined
            and _LINK.fullmatch(plain_text, joined[-1][1], start)
            and "\n" not in plain_text[joined[-1][1] : start]
        ):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
