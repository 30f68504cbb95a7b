"""A venue with something of everything that a handover tells, made by the verbs that people use.

Wants an application context, takes the locks it needs and commits by itself.
"""

from dataclasses import dataclass
from datetime import time, timedelta

from charter.accounts.models import User
from charter.briefings import service as briefings
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.proofs import decisions, drafts, threads
from charter.proofs.states import ProofState
from charter.sessions import bookings, planning
from charter.sessions.models import TrainingSession
from charter.sessions.planning import Plan
from charter.staff import service as staff
from charter.staff.service import Starter
from charter.training import records
from charter.venues import places
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    Scene,
    hand_in,
    make_proof,
    make_scene,
    restate,
    under_lock,
)

PLACE = "City Hall, room 2"


@dataclass(frozen=True, slots=True)
class House:
    """A venue that is well under way, and its people."""

    scene: Scene
    stand_in: int
    manager: int
    paper: int

    @property
    def venue(self) -> int:
        """The venue's id."""
        return self.scene.venue


def make_house(name: str = "The Blue Lantern") -> House:
    """Something lapsed, sent back, ending, begun, waiting and asked; a team half trained."""
    scene = make_scene(name=name)
    venue, champion = scene.venue, scene.champion
    stand_in = make_member(Role.CHAMPION, venue=venue, is_stand_in=True, name="Stella Stand").id
    manager = make_member(Role.MANAGER, venue=venue, name="Mo Manager").id
    _rename(champion, "Cleo Champion")
    today = clock.today()
    for key, days, state in (
        ("staff.policy", 400, ProofState.ACCEPTED),
        ("staff.risk-assessment", 320, ProofState.ACCEPTED),
        ("public.what-happens-next", 10, ProofState.ACCEPTED),
        ("public.no-name-needed", 9, ProofState.WAITING),
    ):
        happened = today - timedelta(days=days)
        made = make_proof(venue, key, by=champion, happened_on=happened, state=state)
        if key == "public.what-happens-next":
            paper = made
    returned = hand_in(venue, "message.poster-words", by=champion).id
    under_lock(
        venue,
        lambda: decisions.return_(venue, returned, "It is too dark to read.", by=scene.officer),
    )
    under_lock(
        venue,
        lambda: drafts.save(venue, "staff.survey", by=champion, statement="We asked nine people."),
    )
    under_lock(
        venue, lambda: threads.ask(venue, "staff.way-home", "Does a taxi count?", by=champion)
    )
    under_lock(venue, lambda: places.add_room(venue, "main-bar", "Long bar", by=champion))
    under_lock(
        venue, lambda: briefings.write_page(venue, "Behind the till", "Office", "", by=champion)
    )
    _team(scene)
    restate(venue)
    db.session.rollback()
    return House(scene, stand_in, manager, paper)


def _rename(user_id: int, name: str) -> None:
    db.session.get_one(User, user_id).name = name
    db.session.commit()


def _team(scene: Scene) -> None:
    """Four who have been there since before the list, two of them trained; one new, not briefed."""
    venue, by, today = scene.venue, scene.champion, clock.today()
    for number in range(4):
        _add(venue, Starter(f"Old Hand {number}", "bar"), by)
    _add(venue, Starter("Nina New", "bar", started_on=today), by)
    people = {each.name: each for each in staff.present(venue)}
    ids = [people[f"Old Hand {number}"].id for number in range(4)]
    db.session.rollback()
    under_lock(
        venue,
        lambda: records.record(
            staff.members(venue, ids[:2]), "respond", today, source="before", by=by
        ),
    )
    session = make_session(scene, "respond", places=2)
    under_lock(venue, lambda: bookings.book(venue, session, ids[1:], by=by))


def _add(venue: int, who: Starter, by: int) -> None:
    under_lock(venue, lambda: staff.add(venue, who, by=by))


def make_session(scene: Scene, course: str, *, places: int = 20) -> int:
    """A session of the office in ten days, at six in the evening; its id."""
    plan = Plan(clock.today() + timedelta(days=10), time(18), places, place=PLACE, trainer="Tam")
    row: TrainingSession = under_lock(
        scene.venue, lambda: planning.plan(course, plan, venue_id=None, by=scene.officer)
    )
    number = row.id
    db.session.rollback()
    return number
