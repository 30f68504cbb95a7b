"""All that is held about one venue, as plain rows and values: what its own copy is made of.

Only what is the venue's: its people by role and name, and everybody else as the office, an
auditor, or nobody in particular. No e-mail address, no phone number, nothing of another venue.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from charter import config
from charter.accounts.models import Membership, User
from charter.certificates import reading as certified
from charter.certificates import register
from charter.commitments import standing
from charter.core import clock, trail
from charter.core.access import AT_A_VENUE, Role
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Edition, Kind
from charter.incidents import reading
from charter.office import words
from charter.proofs.decisions import WAYS_SEEN
from charter.proofs.models import (
    Evidence,
    EvidenceFile,
    EvidenceSeen,
    NotApplicable,
    ProofDraft,
    QuietRecord,
    Signature,
    ThreadMessage,
)
from charter.proofs.states import ProofState
from charter.signup.models import SignUp, SignUpMessage
from charter.staff.models import StaffList
from charter.venues import rules
from charter.venues.models import Closure, Venue, Zone
from charter.venues.models import Kind as VenueKind

Row = tuple[object, ...]
AT_ONCE = 200
PROOFS: Row = (
    "Requirement", "What it asks", "Proof", "Kind", "State", "Happened on", "Counts from",
    "Counts until", "Handed in", "Ended early on", "Handed in by", "Decided by", "Decided",
    "Reason", "Words", "Link", "Signed by", "Seen by", "Files", "SHA-256",
)  # fmt: skip
MESSAGES: Row = ("When", "About", "From", "Words")
EXCEPTIONS: Row = ("Requirement", "What", "Said by", "On", "Words", "Answer", "Answered on")
TRAIL: Row = ("Number", "When", "What", "By")


@dataclass(frozen=True, slots=True)
class Holdings:
    """One venue, the words of its edition, and the names that its copy may hold."""

    venue: Venue
    edition: Edition | None
    names: Mapping[int, str]
    office: str

    def name(self, user_id: int | None) -> str:
        """Who somebody is to this venue: their name if they are its own, else the office."""
        return "" if user_id is None else self.names.get(user_id, self.office)

    def about(self, key: str) -> str:
        """A requirement's number and short name."""
        found = self.edition.requirement(key) if self.edition else None
        return f"{found.number} {found.task}" if found else key

    def asks(self, key: str) -> str:
        """What a requirement asks, in one sentence."""
        found = self.edition.requirement(key) if self.edition else None
        return found.words if found else ""


def holdings(venue_id: int) -> Holdings:
    """What is held about a venue; there must be one."""
    venue = db.session.get_one(Venue, venue_id)
    edition = editions.edition(venue.edition_key) if venue.edition_key else None
    here = (Membership.venue_id == venue_id) & Membership.role.in_(AT_A_VENUE)
    company = Membership.operator_id.is_not(None)
    auditor = (Membership.venue_id == venue_id) & (Membership.role == Role.AUDITOR)
    names = {}
    for user_id, name, role in db.session.execute(
        select(User.id, User.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(or_(here, company, auditor))
    ):
        names[user_id] = "an auditor" if role == Role.AUDITOR else name
    return Holdings(venue, edition, names, config.current().city.office_name)


def moment(at: datetime | None) -> str:
    """An instant by the city's clock, as a sheet sorts it."""
    return clock.local(at).strftime("%Y-%m-%d %H:%M") if at else ""


def day(when: date | None) -> str:
    """A day as a sheet sorts it."""
    return when.isoformat() if when else ""


def identity(held: Holdings) -> dict[str, Any]:
    """Who the venue is, as plain values that JSON can hold."""
    venue = held.venue
    return {
        "venue": {
            "name": venue.name, "street": venue.street, "town": venue.town,
            "postcode": venue.postcode, "kind": VenueKind(venue.kind).label,
            "latitude": venue.latitude, "longitude": venue.longitude,
            "food_hygiene_id": venue.fhrs_id,
            "open": rules.nights_in_words(venue.opening_nights),
            "people_on_a_busy_night": venue.expected_people,
            "run_by": venue.operator.name if venue.operator else None,
            "state": register.state_of(venue.id),
            "charter": held.edition.title if held.edition else None,
            "signed_on": day(venue.signed_on), "owner_since": day(venue.owner_since),
            "left_on": day(venue.left_on), "left_because": venue.left_because,
        },
        "licence": {
            "incident_book_on_paper": venue.licence_paper_book,
            "cctv_kept_days": venue.licence_cctv_days,
            "incident_book_kept_months": venue.licence_retention_months,
            "incident_book_asks_for": list(reading.records(venue.id)),
        },
        "rooms": [
            {"kind": row.kind, "name": row.name, "until": day(row.retired_on)}
            for row in _of(Zone, venue.id)
        ],
        "closures": [
            {"from": day(row.from_on), "until": day(row.until_on), "reason": row.reason}
            for row in _of(Closure, venue.id)
        ],
        "signatures": [
            {"name": row.name, "as": row.signer_role, "on": day(row.signed_on)}
            for row in _of(Signature, venue.id)
        ],
        "team": _team(venue),
        "staff_list": _staff_list(venue.id),
        "standing": _standing(venue.id),
        "certificates": [
            {
                "serial": shown.certificate.serial, "code": shown.code,
                "from": day(shown.certificate.valid_from),
                "until": day(shown.certificate.valid_until),
                "state": shown.verdict.state.value,
            }
            for shown in certified.of_venue(venue.id)
        ],
    }  # fmt: skip


def _of(model: Any, venue_id: int) -> Sequence[Any]:
    return db.session.scalars(
        select(model).where(model.venue_id == venue_id).order_by(model.id)
    ).all()


def _team(venue: Venue) -> list[dict[str, str]]:
    """Everybody who ever had a role at the venue, and its company's area managers."""
    here = (Membership.venue_id == venue.id) & Membership.role.in_(AT_A_VENUE)
    if venue.operator_id is not None:
        here |= Membership.operator_id == venue.operator_id
    rows = db.session.scalars(
        select(Membership)
        .options(joinedload(Membership.user))
        .where(here)
        .order_by(Membership.starts_on, Membership.id)
    )
    return [
        {"role": row.label, "name": row.user.name, "from": day(row.starts_on),
         "until": day(row.ends_on)}
        for row in rows
    ]  # fmt: skip


def _staff_list(venue_id: int) -> dict[str, str] | None:
    row = db.session.get(StaffList, venue_id)
    if row is None:
        return None
    return {"began_on": day(row.began_on), "last_checked_on": day(row.checked_on)}


def _standing(venue_id: int) -> dict[str, Any] | None:
    judged = standing.assessed(venue_id)
    if judged is None:
        return None
    return {
        "as_at": day(judged.today),
        "state": judged.state.label,
        "holds_until": day(judged.holds_until),
        "commitments": [
            {
                "number": one.commitment.number, "name": one.commitment.name,
                "state": one.state.label, "holds_until": day(one.holds_until),
                "requirements": [
                    {
                        "number": each.requirement.number, "asks": each.requirement.words,
                        "state": each.state.label, "holds_until": day(each.holds_until),
                        "why": each.why,
                    }
                    for each in one.requirements
                ],
            }
            for one in judged.commitments
        ],
    }  # fmt: skip


def files(venue_id: int) -> Iterator[tuple[int, EvidenceFile]]:
    """Every file of every proof, with the proof's id."""
    rows = db.session.scalars(
        select(EvidenceFile)
        .join(Evidence, Evidence.id == EvidenceFile.evidence_id)
        .options(joinedload(EvidenceFile.file))
        .where(Evidence.venue_id == venue_id)
        .order_by(EvidenceFile.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        yield row.evidence_id, row


def unfinished(venue_id: int) -> Sequence[ProofDraft]:
    """Proofs begun and not handed in, each with its photos."""
    return _of(ProofDraft, venue_id)


def proofs(held: Holdings, stored: Mapping[int, Sequence[tuple[str, str]]]) -> Iterator[Row]:
    """Every proof in the order of the columns `PROOFS`.

    `stored` gives, by proof, what became of each of its files in the copy, and its hash.
    """
    rows = db.session.scalars(
        select(Evidence)
        .where(Evidence.venue_id == held.venue.id)
        .order_by(Evidence.requirement_key, Evidence.version)
        .execution_options(yield_per=AT_ONCE)
    )
    seen = _seen(held.venue.id)
    for row in rows:
        of = stored.get(row.id, ())
        yield (
            held.about(row.requirement_key), held.asks(row.requirement_key), row.version,
            Kind(row.kind).label, _state(row), day(row.happened_on), day(row.valid_from),
            day(row.valid_to), moment(row.uploaded_at), day(row.ended_on),
            held.name(row.uploaded_by), held.name(row.decided_by), moment(row.decided_at),
            row.reason, row.statement, row.link, row.signed_name, seen.get(row.id, ""),
            "\n".join(name for name, _ in of), "\n".join(digest for _, digest in of),
        )  # fmt: skip


def _state(row: Evidence) -> str:
    words_ = ProofState(row.state).value.replace("-", " ")
    return f"{words_} as a renewal, not looked at again" if row.by_rule else words_


def _seen(venue_id: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for row in db.session.scalars(
        select(EvidenceSeen)
        .join(Evidence, Evidence.id == EvidenceSeen.evidence_id)
        .where(Evidence.venue_id == venue_id)
        .order_by(EvidenceSeen.id)
    ):
        said = f"{Role(row.role).label}, {WAYS_SEEN[row.how]}, {moment(row.seen_at)}"
        found[row.evidence_id] = "\n".join(filter(None, (found.get(row.evidence_id), said)))
    return found


def messages(held: Holdings) -> Iterator[Row]:
    """What the venue and the office wrote to each other, by `MESSAGES`: signing up comes first."""
    letters = (
        select(SignUpMessage, SignUp.signer_name)
        .join(SignUp, SignUp.id == SignUpMessage.sign_up_id)
        .where(SignUp.venue_id == held.venue.id)
        .order_by(SignUpMessage.id)
    )
    for said, signer in db.session.execute(letters):
        yield moment(said.at), "Signing up", held.office if said.from_office else signer, said.body
    rows = db.session.scalars(
        select(ThreadMessage)
        .where(ThreadMessage.venue_id == held.venue.id)
        .order_by(ThreadMessage.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        who = held.office if row.from_office else held.name(row.author_id)
        yield moment(row.at), held.about(row.requirement_key), who, row.body


def exceptions(held: Holdings) -> Iterator[Row]:
    """What was said not to apply, and quiet weeks, by `EXCEPTIONS`."""
    agreed = {None: "", True: "agreed", False: "it does apply"}
    for row in _of(NotApplicable, held.venue.id):
        answer = ": ".join(filter(None, (agreed[row.agreed], row.words)))
        yield (
            held.about(row.requirement_key), "Does not apply", held.name(row.asked_by),
            moment(row.asked_at), row.reason, answer, moment(row.decided_at),
        )  # fmt: skip
    for row in _of(QuietRecord, held.venue.id):
        yield (
            held.about(row.requirement_key), "Quiet weeks", held.name(row.nil_signed_by),
            day(row.nil_signed_on), "Nothing to report", row.answer, day(row.recorded_on),
        )  # fmt: skip


def history(held: Holdings) -> Iterator[Row]:
    """The venue's own trail in words, newest first, by `TRAIL`."""
    before: int | None = None
    while entries := trail.history(held.venue.id, before=before, limit=AT_ONCE):
        names = {entry.actor_id: held.name(entry.actor_id) for entry in entries if entry.actor_id}
        for line in words.lines(entries, held.edition, names):
            yield line.number, moment(line.at), line.what, line.by
        before = entries[-1].number
