"""Builders of room maps: rooms, plans, boxes, cameras, and entries as bare rows.

All want an application context, take the locks they need and commit.
"""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert
from werkzeug.datastructures import FileStorage

from charter.core import clock
from charter.core.db import db
from charter.incidents.models import Entry
from charter.rooms import layout, service
from charter.venues import places
from tests.builders.commitments import Scene, under_lock
from tests.builders.pictures import make_picture

_numbers = count(1)
ROOMS = (("main-bar", "Main bar"), ("dance-floor", "Dance floor"), ("door", "Queue and door"))


def make_rooms(scene: Scene, rooms: Sequence[tuple[str, str]] = ROOMS) -> list[int]:
    """Rooms of a venue; their ids in the order of a walk through it."""

    def add() -> None:
        for kind, name in rooms:
            places.add_room(scene.venue, kind, name, by=scene.champion)

    under_lock(scene.venue, add)
    return [zone.id for zone in places.rooms(scene.venue)]


def make_plan(
    scene: Scene, number: int = 1, name: str = "", size: tuple[int, int] = (60, 40)
) -> int:
    """A floor with a picture; its plan's id."""
    upload = FileStorage(io.BytesIO(make_picture("PNG", size)), filename="plan.png")
    picture = service.received(upload)
    return under_lock(
        scene.venue,
        lambda: service.save_floor(scene.venue, number, name, picture, by=scene.champion),
    ).id


def put(scene: Scene, zone: int, x: int = 300, y: int = 300, *, size: str = "medium",
        floor: int = 1) -> None:  # fmt: skip
    """A room put on a floor."""
    box = layout.around(x, y, size)
    under_lock(scene.venue, lambda: service.place(scene.venue, zone, floor, box, by=scene.champion))


def make_entries(venue: int, rows: Sequence[dict[str, Any]], *, book: int | None = None) -> None:
    """Entries as bare rows, with what is counted of them and no words.

    A row gives `zone_id`, `category`, `part` and `night` (or `ago`, in nights), as it wishes.
    """
    tonight = clock.night_of(clock.now())
    now = clock.now()
    values = []
    for row in rows:
        given = dict(row)
        night: date = given.pop("night", tonight - timedelta(days=given.pop("ago", 0)))
        number = next(_numbers)
        values.append(
            {
                "book": venue if book is None else book, "number": number, "venue_id": venue,
                "once": f"{number:032d}", "made_at": now, "team": "floor", "category": "sexual",
                "kinds": ["sexual.touching"], "severity": 3, "zone_id": None, "happened_at": now,
                "happened_wall": f"{night.isoformat()}T23:00", "fold": 0, "is_around": False,
                "night": night, "weekday": night.weekday(), "part": "evening", "is_late": False,
                "is_complete": True, "late_hours": 24, "has_words": True, "wish": [],
                "actions": [], "licence": {}, "cctv": "unknown", "state": "open", "shared": "",
                "is_held": False, "since_on": night,
            }
            | given
        )  # fmt: skip
    db.session.rollback()
    db.session.execute(insert(Entry), values)
    db.session.commit()
