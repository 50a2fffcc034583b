"""Records under models, through the journey in memory."""

from tests.records_journey import RecordsJourney


class TestRecordsInMemory(RecordsJourney):
    pass
