"""Releases of records under models: what a contract's `models` and `hierarchies` make of a period, in two passes.

`attributes` turns the contract's words into hierarchies and models, `counting` is the first pass, `choice` finds the
levels (or takes those fixed before), `writing` is the second pass, and `parts` holds rows until they are in order.
"""

from anonymization.generalized.attributes import is_searched
from anonymization.generalized.choice import Chosen, Levels, choose, take
from anonymization.generalized.counting import Counted, count_release
from anonymization.generalized.revision import EarlierRelease, label_epoch, revised
from anonymization.generalized.writing import (
    UNSOLVED,
    ReleasedPart,
    StreamedRelease,
    empty_release,
    stream_release,
    unsolved_release,
    whole_release,
)

__all__ = [
    "UNSOLVED",
    "Chosen",
    "Counted",
    "EarlierRelease",
    "Levels",
    "ReleasedPart",
    "StreamedRelease",
    "choose",
    "count_release",
    "empty_release",
    "is_searched",
    "label_epoch",
    "revised",
    "stream_release",
    "take",
    "unsolved_release",
    "whole_release",
]
