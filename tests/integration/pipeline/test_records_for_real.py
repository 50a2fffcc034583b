"""Records under models, through the journey over the real services."""

from tests.records_journey import RecordsJourney


class TestRecordsForReal(RecordsJourney):
    pass
