"""What a rotation leaves behind in the trusted zone is cleared away: the old epoch's pointers, manifests and parts.

A day is left to whoever was still reading them. Whatever no pointer of the current generation, or of a later one that
is being written, leads to is removed: rows of an ended epoch, and superseded parts with them. So is what protected
tables were made of under it: from then on what was published of those periods stays as it is.
"""

from __future__ import annotations

from datetime import timedelta

from pipeline.hub import Hub
from storage import read_generations, read_manifest, read_pointer
from storage.zones import memory_prefix, parse_memory_key, parse_pointer_key, trusted_prefix

LONGEST_READ = timedelta(days=1)  # nobody reads a period for longer


def retire(hub: Hub) -> int:
    """Remove what the datasets that ever rotated no longer need; return how many objects that was."""
    generations = read_generations(hub.private)
    return sum(_retire(hub, dataset, generations.of(dataset)) for dataset in sorted(generations.datasets))


def _retire(hub: Hub, dataset: str, generation: int) -> int:
    before = hub.now() - LONGEST_READ
    stored = list(hub.private.list(trusted_prefix(dataset)))
    needed: set[str] = set()
    for item in stored:
        place = parse_pointer_key(item.key)
        if place is None or place.generation < generation:
            continue
        found = read_pointer(hub.private, place.dataset, place.major, place.period, generation=place.generation)
        if found is not None:
            parts = read_manifest(hub.private, found[0]).parts
            needed |= {item.key, found[0].key, *(part.key for part in parts)}
    left = [item.key for item in stored if item.key not in needed and item.modified < before]
    left += [item.key for item in hub.private.list(memory_prefix(dataset)) if _is_of_the_past(item.key, generation)]
    for key in left:
        hub.private.delete(key)
    return len(left)


def _is_of_the_past(key: str, generation: int) -> bool:
    """Whether what is remembered of a protected table bears the pseudonyms of an ended epoch."""
    found = parse_memory_key(key)
    return found is not None and found[0] < generation
