"""Which of the things that an operator measures belong to somebody who signed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from stack.operators.canaries import Canaries


def signed(names: Sequence[str], seeds: Sequence[int], share: float, canaries: Canaries | None) -> pa.Array:
    """The names, as texts, that consented: `share` of them. Canaries, the last ones, all did: they go furthest."""
    given = np.random.default_rng(list(seeds)).random(len(names)) < share
    if canaries is not None:
        given[max(len(names) - len(canaries), 0) :] = True
    return pa.array([name for name, yes in zip(names, given.tolist(), strict=True) if yes], pa.string())
