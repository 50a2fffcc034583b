"""The words that may stay in a redacted text: the dictionary that comes with the French model, and our short lists.

The dictionary is the one of the model's lemmatizer (spaCy lookups data, from Lefff and Wiktionary): some 240 000 forms
once accents and case are left out. It is read once, and the lemmatizer itself is never loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from anonymization.errors import TextModelError
from anonymization.text.plain import plain

# The dictionary does not list every inflected form: plural and feminine, and the endings of verbs in -er.
_ENDINGS = ("s", "x", "e", "es")
_VERB_ENDINGS = ("e", "es", "ent", "ais", "ait", "aient", "ant", "ez", "ons", "era", "eront", "erait", "eraient")
_WORDS = Path(__file__).resolve().parent / "words"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Sets of plain words: see :func:`~anonymization.text.plain.plain`."""

    known: frozenset[str]  # every word that is not a name by itself
    function_words: frozenset[str]  # never part of a name, unless inside one
    first_names: frozenset[str]  # always names
    doubtful_names: frozenset[str]  # names when they bear a capital
    family_names: frozenset[str]  # names beside a name

    def knows(self, word: str) -> bool:
        """Whether a plain word, or each part of a hyphenated one, is an ordinary word."""
        return all(not part or self._knows_part(part) for part in word.split("-")) or word in self.known

    def _knows_part(self, word: str) -> bool:
        if word in self.known:
            return True
        if word in self.first_names:
            return False
        stems = {word[: -len(ending)] for ending in _ENDINGS if word.endswith(ending)}
        stems |= {word[: -len(ending)] + "er" for ending in _VERB_ENDINGS if word.endswith(ending)}
        return any(stem in self.known for stem in stems if len(stem) > 2)


def word_list(name: str) -> frozenset[str]:
    """The words of a file of `words/`; lines that begin with # are comments."""
    lines = (_WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=2)
def load_lexicon(model: str) -> Lexicon:
    """Read the dictionary of an installed spaCy model.

    Raises:
        TextModelError: the model is not installed or has no dictionary.
    """
    names = word_list("first_names")
    function_words = word_list("function_words")
    dictionary = {plain(word) for word in _dictionary(model)}
    dictionary |= {word.replace("œ", "oe") for word in dictionary if "œ" in word}
    known = frozenset(dictionary - names) | function_words | word_list("common_words")
    return Lexicon(known, function_words, names, word_list("doubtful_names"), word_list("family_names"))


def _dictionary(model: str) -> Iterator[str]:
    from spacy.lookups import Lookups

    try:
        folder = Path(str(import_module(model).__file__)).parent
        data = next(folder.glob(f"{model}-*"))
        lookups = Lookups().from_disk(data / "lemmatizer" / "lookups")
        for forms in lookups.get_table("lemma_exc").values():
            yield from forms
        for lemmas in lookups.get_table("lemma_index").values():
            yield from lemmas
        for lemmas in lookups.get_table("lemma_lookup").values():
            yield from lemmas
    except (ImportError, OSError, StopIteration, KeyError) as error:
        raise TextModelError(
            f"the language model « {model} » is not installed or has no dictionary ({type(error).__name__}): "
            "install it with the project's requirements"
        ) from None
