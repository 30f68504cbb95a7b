"""Builders of briefings and spot checks, made as a venue's people would.

All but `make_asked` want an application context, take the locks they need and commit.
"""

from datetime import date, timedelta
from typing import Any

from charter.briefings import checks, service
from charter.briefings.checks import Asked, By
from charter.core import clock
from charter.core.db import db
from charter.staff import service as staff
from charter.staff.models import StaffList
from charter.staff.service import Starter
from tests.builders.commitments import Scene, under_lock

TODAY = date(2026, 6, 15)


def make_asked(*right: int, by: By = By.SELF, on: date = TODAY, questions: int = 3) -> Asked:
    """A spot check in which each of these people had so many answers right."""
    return Asked(by, on, questions, right or (3, 3, 3))


def make_starter(scene: Scene, name: str = "Sam Perry", **overrides: Any) -> int:
    """Somebody on the list, at the bar since today unless told; their id there.

    `started_on=None` is somebody who was there before the list, however old it is.
    """
    values: dict[str, Any] = {"job": "bar", "started_on": clock.today()} | overrides
    first = values["started_on"]
    who = Starter(name, **values | {"started_on": first or clock.months_after(clock.today(), -240)})

    def add() -> int:
        member = staff.add(scene.venue, who, by=scene.champion)
        member.jobs[0].started_on = first
        return member.id

    return under_lock(scene.venue, add)


def list_began(scene: Scene, days_ago: int = 90) -> None:
    """A staff list that is as old as this."""
    day = clock.today() - timedelta(days=days_ago)
    db.session.rollback()
    db.session.merge(StaffList(venue_id=scene.venue, began_on=day, checked_on=clock.today()))
    db.session.commit()


def make_page(scene: Scene) -> None:
    """What the briefing says every night."""
    words = ("Behind the main bar", "The office upstairs", "The cellar stairs are steep.")
    under_lock(scene.venue, lambda: service.write_page(scene.venue, *words, by=scene.champion))


def make_tonight(scene: Scene, on_tonight: str = "Duty manager: Kim") -> str:
    """Tonight's part, with a page; the token of its link."""
    if service.page(scene.venue) is None:
        make_page(scene)
    night = under_lock(
        scene.venue, lambda: service.make_tonight(scene.venue, on_tonight, by=scene.champion)
    )
    return service.token(night)


def make_check(scene: Scene, *right: int, by: By = By.SELF, days_ago: int = 0) -> int:
    """A spot check on record, of bar staff who had so many right; its id."""
    day = clock.today() - timedelta(days=days_ago)
    answers = [("bar", each) for each in right or (3, 3, 3)]
    who = scene.officer if by.is_office else scene.champion
    return under_lock(
        scene.venue, lambda: checks.note_check(scene.venue, by, day, answers, by=who)
    ).id
