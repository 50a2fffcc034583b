"""The language model, with nothing of it but what finds people: its vectors, and its `ner` pipe.

What a full pipeline spends on tagging, parsing and lemmas is not spent, and the tokenizer is ours: importing the
French one takes longer than everything else here, and its words are those that recognizers have already. Nothing
reaches the network: a model that is not installed is an error, never a smaller search.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from anonymization.errors import TextModelError
from anonymization.text.reading import Reading

_TOKEN = re.compile(r"[^\W\d_]{1,6}'|\w+(?:-\w+)*|[^\w\s]|\n+")
_BATCH = 256
# The model's convolutions see four tokens to each side (its `depth`): what is further off changes nothing.
_AROUND = 8
_MOST_TOKENS = 400  # of one piece: the model's memory follows the longest
Seen = list[tuple[int, int, str]]


class PeopleModel:
    """Finds people, places and organizations by their place in the sentence."""

    def __init__(self, vocab: Any, ner: Any) -> None:
        self._vocab, self._ner = vocab, ner

    def see(self, readings: Sequence[Reading], places: Sequence[Sequence[int]]) -> list[Seen]:
        """What it finds around some places of each text, as (start, end, label); places are of folded signs."""
        from spacy.tokens import Doc

        docs, owners, pieces = [], [], []
        for owner, (reading, wanted) in enumerate(zip(readings, places, strict=True)):
            text = reading.text if reading.starts is None else reading.cased
            tokens = list(_TOKEN.finditer(text.replace("’", "'")))
            for piece in _pieces(tokens, wanted):
                spaces = [one.end() < two.start() for one, two in pairwise(piece)]
                docs.append(Doc(self._vocab, words=[token.group() for token in piece], spaces=[*spaces, False]))
                owners.append(owner)
                pieces.append(piece)
        seen: list[Seen] = [[] for _ in readings]
        for owner, piece, doc in zip(owners, pieces, self._ner.pipe(docs, batch_size=_BATCH), strict=True):
            for entity in doc.ents:
                seen[owner].append((piece[entity.start].start(), piece[entity.end - 1].end(), entity.label_))
        return seen


def _pieces(tokens: list[re.Match[str]], wanted: Sequence[int]) -> Iterator[list[re.Match[str]]]:
    """The tokens around some places, cut where nothing is wanted for long."""
    begin = end = 0
    starts = [token.start() for token in tokens]
    for place in sorted(wanted):
        index = bisect_right(starts, place) - 1
        if end and (index - _AROUND > end or index - begin > _MOST_TOKENS):
            yield tokens[begin:end]
            begin = max(end, index - _AROUND)
        elif not end:
            begin = max(0, index - _AROUND)
        end = min(len(tokens), index + _AROUND + 1)
    if end > begin:
        yield tokens[begin:end]


@lru_cache(maxsize=2)
def load_model(name: str) -> PeopleModel:
    """The `ner` pipe of an installed model; made once a process.

    Raises:
        TextModelError: it is not installed, or is of another make.
    """
    try:
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError
        folder = next(Path(spec.submodule_search_locations[0]).glob(f"{name}-*"))
        return _loaded(folder)
    except (ImportError, OSError, StopIteration, KeyError, ValueError) as error:
        raise TextModelError(
            f"the language model « {name} » does not load ({type(error).__name__}): "
            "install it with the project's requirements"
        ) from None


def _loaded(folder: Path) -> PeopleModel:
    import numpy as np
    import srsly
    from spacy.language import BaseDefaults
    from spacy.pipeline.ner import EntityRecognizer
    from spacy.util import load_config, registry
    from spacy.vocab import create_vocab
    from thinc.api import NumpyOps

    # No `Language` is made: it would load every pipe that any installed package declares, Presidio's among them.
    config = load_config(folder / "config.cfg", interpolate=True)["components"]["ner"]
    model = registry.resolve({"model": config["model"]})["model"]
    # Of the vocabulary, the vectors alone: its strings are names for hashes, and the pipe reads hashes.
    vocab = create_vocab("xx", BaseDefaults)
    vocab.vectors.data = np.load(folder / "vocab" / "vectors")
    vocab.vectors.key2row = srsly.read_msgpack(folder / "vocab" / "key2row")
    ner = EntityRecognizer(vocab, model, moves=config["moves"])
    ner.from_disk(folder / "ner", exclude=["vocab"])
    # Most of the time goes into products of matrices: numpy's library is faster at them than the one spaCy brings.
    arithmetic = NumpyOps(use_blis=False)
    for layer in ner.model.walk():
        layer.ops = arithmetic
    return PeopleModel(vocab, ner)
