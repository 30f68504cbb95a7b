"""A new champion's first week: a short list in order, ticked off by what is recorded.

Nothing is ticked by hand. What nothing records (reading a page, say) stands in the list without a
tick and holds nothing up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, or_, select

from charter.accounts import service as accounts
from charter.accounts.models import Membership
from charter.core import clock
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Edition, Requirement
from charter.proofs.models import Evidence
from charter.proofs.states import ProofState
from charter.sessions.models import Booking, TrainingSession
from charter.sessions.rules import BookingState
from charter.staff.models import StaffJob, StaffList, StaffMember
from charter.training import courses
from charter.training.courses import Course
from charter.training.models import TrainingRecord
from charter.venues.models import Venue

LASTS = timedelta(days=14)  # how long the card stays on the champion's home
FRESH = timedelta(days=30)  # how long a look at the staff list is good enough to begin with
TRAINED = "training.champion"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do in the first week; `done` is None where nothing tells whether it was.

    `key` says which page it is done on; `requirement` is the charter's own, where it is one.
    """

    key: str
    title: str
    why: str
    minutes: int
    done: bool | None = None
    requirement: Requirement | None = None


@dataclass(frozen=True, slots=True)
class FirstWeek:
    """A champion's first steps; `of` is their role, None where nobody is champion yet."""

    venue: Venue
    of: Membership | None
    steps: Sequence[Step]

    @property
    def total(self) -> int:
        """How many steps are ticked off by what is recorded."""
        return sum(step.done is not None for step in self.steps)

    @property
    def done(self) -> int:
        """How many of those are done."""
        return sum(step.done is True for step in self.steps)

    @property
    def minutes(self) -> int:
        """About how long what is left takes."""
        return sum(step.minutes for step in self.steps if not step.done)


def card(venue_id: int, held: Iterable[Membership]) -> str:
    """The first week in a few words for the champion's home; empty for whoever needs no card.

    `held` are today's roles of the person who looks. No statement but for a champion in their
    first two weeks, and then one.
    """
    role = _newest(row for row in held if row.venue_id == venue_id)
    if role is None or clock.today() - role.starts_on >= LASTS:
        return ""
    found = _week(venue_id, role)
    if found is None or found.done == found.total:
        return ""
    return f"Your first week: {found.done} of {found.total} done"


def first_week(venue_id: int, user_id: int) -> FirstWeek | None:
    """The list as somebody of the venue reads it; None for a venue that has signed nothing.

    A champion finds their own. A stand-in or a manager finds that of the newest champion, or what
    the next champion will find.
    """
    rows = accounts.champions([venue_id])[venue_id]
    own = _newest(row for row in rows if row.user_id == user_id)
    return _week(venue_id, own or _newest(rows))


def _newest(rows: Iterable[Membership]) -> Membership | None:
    champions = (row for row in rows if row.is_champion)
    return max(champions, key=lambda row: (row.starts_on, row.id), default=None)


def _week(venue_id: int, role: Membership | None) -> FirstWeek | None:
    venue = db.session.get(Venue, venue_id)
    if venue is None or venue.edition_key is None:
        return None
    edition = editions.edition(venue.edition_key)
    return FirstWeek(venue, role, _steps(edition, _facts(venue_id, role, edition)))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is recorded of a champion's first steps."""

    agreed: bool = False
    listed: bool = False
    checked: bool = False
    trained: bool = False


def _facts(venue_id: int, role: Membership | None, edition: Edition) -> _Facts:
    """All of it by one statement."""
    if role is None:
        return _Facts()
    return _Facts(
        *db.session.execute(
            select(
                _agreed(venue_id, role, edition),
                _listed(venue_id, role.user_id),
                _checked(venue_id),
                or_(_trained(role.user_id), _booked(role.user_id)),
            )
        ).one()
    )


def _agreed(venue_id: int, role: Membership, edition: Edition) -> ColumnElement[bool]:
    """A signature of this person as champion, given since they are, that is not sent back."""
    keys = [each.key for each in edition.requirements if each.signer == "champion"]
    return (
        select(Evidence.id)
        .where(
            Evidence.venue_id == venue_id,
            Evidence.requirement_key.in_(keys),
            Evidence.signed_user_id == role.user_id,
            Evidence.state.in_((ProofState.WAITING, ProofState.ACCEPTED)),
            Evidence.ended_on.is_(None),
            Evidence.uploaded_at >= _midnight(role.starts_on),
        )
        .exists()
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.zone())


def _listed(venue_id: int, user_id: int) -> ColumnElement[bool]:
    """The person stands on this venue's list, tied to their account, and has not left."""
    return (
        select(StaffJob.id)
        .join(StaffMember, StaffMember.id == StaffJob.member_id)
        .where(
            StaffJob.venue_id == venue_id,
            StaffMember.user_id == user_id,
            StaffJob.left_on.is_(None) | (StaffJob.left_on >= clock.today()),
        )
        .exists()
    )


def _checked(venue_id: int) -> ColumnElement[bool]:
    since = clock.today() - FRESH
    return (
        select(StaffList.venue_id)
        .where(StaffList.venue_id == venue_id, StaffList.checked_on >= since)
        .exists()
    )


def _champion_courses() -> dict[str, Course]:
    return {key: each for key, each in courses.courses().items() if TRAINED in each.facts}


def _trained(user_id: int) -> ColumnElement[bool]:
    """The person did the champion training, at whatever venue, and it still counts."""
    return (
        select(TrainingRecord.id)
        .join(StaffMember, StaffMember.id == TrainingRecord.member_id)
        .where(
            StaffMember.user_id == user_id,
            TrainingRecord.course_key.in_(_champion_courses()),
            TrainingRecord.withdrawn_at.is_(None),
            TrainingRecord.lasts_until >= clock.today(),
        )
        .exists()
    )


def _booked(user_id: int) -> ColumnElement[bool]:
    """The person has a place on the champion training, or waits for one."""
    return (
        select(Booking.id)
        .join(TrainingSession, TrainingSession.id == Booking.session_id)
        .join(StaffMember, StaffMember.id == Booking.member_id)
        .where(
            StaffMember.user_id == user_id,
            TrainingSession.course_key.in_(_champion_courses()),
            TrainingSession.cancelled_at.is_(None),
            TrainingSession.starts_at >= clock.now() - LASTS,
            Booking.state.in_((BookingState.BOOKED, BookingState.WAITING)),
            Booking.came.is_not(False),
        )
        .exists()
    )


def _steps(edition: Edition, facts: _Facts) -> list[Step]:
    """The list in order. What an edition does not ask for is not in it."""
    steps = [
        Step(
            "promises",
            "Read what your venue promised",
            f"{len(edition.commitments)} promises in plain words. You lead on them.",
            10,
        ),
        Step(
            "join",
            "Put yourself on the staff list",
            "Your own training is counted by your name there.",
            1,
            facts.listed,
        ),
        Step(
            "list",
            "Check that the staff list is right",
            "Training is counted against the people who work here today.",
            10,
            facts.checked,
        ),
        *_training(edition, facts),
        Step(
            "handover",
            "Look at the handover page",
            "What is open, what ends soon and where things are.",
            10,
        ),
        Step(
            "network",
            "Meet the other champions",
            "Ask what they do, and see when they meet.",
            5,
        ),
    ]
    return [*_agreement(edition, facts), *steps]


def _agreement(edition: Edition, facts: _Facts) -> list[Step]:
    asked = next((each for each in edition.requirements if each.signer == "champion"), None)
    if asked is None:
        return []
    title = "Agree to be the champion"
    return [Step("agree", title, asked.why, asked.minutes, facts.agreed, asked)]


def _training(edition: Edition, facts: _Facts) -> list[Step]:
    asked = next((each for each in edition.requirements if each.fact == TRAINED), None)
    course = next((each for each in _champion_courses().values() if not each.retired), None)
    if asked is None or course is None:
        return []
    why = "Booking is what counts. The training itself need not be this week."
    return [Step("train", f"Book the {course.title.lower()}", why, 5, facts.trained, asked)]
