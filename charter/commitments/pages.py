"""What the pages of a venue show: each question gathers one page whole, so that none asks twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from charter.accounts import service as accounts
from charter.commitments import records
from charter.commitments.assessment import (
    CommitmentAssessment,
    CommitmentState,
    RequirementAssessment,
    RequirementState,
    Step,
    VenueAssessment,
)
from charter.commitments.rules import assess
from charter.core import clock
from charter.core.db import db
from charter.core.text import in_words
from charter.editions.terms import Commitment, Requirement
from charter.proofs import drafts, threads
from charter.proofs.models import (
    Evidence,
    EvidenceFile,
    EvidenceSeen,
    NotApplicable,
    ProofDraft,
    ThreadMessage,
)
from charter.venues.models import Venue, VenueState

MOST_STEPS = 3
# How far ahead a home looks. Further than "lapsing soon" for what is shown again every month, so
# that nobody is surprised by a date.
DAYS_AHEAD = 30


# Where what is counted for the charter is kept: the endpoint, and what its button says.
COUNTED_AT = {
    "training.champion": ("sessions.index", "Find a session"),
    "training.front-of-house": ("training.index", "Open your training"),
    "training.all-managers": ("training.index", "Open your training"),
    "training.book": ("training.index", "Open your training"),
    "training.spiking": ("training.index", "Open your training"),
    "training.bystander": ("training.index", "Open your training"),
    "training.new-starters": ("briefings.index", "Open tonight’s briefing"),
    "training.spot-check": ("checks.index", "Open your spot checks"),
    "book.one-book": ("incidents.index", "Open your incident book"),
    "book.on-time": ("incidents.index", "Open your incident book"),
    "book.complete": ("incidents.index", "Open your incident book"),
    "book.reviewed": ("incidents.week", "Open this week’s reading"),
    "book.nil-weeks": ("incidents.week", "Open this week’s reading"),
    "audits.after-dark": ("audits.index", "Open your safety walks"),
    "audits.woman-took-part": ("audits.index", "Open your safety walks"),
    "audits.whole-place": ("audits.index", "Open your safety walks"),
    "audits.outside-check": ("audits.index", "Open your safety walks"),
    "audits.actions-planned": ("audits.board", "Open what is to be mended"),
    "audits.actions-done": ("audits.board", "Open what is to be mended"),
    "rooms.map-looked": ("rooms.index", "Open your room map"),
}


@dataclass(frozen=True, slots=True)
class Home:
    """Where a venue stands and what to do next; `ends` says until when, or nothing."""

    venue: Venue
    standing: VenueAssessment
    sentence: str
    ends: str
    steps: Sequence[Step]
    ends_soon: Sequence[RequirementAssessment]
    has_champion: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class CommitmentPage:
    """One commitment with its requirements; `begun` are the keys of those with a saved start."""

    venue: Venue
    judged: CommitmentAssessment
    start_with: int
    begun: frozenset[str]


@dataclass(frozen=True, slots=True)
class History:
    """What was handed in and said about a requirement, and the names of who did it, by id."""

    proofs: Sequence[Evidence]
    seen: Mapping[int, Sequence[EvidenceSeen]]
    messages: Sequence[ThreadMessage]
    asked: Sequence[NotApplicable]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RequirementPage:
    """One requirement: what is asked, where the venue stands with it, and what happened so far.

    `following` is what to do after this one, or None when nothing is left to do.
    """

    venue: Venue
    commitment: Commitment
    requirement: Requirement
    judged: RequirementAssessment
    places: Sequence[drafts.Place]
    draft: ProofDraft | None
    history: History
    following: Requirement | None

    @property
    def waits(self) -> Evidence | None:
        """The proof that the office has not decided about, if there is one."""
        newest = self.history.proofs[0] if self.history.proofs else None
        return newest if newest is not None and newest.state == "waiting" else None

    @property
    def may_show(self) -> bool:
        """Whether a proof can be handed in now."""
        return self.venue.state == VenueState.WORKING and self.waits is None


def home(venue_id: int) -> Home | None:
    """A venue's home, or None for a venue that has signed no edition."""
    known = records.known([venue_id]).get(venue_id)
    if known is None:
        return None
    today = clock.today()
    standing = assess(known.edition, known.facts, today)
    ahead = today + timedelta(days=DAYS_AHEAD)
    ends_soon = [
        each
        for each in standing.requirements
        if each.counts_as_met and each.holds_until and each.holds_until <= ahead
    ]
    return Home(
        venue=known.venue,
        standing=standing,
        sentence=in_a_sentence(standing),
        ends=_until_when(standing),
        steps=standing.next_steps(MOST_STEPS),
        ends_soon=sorted(ends_soon, key=lambda each: each.holds_until or date.max),
        has_champion=known.has_champion,
        closed=any(
            each.from_on <= today and (each.until is None or each.until >= today)
            for each in known.facts.closures
        ),
    )


def in_a_sentence(standing: VenueAssessment) -> str:
    """Where a venue stands, in one short sentence or two."""
    met, total = standing.commitments_met, standing.commitments_total
    words = f"{'All' if met == total else f'{met} of'} {total} commitments met."
    lapsed = sum(each.state is CommitmentState.LAPSED for each in standing.commitments)
    return f"{words} {lapsed} {'has' if lapsed == 1 else 'have'} lapsed." if lapsed else words


def _until_when(standing: VenueAssessment) -> str:
    """Until when all of a venue's commitments hold, as a sentence; empty while not all do."""
    ends = standing.next_lapse
    if standing.commitments_met < standing.commitments_total or ends is None:
        return ""
    return f"They hold until {in_words(ends.last_day)}."


def until_words(judged: CommitmentAssessment, *, short: bool = False) -> str:
    """Until when a commitment is met, or when it ended, in words; empty if it is neither."""
    day = judged.holds_until
    if day is None or judged.state not in (CommitmentState.MET, CommitmentState.LAPSED):
        return ""
    ended = judged.state is CommitmentState.LAPSED
    if short:
        return f"{'ended' if ended else 'until'} {day.day} {day:%b %Y}"
    return f"{'held' if ended else 'holds'} until {in_words(day)}"


def commitment(venue_id: int, key: str) -> CommitmentPage | None:
    """One commitment's page, or None if this venue's edition has no such commitment."""
    known = records.known([venue_id]).get(venue_id)
    if known is None or known.edition.commitment(key) is None:
        return None
    standing = assess(known.edition, known.facts, clock.today())
    judged = next(each for each in standing.commitments if each.commitment.key == key)
    begun = frozenset(drafts.begun(venue_id))
    return CommitmentPage(known.venue, judged, standing.start_with, begun)


def requirement(venue_id: int, key: str) -> RequirementPage | None:
    """One requirement's page, or None if this venue's edition has no such requirement."""
    known = records.known([venue_id]).get(venue_id)
    found = known.edition.requirement(key) if known else None
    if known is None or found is None:
        return None
    standing = assess(known.edition, known.facts, clock.today())
    judged = standing.requirement(key)
    of = known.edition.commitment(found.commitment)
    if judged is None or of is None:
        return None
    return RequirementPage(
        venue=known.venue,
        commitment=of,
        requirement=found,
        judged=judged,
        places=drafts.places(venue_id, known.edition, found),
        draft=drafts.draft(venue_id, key),
        history=history(venue_id, key),
        following=_following(standing, found),
    )


def _following(standing: VenueAssessment, this: Requirement) -> Requirement | None:
    """What to do next: what is left of the same commitment comes first."""
    steps = [step.requirement for step in standing.next_steps(len(standing.requirements))]
    steps = [each for each in steps if each.key != this.key]
    here = [each for each in steps if each.commitment == this.commitment and each.essential]
    return next(iter(here or steps), None)


def history(venue_id: int, key: str) -> History:
    """Everything handed in and said about a requirement, newest proof first."""
    proofs = db.session.scalars(
        select(Evidence)
        .where(Evidence.venue_id == venue_id, Evidence.requirement_key == key)
        .order_by(Evidence.version.desc())
        .options(selectinload(Evidence.files).joinedload(EvidenceFile.file))
    ).all()
    seen = _seen([proof.id for proof in proofs])
    messages = threads.thread(venue_id, key)
    asked = db.session.scalars(
        select(NotApplicable)
        .where(NotApplicable.venue_id == venue_id, NotApplicable.requirement_key == key)
        .order_by(NotApplicable.id.desc())
    ).all()
    ids = {message.author_id for message in messages} | {each.asked_by for each in asked}
    ids |= {proof.uploaded_by for proof in proofs}
    decided = [*(proof.decided_by for proof in proofs), *(each.decided_by for each in asked)]
    ids |= {user_id for user_id in decided if user_id is not None}
    ids |= {one.user_id for each in seen.values() for one in each}
    names = {user_id: user.name for user_id, user in accounts.people(ids).items()}
    return History(proofs, seen, messages, asked, names)


def _seen(proof_ids: Sequence[int]) -> dict[int, list[EvidenceSeen]]:
    found: dict[int, list[EvidenceSeen]] = {proof_id: [] for proof_id in proof_ids}
    for seen in db.session.scalars(
        select(EvidenceSeen)
        .where(EvidenceSeen.evidence_id.in_(proof_ids))
        .order_by(EvidenceSeen.id)
    ):
        found[seen.evidence_id].append(seen)
    return found


def proof(venue_id: int, evidence_id: int) -> Evidence | None:
    """One proof of this venue with its files, or None."""
    return db.session.scalar(
        select(Evidence)
        .where(Evidence.venue_id == venue_id, Evidence.id == evidence_id)
        .options(selectinload(Evidence.files).options(joinedload(EvidenceFile.file)))
    )


def state_words(judged: RequirementAssessment) -> str:
    """The state of a requirement as badges name it."""
    if judged.state is RequirementState.TOO_FEW:
        return "too few to tell"
    return judged.state.value
