"""Parking sessions: a file a day in the operator's SFTP account, the three days before today."""

from __future__ import annotations

from datetime import timedelta

from stack.operators import parking, sessions
from stack.operators.world import World

CREDENTIAL = "stationnement-angers"
DAYS = 3


def files(world: World) -> None:
    """Send the files of the days that are over."""
    today = world.now().date()
    parks = [park.name for park in parking.car_parks(world.territory / "parkings.csv", world.seed)]
    parks = parks[: world.size.scaled(len(parks), 4)]
    count = world.size.scaled(sessions.DAILY, 1_500)
    for number in range(DAYS, 0, -1):
        day = today - timedelta(days=number)
        world.send_file(
            CREDENTIAL,
            f"sessions/sessions_{day:%Y-%m-%d}.csv",
            lambda day=day: sessions.day_file(  # type: ignore[misc]
                day, count, parks, world.seed, defects=world.defects, canaries=world.canaries
            ),
        )
