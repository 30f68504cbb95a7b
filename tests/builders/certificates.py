"""Venues ready for a certificate, and certificates issued to them by two people.

All want an application context, take the locks they need and commit by themselves.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import update

from charter.certificates import service, signing, withdrawing
from charter.certificates.models import Certificate
from charter.commitments.models import VenueStanding
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.proofs.models import Evidence
from tests.builders.accounts import make_member
from tests.builders.commitments import Scene, make_scene, prove_all, restate

Result = TypeVar("Result")


def in_city(venue_id: int, verb: Callable[[], Result]) -> Result:
    """Do something that takes the city's lock and a venue's, as a request would, and commit."""
    db.session.rollback()
    lock(CITY, venue_id)
    result = verb()
    commit()
    return result


def ensure_key() -> None:
    """A key that signs, as `flask init` makes it."""
    db.session.rollback()
    lock(CITY)
    signing.ensure()
    commit()


def make_ready(valid_to: date | None = None, **overrides: Any) -> Scene:
    """A venue with an accepted proof of every essential, all of which last to one day if given."""
    scene = make_scene(**overrides)
    prove_all(scene)
    if valid_to is not None:
        db.session.rollback()
        lock(CITY, scene.venue)
        theirs = Evidence.venue_id == scene.venue
        db.session.execute(update(Evidence).where(theirs).values(valid_to=valid_to))
        restate(scene.venue)
    db.session.rollback()
    return scene


def propose(scene: Scene, **overrides: Any) -> int:
    """The venue's officer proposes a certificate; the proposal's id."""
    values: dict[str, Any] = {"by": scene.officer, "web_session": None} | overrides
    return in_city(scene.venue, lambda: service.propose(scene.venue, **values)).id


def issue(scene: Scene) -> Certificate:
    """The officer proposes and a new administrator issues."""
    admin = make_member(Role.OFFICE_ADMIN).id
    proposal_id = propose(scene)
    row = in_city(
        scene.venue, lambda: service.issue(scene.venue, proposal_id, by=admin, web_session=None)
    )
    db.session.refresh(row)
    return row


def withdraw(scene: Scene, certificate_id: int, because: str = "A proof was not true.") -> None:
    """The officer proposes to withdraw a certificate and a new administrator does."""
    admin = make_member(Role.OFFICE_ADMIN).id
    proposal_id = in_city(
        scene.venue,
        lambda: withdrawing.propose(
            scene.venue, certificate_id, by=scene.officer, web_session=None, because=because
        ),
    ).id
    in_city(
        scene.venue,
        lambda: withdrawing.withdraw(scene.venue, proposal_id, by=admin, web_session=None),
    )


def holds_until(venue_id: int) -> date:
    """The last day on which all that the venue has shown holds."""
    db.session.rollback()
    day = db.session.get_one(VenueStanding, venue_id).holds_until
    db.session.rollback()
    assert day is not None
    return day


def noon(day: date) -> datetime:
    """An instant at midday, for `clock.moved_to`."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
