"""The language model, with nothing of it but what finds people: its vectors, and its `ner` pipe.

What a full pipeline spends on tagging, parsing and lemmas is not spent, and the tokenizer is ours: importing the
French one takes longer than everything else here, and its words are those that recognizers have already. Nothing
reaches the network: a model that is not installed is an error, never a smaller search.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anonymization.errors import TextModelError
from anonymization.text.reading import Reading

_TOKEN = re.compile(r"[^\W\d_]{1,6}'|\w+(?:-\w+)*|[^\w\s]|\n+")
_BATCH = 128
_MOST_TOKENS = 400  # a longer text is read in pieces: the model's memory follows the longest
Seen = list[tuple[int, int, str]]


class PeopleModel:
    """Finds people, places and organizations by their place in the sentence."""

    def __init__(self, nlp: Any, ner: Any) -> None:
        self._vocab, self._ner = nlp.vocab, ner

    def see(self, readings: Sequence[Reading]) -> list[Seen]:
        """What it finds in each text, as (start, end, label) in folded places."""
        from spacy.tokens import Doc

        docs, owners, tokens = [], [], []
        for owner, reading in enumerate(readings):
            text = reading.text if reading.starts is None else reading.cased
            found = list(_TOKEN.finditer(text.replace("’", "'")))
            for start in range(0, len(found), _MOST_TOKENS):
                piece = found[start : start + _MOST_TOKENS]
                spaces = [one.end() < two.start() for one, two in itertools.pairwise(piece)]
                docs.append(Doc(self._vocab, words=[token.group() for token in piece], spaces=[*spaces, False]))
                owners.append(owner)
                tokens.append(piece)
        seen: list[Seen] = [[] for _ in readings]
        for owner, piece, doc in zip(owners, tokens, self._ner.pipe(docs, batch_size=_BATCH), strict=True):
            for entity in doc.ents:
                seen[owner].append((piece[entity.start].start(), piece[entity.end - 1].end(), entity.label_))
        return seen


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
    import spacy
    from spacy.util import load_config

    config = dict(load_config(folder / "config.cfg", interpolate=True)["components"]["ner"])
    del config["factory"]
    nlp = spacy.blank("xx")
    nlp.vocab.from_disk(folder / "vocab")
    ner = nlp.add_pipe("ner", config=config)
    ner.from_disk(folder / "ner", exclude=["vocab"])
    return PeopleModel(nlp, ner)
