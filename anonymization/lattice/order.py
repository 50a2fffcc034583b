"""In which order open nodes are visited. Any order gives the same optimum; a good one evaluates few nodes.

Where suppression and levels are priced cell by cell, what decides a node is mostly whether it is hopeless. That is
guessed from its information: the sum over attributes of the entropy (bits) of the generalized values, against what
groups of k rows can hold. The node visited is the one expected to close most nodes under it; the guess learns.

For metrics of classes, paths are searched by halves instead, as prices there close nodes upwards too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from anonymization.lattice.grouping import Base, Booleans, Levels

Floats = NDArray[np.float64]

_SPREAD = 1.0  # bits over which a node goes from surely fine to surely hopeless
_LEARNING = 0.4
_VISITS_PER_COUNT = 8  # what lies under each node is counted anew after as many visits


class ByGuess:
    """Yields the open node expected to close most."""

    def __init__(self, base: Base, k: int, opened: Booleans) -> None:
        self._open = opened
        self._information = _information(base, opened.shape)
        self._middle = float(np.log2(max(base.total_rows / k, 1))) - 3

    def nodes(self) -> Iterator[Levels]:
        """Yield nodes until none is open; each must be closed before the next is asked for."""
        flat, visits = self._open.reshape(-1), 0
        while True:
            choices = np.flatnonzero(flat)
            if len(choices) == 0:
                return
            if visits % _VISITS_PER_COUNT == 0:
                under = self._open.astype(np.int32)
                for axis in range(under.ndim):
                    np.cumsum(under, axis=axis, out=under)
                chances = self._chances()
                expected = (chances * under).reshape(-1)
            visits += 1
            place = int(choices[expected[choices].argmax()])
            levels = tuple(int(level) for level in np.unravel_index(place, self._open.shape))
            yield levels
            was_closing = not self._open[tuple(slice(0, level + 1) for level in levels)].any()
            self._middle += _LEARNING * _SPREAD * (float(chances[levels]) - was_closing)

    def _chances(self) -> Floats:
        """Guess how likely each node is hopeless."""
        away = np.clip((self._information - self._middle) / _SPREAD, -50, 50)
        return np.asarray(1 / (1 + np.exp(-away)))


def _information(base: Base, shape: tuple[int, ...]) -> Floats:
    total = np.zeros(shape)
    for place, hierarchy in enumerate(base.layout.hierarchies):
        histogram = base.histogram(place)
        bits = []
        for codes in hierarchy.codes:
            counts = np.bincount(codes, weights=histogram)
            shares = counts[counts > 0] / base.total_rows
            bits.append(-float((shares * np.log2(shares)).sum()))
        total += np.array(bits).reshape([-1 if axis == place else 1 for axis in range(len(shape))])
    return total


class ByPaths:
    """Yields nodes of paths from the lowest open node up, searched by halves."""

    def __init__(self, opened: Booleans, bound: Floats, rank: NDArray[np.int64]) -> None:
        self._open = opened
        self._bound = bound
        self._rank = rank.reshape(-1)

    def nodes(self) -> Iterator[Levels]:
        """Yield nodes until none is open; each must be closed before the next is asked for."""
        while True:
            start = self._lowest()
            if start is None:
                return
            path = self._path(start)
            low, high = 0, len(path) - 1
            while low <= high:
                middle = (low + high) // 2
                levels = path[middle]
                under = tuple(slice(0, level + 1) for level in levels)
                if self._open[levels]:
                    yield levels
                    if not self._open[under].any():  # nothing left under it: look higher
                        low = middle + 1
                        continue
                high = middle - 1

    def _lowest(self) -> Levels | None:
        """The open node of least bound, or None."""
        flat = np.flatnonzero(self._open)
        if len(flat) == 0:
            return None
        bounds = self._bound.reshape(-1)[flat]
        least = flat[bounds == bounds.min()]
        chosen = least[self._rank[least].argmin()]
        return tuple(int(level) for level in np.unravel_index(chosen, self._open.shape))

    def _path(self, start: Levels) -> list[Levels]:
        """Open nodes from `start` up, each time the open one of least bound."""
        path = [start]
        while True:
            here, choices = path[-1], []
            for place, size in enumerate(self._open.shape):
                if here[place] + 1 < size:
                    up = (*here[:place], here[place] + 1, *here[place + 1 :])
                    if self._open[up]:
                        choices.append((float(self._bound[up]), up))
            if not choices:
                return path
            path.append(min(choices)[1])
