"""The table of words, kept as one file from one process to the next: made in a second, loaded in a tenth of one.

It stands where Python keeps what it compiled of this package (`__pycache__`, or where `sys.pycache_prefix` says), for
the same reasons: whoever can write there can change the code as well, and where nobody can, it is made again each time.
Invariants:

- it holds only for the very sources it was made from: the digest of all of them is in its header;
- a file that is cut, altered or of another format is never used, and is replaced;
- it is written whole under another name first: no process ever reads half of one.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path

from anonymization.text import gazetteers

_FORMAT = b"words 1\n"
_DIGEST = 32  # bytes
_LEVEL = 1  # of compression: higher ones are slower and hardly smaller


def table(lexicon: str) -> dict[str, int]:
    """The table of words, from the file if it holds, else from its sources.

    Raises:
        TextModelError: a source is not installed, or can not be read; a file that is there does not hide it.
    """
    key = _key(gazetteers.sources(lexicon))
    path = _path(lexicon)
    found = None if path is None else _loaded(path, key)
    if found is None:
        found = gazetteers.build(lexicon)
        if path is not None:
            _keep(path, key, found)
    return found


def packed(words: Mapping[str, int], key: bytes) -> bytes:
    """The file: format, key, digest of the rest; then the words, compressed, flag by flag."""
    groups: dict[int, list[str]] = defaultdict(list)
    for word, flags in words.items():
        groups[flags].append(word)
    lines = ("\n".join([str(flags), *sorted(group)]) for flags, group in sorted(groups.items()))
    body = zlib.compress("\0".join(lines).encode(), _LEVEL)
    return _FORMAT + key + blake2b(body, digest_size=_DIGEST).digest() + body


def unpacked(data: bytes, key: bytes) -> dict[str, int] | None:
    """The words of a file; None if it was made from other sources, or is not as it was written."""
    start = len(_FORMAT) + 2 * _DIGEST
    body = data[start:]
    if data[:start] != _FORMAT + key + blake2b(body, digest_size=_DIGEST).digest():
        return None
    words: dict[str, int] = {}
    for group in zlib.decompress(body).decode().split("\0"):
        flags, _, rest = group.partition("\n")
        words.update(dict.fromkeys(rest.split("\n"), int(flags)))
    return words


def _key(sources: Iterable[Path]) -> bytes:
    key = blake2b(digest_size=_DIGEST)
    for path in sources:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise gazetteers.unreadable(path, error) from None
        key.update(f"{path.name}\0{len(content)}\0".encode())
        key.update(content)
    return key.digest()


def _path(lexicon: str) -> Path | None:
    try:
        return Path(cache_from_source(str(Path(__file__).with_name(f"words-{lexicon}.py")))).with_suffix(".words")
    except NotImplementedError:  # an interpreter that keeps nothing
        return None


def _loaded(path: Path, key: bytes) -> dict[str, int] | None:
    try:
        return unpacked(path.read_bytes(), key)
    except OSError:
        return None


def _keep(path: Path, key: bytes, words: Mapping[str, int]) -> None:
    """Write the file, or leave it: a folder that can not be written to is not an error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(packed(words, key))
            os.chmod(name, 0o644)
            os.replace(name, path)
        except OSError:
            os.unlink(name)
    except OSError:
        return
