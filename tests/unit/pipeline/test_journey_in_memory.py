"""The journey over twins in memory."""

from tests.journey_behaviour import JourneyBehaviour


class TestJourneyInMemory(JourneyBehaviour):
    """All of it."""
