"""What somebody who takes over needs to know of a venue, gathered whole from what is recorded.

Nobody writes a handover: it is read from standings, proofs, lists and roles at the moment it is
asked for. It names the venue's own team (champions, stand-ins, managers) and nobody else.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from charter.accounts import service as accounts
from charter.accounts.models import Membership, User
from charter.briefings.models import BriefingPage
from charter.commitments import pages, records
from charter.commitments.assessment import (
    RequirementAssessment,
    RequirementState,
    VenueAssessment,
)
from charter.commitments.rules import assess
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.core.text import in_words
from charter.core.trail import TrailEntry
from charter.editions.terms import Edition, Kind, Requirement
from charter.handover import taught
from charter.proofs import drafts, threads
from charter.proofs.models import ProofDraft
from charter.venues.models import Venue

DAYS_AHEAD = timedelta(days=60)
# What is kept to be found again: papers, pages and photos. Words and signatures are not.
PAPERS = (Kind.FILE, Kind.LINK, Kind.PHOTO_PER_PLACE)


@dataclass(frozen=True, slots=True)
class Task:
    """A requirement that somebody has to look at, and what there is to say about it."""

    requirement: Requirement
    note: str


@dataclass(frozen=True, slots=True)
class Open:
    """What is to do, in the order in which to do it, each requirement in one group only.

    `good` is how many things that are good to have are not begun: they never block.
    """

    lapsed: Sequence[Task]
    sent_back: Sequence[Task]
    ending: Sequence[Task]
    begun: Sequence[Task]
    not_begun: Sequence[Task]
    good: int
    at_office: Sequence[Task]
    questions: Sequence[Task]

    @property
    def is_empty(self) -> bool:
        """Whether the venue itself has nothing to do."""
        return not (self.lapsed or self.sent_back or self.ending or self.begun or self.not_begun)


@dataclass(frozen=True, slots=True)
class People:
    """The venue's team today, but for those who only see where it stands.

    Where nobody is champion, `before` was it last, and nobody has been since the day `none_since`;
    both are empty where nobody ever was.
    """

    champions: Sequence[Membership]
    stand_ins: Sequence[Membership]
    managers: Sequence[Membership]
    before: str = ""
    none_since: date | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A proof that counts now and can be opened, by the id of its page."""

    requirement: Requirement
    evidence_id: int
    shown_on: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Things:
    """Where things are: the book, a quiet place, posters, papers."""

    book: str
    quiet: str
    posters: Sequence[str]
    papers: Sequence[Paper]


@dataclass(frozen=True, slots=True)
class Handover:
    """All that a handover page says, but for the certificate, which stands beside it."""

    venue: Venue
    on: date
    sentence: str
    people: People
    tasks: Open
    training: taught.Training
    things: Things


def handover(venue_id: int) -> Handover | None:
    """What somebody who takes over needs to know today; None for a venue that has signed nothing.

    Fifteen statements, two more where nobody is champion, however many people, proofs and sessions
    there are; and one for each further set of places that an edition wants photographed.
    """
    known = records.known([venue_id]).get(venue_id)
    if known is None:
        return None
    standing = assess(known.edition, known.facts, clock.today())
    return Handover(
        venue=known.venue,
        on=standing.today,
        sentence=pages.in_a_sentence(standing),
        people=_people(venue_id),
        tasks=_tasks(venue_id, standing),
        training=taught.training(venue_id, standing),
        things=_things(venue_id, known.edition, standing),
    )


def _people(venue_id: int) -> People:
    team = accounts.team(venue_id)
    champions = [row for row in team if row.is_champion]
    stand_ins = [row for row in team if row.is_stand_in]
    managers = [row for row in team if row.role in (Role.MANAGER, Role.AREA_MANAGER)]
    if champions:
        return People(champions, stand_ins, managers)
    return People([], stand_ins, managers, *_last_champion(venue_id))


def _last_champion(venue_id: int) -> tuple[str, date | None]:
    """The name of whoever was champion last, and the first day after; empty where nobody ever was.

    A role that ended before it began never was. One that still runs is of a closed account.
    """
    rows = db.session.execute(
        select(User.id, User.name, Membership.ends_on)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.venue_id == venue_id,
            Membership.role == Role.CHAMPION,
            Membership.is_stand_in.is_(False),
            Membership.starts_on <= clock.today(),
            Membership.ends_on.is_(None) | (Membership.ends_on >= Membership.starts_on),
        )
        .order_by(Membership.id)
    ).all()
    today = clock.today()
    closed = _closed_on({row.id for row in rows if row.ends_on is None or row.ends_on >= today})
    ends = [(closed.get(row.id) or row.ends_on or today, row.name) for row in rows]
    if not ends:
        return "", None
    last_day, name = max(ends)
    return name, min(last_day + timedelta(days=1), today)


def _closed_on(user_ids: Collection[int]) -> dict[int, date]:
    """The last day on which these people's accounts were open; no statement for nobody."""
    if not user_ids:
        return {}
    rows = db.session.execute(
        select(TrailEntry.thing_id, func.max(TrailEntry.at))
        .where(
            TrailEntry.chain == CITY,
            TrailEntry.verb == "account.disabled",
            TrailEntry.thing_id.in_(user_ids),
        )
        .group_by(TrailEntry.thing_id)
    )
    return {user_id or 0: clock.local(at).date() - timedelta(days=1) for user_id, at in rows}


def _tasks(venue_id: int, standing: VenueAssessment) -> Open:
    saved = _saved(venue_id)
    groups: dict[str, list[RequirementAssessment]] = defaultdict(list)
    for step in standing.next_steps(len(standing.requirements)):
        judged = standing.requirement(step.requirement.key)
        if judged is not None:
            groups[_group(judged, judged.key in saved)].append(judged)
    groups["ending"] = _ending(standing)
    pressing = ("lapsed", "sent_back", "ending")
    told = {each.key for name in pressing for each in groups[name]}
    begun = [each for each in standing.requirements if each.key in saved and each.key not in told]
    new = groups["not_begun"]
    return Open(
        **{name: [_task(each, saved) for each in groups[name]] for name in pressing},
        begun=[_task(each, saved) for each in begun],
        not_begun=[_task(each, saved) for each in new if each.requirement.essential],
        good=sum(not each.requirement.essential for each in new),
        at_office=[_task(each, {}) for each in standing.requirements if each.office_turn],
        questions=_questions(venue_id, standing),
    )


def _group(judged: RequirementAssessment, is_begun: bool) -> str:
    """The one group that a thing to do belongs to."""
    if judged.state is RequirementState.LAPSED:
        return "lapsed"
    if judged.returned is not None:
        return "sent_back"
    if judged.counts_as_met:
        return "ending"
    return "begun" if is_begun else "not_begun"


def _task(judged: RequirementAssessment, saved: Mapping[str, date]) -> Task:
    """What there is to say; of what was never shown nothing but whether somebody began."""
    said = [] if judged.state is RequirementState.NOT_SHOWN and judged.to_do else [judged.why]
    if judged.key in saved:
        said.append(f"A start was saved on {in_words(saved[judged.key])}.")
    return Task(judged.requirement, " ".join(said))


def _questions(venue_id: int, standing: VenueAssessment) -> list[Task]:
    return [
        Task(found.requirement, f"Asked on {in_words(clock.local(each.at).date())}.")
        for each in threads.unanswered(venue_id)
        if (found := standing.requirement(each.requirement_key)) is not None
    ]


def _ending(standing: VenueAssessment) -> list[RequirementAssessment]:
    """What counts now and ends within sixty days, the first to end first, but for what waits."""
    last = standing.today + DAYS_AHEAD
    found = [
        each
        for each in standing.requirements
        if each.counts_as_met
        and (each.holds_until or date.max) <= last
        and each.returned is None
        and not each.office_turn
    ]
    return sorted(found, key=lambda each: each.holds_until or date.max)


def _saved(venue_id: int) -> dict[str, date]:
    """The day on which each proof that is begun was last saved, by requirement."""
    rows = db.session.execute(
        select(ProofDraft.requirement_key, ProofDraft.saved_at).where(
            ProofDraft.venue_id == venue_id
        )
    )
    return {key: clock.local(at).date() for key, at in rows}


def _things(venue_id: int, edition: Edition, standing: VenueAssessment) -> Things:
    page = db.session.get(BriefingPage, venue_id)
    return Things(
        book=page.book_place if page else "",
        quiet=page.quiet_place if page else "",
        posters=_posters(venue_id, edition),
        papers=[
            Paper(each.requirement, proof.id, proof.happened_on, each.holds_until)
            for each in standing.requirements
            if each.counts_as_met
            and each.ground is not None
            and (proof := each.ground.proof) is not None
            and proof.kind in PAPERS
        ],
    )


def _posters(venue_id: int, edition: Edition) -> list[str]:
    """The places that photos are asked of, each once, as the venue calls them."""
    sets = {each.places: each for each in edition.requirements if each.places}
    found = [place for each in sets.values() for place in drafts.places(venue_id, edition, each)]
    return list(dict.fromkeys(place.name for place in found))
