"""The journey over the real services, each stage with its own credentials."""

from tests.journey_behaviour import JourneyBehaviour


class TestJourneyForReal(JourneyBehaviour):
    """All of it."""
