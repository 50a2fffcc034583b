"""The journey over twins in memory."""

from tests.corrections_behaviour import CorrectionsBehaviour
from tests.journey_behaviour import JourneyBehaviour
from tests.known_behaviour import KnownBehaviour


class TestJourneyInMemory(JourneyBehaviour):
    """All of it."""


class TestCorrectionsInMemory(CorrectionsBehaviour):
    """All of it."""


class TestKnownInMemory(KnownBehaviour):
    """All of it."""
