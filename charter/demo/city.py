"""Builds the demo city: venues at every point of the story, told by the services a city uses.

The clock is moved to the day each thing happened, so that dates, the trail and the lapses are as
they would be. Nothing is written behind a service's back but the people's accounts.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from charter import config
from charter.accounts import passwords
from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.certificates import reading, remarks
from charter.certificates import service as certificates
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from charter.demo import auditing, books, days, night, papers, spaces, training
from charter.editions import service as editions
from charter.editions.terms import Edition, Kind, Requirement
from charter.proofs import decisions, exceptions, service, signatures, threads
from charter.proofs.states import ProofState
from charter.signup import service as signing
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Kind as VenueKind
from charter.venues.models import Venue

FOLDER = config.ROOT / "seeds" / "demo"
PASSWORD = "harbour lights at midnight"  # noqa: S105 - printed at every start of the demo
CITY_ROLES = frozenset({"officer", "office-admin", "system-admin"})


@dataclass(frozen=True, slots=True)
class Story:
    """How far a venue has come: days since it signed, and what it showed.

    `leave` are numbers of essentials not shown yet; `wait` are shown and not reviewed; `back`
    were returned; `old` maps a number to how many days ago its proof ran out (below 0: to come).
    """

    signed: int
    only: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    wait: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    old: Mapping[str, int] | None = None
    certificate: int = 0
    good: bool = False


STORIES = {
    "certified": Story(300, certificate=40, good=True),
    "lapsing": Story(280, old={"2.2": -9}, certificate=150),
    "grace": Story(270, old={"2.2": 5}, certificate=110),
    "suspended": Story(290, old={"7.1": 20, "7.5": 20}, certificate=120),
    "lapsed": Story(320, old={"2.2": 21, "5.4": 12}, leave=("7.4",)),
    "nearly": Story(120, leave=("7.3", "7.4")),
    "waiting": Story(75, leave=("5.2",), wait=("2.1", "2.2", "3.4", "7.1")),
    "returned": Story(60, leave=("6.2", "6.3", "6.4", "7.2"), back=("2.2", "3.1")),
    "partly": Story(90, only=("1.1", "1.2", "1.3", "2.1", "2.3", "3.1", "4.1", "4.3", "5.1")),
    "starting": Story(12, only=("1.1", "2.1"), wait=("2.1",)),
    "no-champion": Story(200, only=("1.1", "1.2", "2.1", "2.2", "3.1", "4.1", "4.4")),
    "closed": Story(150, leave=("6.3", "7.1")),
    "left": Story(240, only=("1.1", "2.1")),
}


def load() -> str:
    """Build the city, once. A second time it is left as it is, with all that people changed."""
    if db.session.scalar(select(Venue.id).limit(1)) is not None:
        return "The demo city is as you left it."
    db.session.rollback()
    edition = editions.current()
    db.session.rollback()
    people = _people()
    rows = tomllib.loads((FOLDER / "venues.toml").read_text("utf-8"))["venue"]
    venue_ids = {row["key"]: _build(row, people, edition) for row in rows}
    _auditors(people)
    training.tell(venue_ids, people)
    books.tell(venue_ids, people)
    spaces.tell(venue_ids, people)
    night.tell(people)
    _sign_ups(edition)
    # What was mailed along the way is old news: the inbox begins empty.
    db.session.execute(delete(OutboxMail))
    commit()
    return f"The demo city has {len(rows)} venues and {len(people)} people."


def _people() -> dict[str, int]:
    rows = tomllib.loads((FOLDER / "people.toml").read_text("utf-8"))["person"]
    kept = passwords.hashed(PASSWORD)
    lock(CITY)
    for row in rows:
        person = User(email=row["email"], name=row["name"], password_hash=kept)
        if {role["role"] for role in row["roles"]} & (CITY_ROLES | {"auditor"}):
            person.totp = papers.phone_secret(row["key"])
        db.session.add(person)
        db.session.flush()
        for role in row["roles"]:
            if role["role"] in CITY_ROLES:
                accounts.give_role(person, Role(role["role"]))
    commit()
    return {
        row["key"]: db.session.scalars(select(User.id).where(User.email == row["email"])).one()
        for row in rows
    }


def _build(row: Mapping[str, Any], people: Mapping[str, int], edition: Edition) -> int:
    """Add one venue and tell its story; the venue's id."""
    story = STORIES.get(row["story"])
    db.session.rollback()
    with days.ago(story.signed if story else 300):
        lock(CITY)
        place = (row["latitude"], row["longitude"]) if "latitude" in row else None
        identity = venues.Identity(
            row["name"], row["street"], "Saltmarsh", row["postcode"], VenueKind(row["kind"]), place
        )
        venue = venues.add(identity, by=None)
        if story:
            _sign(venue, row, people, edition)
        venue_id = venue.id
        commit()
    if story:
        _tell(venue_id, row, story, people, edition)
    return venue_id


def _sign(
    venue: Venue, row: Mapping[str, Any], people: Mapping[str, int], edition: Edition
) -> None:
    officer = db.session.get_one(User, people["officer"])
    if row.get("operator"):
        venues.set_operator(venue.id, row["operator"], by=officer.id)
    places.set_rooms(venue.id, row.get("zones", ()), by=officer.id)
    venue.opening_nights = row.get("opening_nights", "")
    venue.expected_people = row.get("expected_people")
    signatures.sign(
        venue.id, edition.key, clock.today(), name="The owner", role="owner", by=officer
    )
    for person in _team(row, people):
        accounts.give_role(person.user, person.role, venue_id=venue.id, is_stand_in=person.stand_in)


@dataclass(frozen=True, slots=True)
class _Member:
    user: User
    role: Role
    stand_in: bool = False


def _team(row: Mapping[str, Any], people: Mapping[str, int]) -> Iterable[_Member]:
    """The venue's own people of people.toml, or a champion and a stand-in made up for it."""
    key = row["key"]
    named = tomllib.loads((FOLDER / "people.toml").read_text("utf-8"))["person"]
    mine = [
        _Member(
            db.session.get_one(User, people[person["key"]]),
            Role(role["role"]),
            person["key"] == "stand-in",
        )
        for person in named
        for role in person["roles"]
        if role.get("venue") == key and role["role"] != "auditor"
    ]
    if any(member.role is Role.CHAMPION and not member.stand_in for member in mine):
        return mine
    made = []
    for part in ("champion", "standin"):
        person = User(email=f"{part}.{key}@saltmarsh.example", name=papers.name_for(f"{part}{key}"))
        db.session.add(person)
        db.session.flush()
        made.append(_Member(person, Role.CHAMPION, part == "standin"))
    return [*mine, *made]


def _tell(
    venue_id: int,
    row: Mapping[str, Any],
    story: Story,
    people: Mapping[str, int],
    edition: Edition,
) -> None:
    members = accounts.champions([venue_id])[venue_id]
    champion = next(member.user_id for member in members if not member.is_stand_in)
    stand_in = next((member.user.name for member in members if member.is_stand_in), "Jo Finch")
    db.session.rollback()
    team = _Team(champion, stand_in, people["officer"], people["admin"])
    wanted = [each for each in edition.requirements if _is_told(each, story)]
    if story.certificate:
        lock(CITY, venue_id)
        for each in wanted:
            _prove(venue_id, each, story, team, _first_age(each, story))
        with days.ago(story.certificate, hour=10):
            commit()
        _certify(venue_id, story, team)
        wanted = [each for each in wanted if _is_renewed(each, story)]
    lock(CITY, venue_id)
    for each in wanted:
        _prove(venue_id, each, story, team, _age(each, story))
    commit()
    _ending(venue_id, row["story"], people)


@dataclass(frozen=True, slots=True)
class _Team:
    """Who acts in a venue's story, by user id; the stand-in by name."""

    champion: int
    stand_in: str
    officer: int
    admin: int


def _is_told(requirement: Requirement, story: Story) -> bool:
    if requirement.signer == "owner" or requirement.number in story.leave:
        return False
    if story.only:
        return requirement.number in story.only
    return requirement.essential or story.good


def _prove(venue_id: int, requirement: Requirement, story: Story, team: _Team, ago: int) -> None:
    number = requirement.number
    with days.ago(ago, hour=9):
        name = "The champion" if requirement.signer == "champion" else team.stand_in
        content = papers.content(venue_id, requirement, signed_name=name)
        proof = service.show(venue_id, requirement.key, content, by=team.champion)
        if number == "4.4" and story.good:
            threads.ask(venue_id, requirement.key, "Is one page enough for this?", by=team.champion)
    if number in story.wait or proof.state != ProofState.WAITING:
        return
    with days.ago(max(ago - 1, 0), hour=9):
        if number in story.back:
            words = "The photo is too dark to read. Take it with the lights up, please."
            decisions.return_(venue_id, proof.id, words, by=team.officer)
        else:
            decisions.accept(venue_id, proof.id, by=team.officer)
            if requirement.proof_kind is Kind.PHOTO_PER_PLACE:
                role = Role.OFFICER
                decisions.mark_seen(venue_id, proof.id, "at-venue", by=team.officer, role=role)


def _first_age(requirement: Requirement, story: Story) -> int:
    """Days since the proof that the certificate rested on: fresh then, or run out as told."""
    old = (story.old or {}).get(requirement.number)
    today = clock.today()
    if old is None:
        return story.certificate + 2
    return next(
        ago
        for ago in range(story.certificate, story.signed)
        if (today - requirement.lasts.until(today - timedelta(days=ago))).days >= old
    )


def _is_renewed(requirement: Requirement, story: Story) -> bool:
    """Whether the first proof has run out or is near it by now, and was shown again."""
    first = clock.today() - timedelta(days=story.certificate + 2)
    ends_soon = requirement.lasts.until(first) < clock.today() + timedelta(days=40)
    return ends_soon and requirement.number not in (story.old or {})


def _age(requirement: Requirement, story: Story) -> int:
    """How many days ago a proof happened: recent enough to hold, or run out as the story says."""
    today = clock.today()
    lasts = requirement.lasts
    old = (story.old or {}).get(requirement.number)
    for ago in range(min(story.signed - 1, 200), 1, -1):
        left = (lasts.until(today - timedelta(days=ago)) - today).days
        if (old is None and left >= min(40, (ago + left) * 2 // 3)) or (
            old is not None and left >= -old
        ):
            return ago
    return 2


def _certify(venue_id: int, story: Story, team: _Team) -> None:
    with days.ago(story.certificate, hour=11):
        lock(CITY, venue_id)
        proposal_id = certificates.propose(venue_id, by=team.officer, web_session=None).id
        commit()
    with days.ago(story.certificate, hour=15):
        lock(CITY, venue_id)
        certificates.issue(venue_id, proposal_id, by=team.admin, web_session=None)
        commit()


def _ending(venue_id: int, story: str, people: Mapping[str, int]) -> None:
    """The last turn of the stories that have one."""
    officer = people["officer"]
    if story not in ("no-champion", "closed", "left", "starting", "suspended"):
        return
    lock(CITY, venue_id)
    members = accounts.champions([venue_id])[venue_id]
    today = clock.today()
    if story == "no-champion":
        by = db.session.get_one(User, officer)
        by.memberships_now = tuple(accounts.roles_of(officer))
        for member in members:
            accounts.end_role(member.id, by=by, venue_id=venue_id)
    elif story == "closed":
        until = today + timedelta(days=20)
        places.close(venue_id, today - timedelta(days=8), until, "New floor in the bar", by=officer)
    elif story == "suspended":
        shown = reading.of_venues([venue_id])[venue_id]
        words = "We walk the place again with two of our team this week."
        remarks.say(venue_id, shown.certificate.id, words, by=members[0].user_id)
    elif story == "left":
        venues.leave(venue_id, "The building was sold.", by=officer)
    else:
        reason = "We have no kitchen or late staff who would need this."
        key = next(r.key for r in editions.current().requirements if r.waivable and r.essential)
        exceptions.ask_not_applicable(venue_id, key, reason, by=members[0].user_id)
    commit()


def _auditors(people: Mapping[str, int]) -> None:
    named = tomllib.loads((FOLDER / "people.toml").read_text("utf-8"))["person"]
    rows = tomllib.loads((FOLDER / "venues.toml").read_text("utf-8"))["venue"]
    names = {row["key"]: row["name"] for row in rows}
    lock(CITY)
    ends = clock.today() + timedelta(days=60)
    for person in named:
        user = db.session.get_one(User, people[person["key"]])
        audited: list[int] = []
        for role in person["roles"]:
            if role["role"] == "auditor":
                where = select(Venue.id).where(Venue.name == names[role["venue"]])
                venue_id = db.session.scalars(where).one()
                audited.append(venue_id)
            elif role["role"] == "area-manager":
                operator = select(Venue.operator_id).where(Venue.operator_id.is_not(None)).limit(1)
                operator_id = db.session.scalars(operator).one()
                accounts.give_role(user, Role.AREA_MANAGER, operator_id=operator_id)
        if audited:
            auditing.engage(user, audited, people["admin"], ends)
    commit()


def _sign_ups(edition: Edition) -> None:
    """Two venues that signed up and wait for the office: it has to make sure who signed."""
    for number, name in ((3, "Fox & Hare"), (1, "St Martin’s Social Club")):
        with days.ago(number, hour=9):
            lock(CITY)
            venue_id = db.session.scalars(select(Venue.id).where(Venue.name == name)).one()
            address = f"owner.{venue_id}@saltmarsh.example"
            answers = {
                "venue": {"venue_id": venue_id},
                "you": {
                    "name": papers.name_for(name), "role": "licence-holder",
                    "email": address, "phone": None,
                },
                "charter": {"edition": edition.key},
                "champion": {
                    "who": "named", "name": papers.name_for(f"champion {name}"),
                    "email": f"champion.{venue_id}@saltmarsh.example",
                },
            }  # fmt: skip
            signing.send(answers)
            newest = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(1)
            letter = db.session.scalars(newest).one().body or ""
            found = re.search(r"/sign-up/confirm/(\S+)", letter)
            if found:
                signing.confirm(found[1])
            commit()
