"""The journey over the real services, each stage with its own credentials."""

from tests.corrections_behaviour import CorrectionsBehaviour
from tests.journey_behaviour import JourneyBehaviour
from tests.known_behaviour import KnownBehaviour


class TestJourneyForReal(JourneyBehaviour):
    """All of it."""


class TestCorrectionsForReal(CorrectionsBehaviour):
    """All of it."""


class TestKnownForReal(KnownBehaviour):
    """All of it."""
