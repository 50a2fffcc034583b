"""The noise itself: OpenDP's discrete Laplace mechanism, whose proof covers finite integers.

OpenDP draws from the operating system's generator and samples exactly (Canonne, Kamath and Steinke, The Discrete
Gaussian for Differential Privacy, NeurIPS 2020, algorithm 2), so neither floating point (Mironov, CCS 2012) nor a seed
can give a draw away. What must not change: the mechanism's own map says what a draw costs, and a draw that would cost
more than was asked is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from anonymization.errors import NoiseError

MICRO = 1_000_000  # epsilon is kept in millionths, so that spends add up exactly


def micro(epsilon: float) -> int:
    """Epsilon in millionths.

    Raises:
        NoiseError: it is not positive, too large to mean anything, or finer than a millionth.
    """
    exact = Fraction(str(epsilon)) * MICRO if 0 < epsilon <= 100 else None
    if exact is None or exact.denominator != 1:
        raise NoiseError(f"epsilon is {epsilon}: it lies between 0 and 100, in whole millionths")
    return int(exact)


def noisy(values: Sequence[int], sensitivity: int, micro_epsilon: int) -> tuple[list[int], float]:
    """`values` with noise, and the scale of the noise.

    Args:
        values: integers that one unit changes by `sensitivity` at most, all together (l1).
        sensitivity: positive.
        micro_epsilon: what may be spent on all of them, in millionths.

    Raises:
        NoiseError: the mechanism would spend more.
    """
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    scale = sensitivity * MICRO / micro_epsilon * (1 + 1e-12)  # a hair over, so that rounding never spends more
    mechanism = dp.m.make_laplace(*space, scale=scale)
    spent: float = mechanism.map(sensitivity)  # type: ignore[no-untyped-call]
    if spent > micro_epsilon / MICRO:
        raise NoiseError("the mechanism would spend more than was asked")
    return list(mechanism(list(values))), scale
