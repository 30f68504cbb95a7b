"""Who opens which page: every GET address of the application, with what the demo city has there.

`routes()` of the permission table says who may open what; this module says with which ids, and
where one endpoint shows different things, which of them to look at.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, Select, select

from charter.accounts.models import Membership, User
from charter.auditors.models import (
    AuditComplaint,
    AuditFinding,
    AuditQuestion,
    Engagement,
    EngagementVenue,
)
from charter.audits import actions, walks
from charter.audits.rules import CHECKS
from charter.audits.rules import Kind as Walker
from charter.audits.rules import State as Mending
from charter.briefings import service as briefings
from charter.briefings.models import BriefingNight
from charter.certificates.models import (
    Badge,
    Certificate,
    CertificateAppeal,
    CertificateProposal,
)
from charter.certificates.rules import grouped
from charter.commitments import pages
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, db
from charter.doors import service as doors
from charter.editions import service as editions
from charter.editions.terms import Kind
from charter.incidents.models import Entry, EntryPerson, FollowUp
from charter.network.models import Notice, NoticeReply
from charter.network.rules import State
from charter.nightwalks import pages as night_walk_pages
from charter.nightwalks import sending
from charter.nightwalks import service as night_walks
from charter.proofs.models import Evidence, NotApplicable
from charter.registers import pages as paper_pages
from charter.rooms import service as rooms
from charter.sessions.models import TrainingSession
from charter.signup.models import SignUp, SignUpState
from charter.staff import service as staff
from charter.training.models import OutsideCourse, OutsideTraining, TrainingRecord
from charter.venues.models import Closure, Venue
from tests import matrix
from tests.pages.city import LONG_NAME, NOBODY, PEOPLE, City

# Answers that are no pages: files to save, data, and what only sends on.
NOT_PAGES = {
    "audited.file",
    "audits.after",
    "audits.blank",
    "audits.photo",
    "audits.report",
    "badge.issuer",
    "reports.annual_pdf",
    "reports.engagement_pdf",
    "reports.register_pdf",
    "reports.evidence_pdf",
    "reports.own_pdf",
    "reports.pack_zip",
    "badge.jwt",
    "badge.key",
    "badge.page",
    "badge.status_list",
    "badge.svg",
    "certificates.pdf",
    "certificates.sticker_pdf",
    "commitments.file",
    "network.file",
    "night_walk.answer_photo",
    "night_walks.fault_photo",
    "night_walks.photo",
    "night_walks.sheet",
    "office.take_copy",
    "office.to_mend_csv",
    "outside.file",
    "outside.office_file",
    "office.venues_csv",
    "office.book_keeping_csv",
    "staff.template",
    "training_office.csv",
    "sessions.ics",
    "own_papers.paper",
    # Of a phone that is paired; tests/pages/test_phone.py opens them.
    "phone.offline",
    "phone.pin",
    "phone.worker",
    "registers.again",
    "rooms.picture",
    "sessions.paper",
    "space_checks.photo",
    "space_checks.report",
    "verify.register_csv",
    "verify.register_geojson",
}
LANTERN, ANCHOR = "The Lantern", "The Anchor"
# Where each person is at home; the office looks at any venue.
# Who may open a page that is not there for them: an area manager has no role at one venue to leave.
NOT_THERE = {("team.leave", "area-manager")}
# Between them they see every menu that a page for everyone can have.
FRAMES = (NOBODY, "champion", "office-admin")
HOMES = {"new champion": ANCHOR, "area-manager": "The Ropewalk"}
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """One person opening one address."""

    person: str
    path: str

    def __str__(self) -> str:
        return f"{self.person} at {self.path}"


def endpoints() -> list[str]:
    """Every endpoint that answers a GET with a page, by the permission table."""
    return [
        r.endpoint for r in matrix.routes() if r.method == "GET" and r.endpoint not in NOT_PAGES
    ]


def visits(city: City, endpoint: str, *people: str, everybody: bool = True) -> list[Visit]:
    """All (or these) people who may open an endpoint, at each address of it worth looking at.

    Not `everybody`: of a page for everyone, only whose frame around it is another one.
    """
    route = next(r for r in matrix.routes() if (r.endpoint, r.method) == (endpoint, "GET"))
    found = []
    with city.app.test_request_context(base_url=city.address):
        frames = PEOPLE if everybody or route.who != "public" else FRAMES
        for person in people or frames:
            if not _may(person, route.who) or (endpoint, person) in NOT_THERE:
                continue
            for values in _values(city, endpoint, person, route.is_about_a_venue):
                found.append(Visit(person, url_for(endpoint, **values)))
        db.session.remove()
    return list(dict.fromkeys(found))


def _role(person: str) -> str:
    return "champion" if person == "new champion" else person


def _may(person: str, who: matrix.Holders) -> bool:
    if who == "public":
        return True
    if person == NOBODY:
        return False
    return who == "anyone" or _role(person) in who


def _values(city: City, endpoint: str, person: str, at_a_venue: bool) -> Iterator[Values]:
    more = FILLED.get(endpoint)
    if not at_a_venue:
        yield from more(city, person, 0) if more else [{}]
        return
    for venue_id in _venues(endpoint, person):
        for values in more(city, person, venue_id) if more else [{}]:
            yield {"venue_id": venue_id, **values}


def _venues(endpoint: str, person: str) -> list[int]:
    named = {HOMES.get(person, LANTERN)}
    if person == ("office-admin" if endpoint == "certificates.issue" else "officer"):
        named |= ELSEWHERE.get(endpoint, set())
    return list(db.session.scalars(select(Venue.id).where(Venue.name.in_(named))))


# Venues where the office finds something else than at The Lantern.
_STATES = {"Crescent Tap", "The Half Moon", "The Bellfounder", "The Tide House", LONG_NAME}
ELSEWHERE = {
    "appeals.answer": {"Crescent Tap"},
    "certificates.issue": {"Junction House"},
    "certificates.propose": {"The Anchor", "Junction House"},
    "certificates.venue": {"The Anchor", "Junction House", "Crescent Tap", "The Copper Lamp"},
    "commitments.commitment": _STATES,
    # Between them they have every kind of requirement in every state that the demo city has.
    "commitments.requirement": {
        "The Half Moon",
        "The Tide House",
        "Cellar 19",
        "The Anchor",
        "Crescent Tap",
        LONG_NAME,
    },
    "office.venue": _STATES | {"The Anchor", "Velvet Hour", "Junction House", "Saltworks Festival"},
    "review.not_applicable": {"The Anchor"},
    "review.proof": {"The Anchor", "The Tide House"},
    "venues.profile": {"The Bellfounder", LONG_NAME},
    "venues.reopen": {"The Bellfounder"},
}


def _edition(venue_id: int) -> Any:
    row = db.session.get_one(Venue, venue_id)
    return editions.edition(row.edition_key) if row.edition_key else None


def _commitments(city: City, person: str, venue_id: int) -> Iterator[Values]:
    edition = _edition(venue_id)
    for each in edition.commitments if edition else ():
        yield {"key": each.key}


def _requirements(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """One of each kind in each state that the venue has."""
    edition = _edition(venue_id)
    seen = set()
    for each in edition.requirements if edition else ():
        found = pages.requirement(venue_id, each.key)
        what = (each.proof_kind, each.signer, found.judged.state if found else None)
        if what not in seen:
            seen.add(what)
            yield {"key": each.key}


def _proofs(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """One of each kind and state."""
    seen = set()
    for row in db.session.scalars(select(Evidence).where(Evidence.venue_id == venue_id)):
        if (row.kind, row.state) not in seen:
            seen.add((row.kind, row.state))
            yield {"evidence_id": row.id}


def _questions(city: City, person: str, venue_id: int) -> Iterator[Values]:
    edition = _edition(venue_id)
    yield {"key": edition.requirements[2].key}


def _counted(city: City, person: str, venue_id: int) -> Iterator[Values]:
    edition = _edition(venue_id)
    yield {"key": next(each.key for each in edition.requirements if each.kind is Kind.COUNTED)}


def _wishes(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(select(NotApplicable).where(NotApplicable.venue_id == venue_id)):
        yield {"asked_id": row.id}


def _closures(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(select(Closure).where(Closure.venue_id == venue_id)):
        yield {"closure_id": row.id}


def _certificates(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(select(Certificate).where(Certificate.venue_id == venue_id)):
        yield {"certificate_id": row.id}


def _proposals(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = (
        CertificateProposal.venue_id == venue_id,
        CertificateProposal.kind == "issue",
        CertificateProposal.ended_at.is_(None),
    )
    for row in db.session.scalars(select(CertificateProposal).where(*where)):
        yield {"proposal_id": row.id}


def _appeals(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(
        select(CertificateAppeal).where(CertificateAppeal.venue_id == venue_id)
    ):
        yield {"appeal_id": row.id}


def _engagements(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """The audits that cover a venue; for the office, every one."""
    query = select(Engagement.id).order_by(Engagement.id)
    if venue_id:
        covered = EngagementVenue.engagement_id == Engagement.id
        query = query.join(EngagementVenue, covered).where(EngagementVenue.venue_id == venue_id)
    for number in db.session.scalars(query):
        yield {"engagement_id": number}


def _audit_questions(city: City, person: str, venue_id: int) -> Iterator[Values]:
    query = select(AuditQuestion.id).where(AuditQuestion.venue_id == venue_id)
    for number in db.session.scalars(query):
        yield {"question_id": number}


def _audit_findings(city: City, person: str, venue_id: int) -> Iterator[Values]:
    rows = db.session.scalars(select(AuditFinding).where(AuditFinding.venue_id == venue_id))
    for row in rows:
        yield {"engagement_id": row.engagement_id, "number": row.number}


def _complaints(city: City, person: str, venue_id: int) -> Iterator[Values]:
    query = select(AuditComplaint.id).where(AuditComplaint.venue_id == venue_id)
    for number in db.session.scalars(query):
        yield {"complaint_id": number}


def _audited_proofs(city: City, person: str, venue_id: int) -> Iterator[Values]:
    newest = (
        select(Evidence.id)
        .where(Evidence.venue_id == venue_id, Evidence.requirement_key == "message.posters-up")
        .order_by(Evidence.version.desc())
    )
    evidence = db.session.scalars(newest).first()
    for values in _engagements(city, person, venue_id):
        if evidence is not None:
            yield {**values, "evidence_id": evidence}


def _with_badge(city: City, person: str, venue_id: int) -> Iterator[Values]:
    if db.session.get(Badge, venue_id) is not None:
        yield {}


def _withdrawals(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = (CertificateProposal.venue_id == venue_id, CertificateProposal.kind == "withdraw")
    for row in db.session.scalars(select(CertificateProposal).where(*where)):
        yield {"withdrawal_id": row.id}


def _codes(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """The certificates of venues in every state."""
    for row in db.session.scalars(select(Certificate)):
        yield {"code": grouped(row.code)}


def _members(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = (Membership.venue_id == venue_id, Membership.role == Role.STAFF)
    for row in db.session.scalars(select(Membership).where(*where)):
        yield {"membership_id": row.id}


def _officers(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(select(Membership).where(Membership.role == Role.OFFICER)):
        yield {"membership_id": row.id}


def _users(*who: str) -> Callable[[City, str, int], Iterator[Values]]:
    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        addresses = [PEOPLE[each] for each in who]
        for user_id in db.session.scalars(select(User.id).where(User.email.in_(addresses))):
            yield {"user_id": user_id}

    return found


def _sign_ups(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = SignUp.state != SignUpState.UNCONFIRMED
    for row in db.session.scalars(select(SignUp).where(where)):
        yield {"sign_up_id": row.id}


def _notices(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """What somebody sees on the board; to the office also what waits and what is not shown."""
    query = select(Notice.id)
    if person not in ("officer", "office-admin"):
        query = query.where(Notice.state == State.SHOWN)
    for notice_id in db.session.scalars(query):
        yield {"notice_id": notice_id}


def _notices_shown(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for notice_id in db.session.scalars(select(Notice.id).where(Notice.state == State.SHOWN)):
        yield {"notice_id": notice_id}


def _replies_shown(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in db.session.scalars(select(NoticeReply).where(NoticeReply.state == State.SHOWN)):
        yield {"notice_id": row.notice_id, "reply_id": row.id}


def _sessions(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """Sessions that a venue, or the office (0), may look at."""
    query = select(TrainingSession)
    if venue_id:
        theirs = TrainingSession.venue_id == venue_id
        query = query.where(theirs | TrainingSession.venue_id.is_(None))
    yield from _of_each_fate(query)


def _sessions_run(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """Sessions that a venue's own trainer, or the office (0), runs."""
    where = TrainingSession.venue_id == (venue_id or None)
    yield from _of_each_fate(select(TrainingSession).where(where))


def _of_each_fate(query: Select[TrainingSession]) -> Iterator[Values]:
    """Counted, cancelled, running and to come: the latest of each, of whoever runs it."""
    seen = set()
    for row in db.session.scalars(query.order_by(TrainingSession.starts_at.desc())):
        begun = row.starts_at <= clock.now()
        fate = (row.venue_id, row.counted_at is None, row.cancelled_at is None, begun)
        if fate not in seen:
            seen.add(fate)
            yield {"session_id": row.id}


def _staff_here(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """Of who works at the venue, one of each employer, and whoever is to come."""
    seen = set()
    for row in staff.present(venue_id):
        now = staff.jobs_now(row)
        what = (now[0].employer, bool(row.user_id)) if now else "to come"
        if what not in seen:
            seen.add(what)
            yield {"member_id": row.id}


def _staff_gone(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in staff.gone(venue_id)[:1]:
        yield {"member_id": row.id}


def _staff(city: City, person: str, venue_id: int) -> Iterator[Values]:
    yield from _staff_here(city, person, venue_id)
    yield from _staff_gone(city, person, venue_id)


def _link(name: str) -> Callable[[City, str, int], Iterator[Values]]:
    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        yield {"token": city.links[name]}

    return found


def _tonight(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """The links of this night's briefings."""
    for row in db.session.scalars(select(BriefingNight)):
        if not briefings.is_over(row):
            yield {"token": briefings.token(row)}


def _with_tonight(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """A venue whose briefing for this night was made."""
    if briefings.tonight(venue_id) is not None:
        yield {}


def _each(name: str, *values: str) -> Callable[[City, str, int], Iterator[Values]]:
    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        for value in values:
            yield {name: value} if value else {}

    return found


def _trained(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """Somebody of the list with each kind of row, and somebody with none."""
    seen = set()
    done = {
        row.member_id: (row.source, row.withdrawn_at is None)
        for row in db.session.scalars(
            select(TrainingRecord).where(TrainingRecord.venue_id == venue_id)
        )
    }
    for member in staff.present(venue_id):
        what = done.get(member.id)
        if what not in seen:
            seen.add(what)
            yield {"member_id": member.id}


def _training_rows(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = (TrainingRecord.venue_id == venue_id, TrainingRecord.withdrawn_at.is_(None))
    for record_id in db.session.scalars(select(TrainingRecord.id).where(*where).limit(1)):
        yield {"record_id": record_id}


def _outside(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """A hand-in in each state."""
    seen = set()
    for row in db.session.scalars(select(OutsideTraining)):
        if row.state not in seen:
            seen.add(row.state)
            yield {"outside_id": row.id}


def _outside_courses(city: City, person: str, venue_id: int) -> Iterator[Values]:
    where = OutsideCourse.decided_at.is_not(None)
    for course_id in db.session.scalars(select(OutsideCourse.id).where(where).limit(2)):
        yield {"course_id": course_id}


def _rooms(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """A room that is on the plan, that one by its first corner, and a room that is not."""
    found = rooms.venue(venue_id)
    for room in found.rooms:
        if room.zone_id in found.boxes:
            yield {"zone_id": room.zone_id}
            yield {"zone_id": room.zone_id, "x": 200, "y": 300}
            break
    for room in found.rooms:
        if room.zone_id not in found.boxes:
            yield {"zone_id": room.zone_id}
            break


def _walks(
    kinds: Sequence[Walker], *, is_finished: bool | None = None, with_room: bool = False
) -> Callable[[City, str, int], Iterator[Values]]:
    """Walks of a venue, finished or not or both; with the first and last room of each."""

    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        rows = [] if is_finished is False else walks.finished(venue_id, kinds)
        rows += [] if is_finished else walks.running(venue_id, kinds)
        for row in rows[:3]:
            rooms = walks.with_answers(row).rooms
            if with_room:
                yield from ({"audit_id": row.id, "place": each.place} for each in rooms[:2])
            else:
                yield {"audit_id": row.id}

    return found


def _to_mend(*states: Mending) -> Callable[[City, str, int], Iterator[Values]]:
    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        for state in states:
            yield from ({"number": row.number} for row in actions.board(venue_id, state)[:2])

    return found


def _night_walks(city: City, person: str, venue_id: int) -> Iterator[Values]:
    yield from ({"walk_id": row.walk.id} for row in night_walk_pages.index()[0])


def _without_walkers(city: City, person: str, venue_id: int) -> Iterator[Values]:
    rows = (row for row in night_walk_pages.index()[0] if not row.walkers)
    yield from ({"walk_id": row.walk.id} for row in rows)


def _again(city: City, person: str, venue_id: int) -> Iterator[Values]:
    rows = (row.walk for row in night_walk_pages.index()[0])
    yield from ({"walk_id": row.id} for row in rows if row.repeats_id)


def _sheets_typed(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in night_walk_pages.index()[0]:
        on_paper = [e for e in night_walks.walkers(row.walk.id) if e.token_hash is None]
        if on_paper:
            yield {"walk_id": row.walk.id, "number": on_paper[0].number, "n": 2}


def _street_faults(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in night_walk_pages.index()[0]:
        for fault in night_walks.faults(row.walk.id):
            yield {"walk_id": row.walk.id, "number": fault.number}


def _night_walk_links(city: City, person: str, venue_id: int) -> Iterator[Values]:
    yield from ({"code": row.walk.code} for row in night_walk_pages.index()[0])


def _night_walk_stop(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """A stop, for whoever joined the walk with their phone."""
    row = night_walks.walk(int(city.links["night walk"]))
    if person == NOBODY and row is not None:
        yield {"code": row.code, "n": 1}


def _fault_links(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in night_walk_pages.index()[0]:
        for fault in night_walks.faults(row.walk.id):
            token = sending.token(row.walk.id, fault.recipient_id)
            yield {"token": token, "number": fault.number}


def _fault_lists(city: City, person: str, venue_id: int) -> Iterator[Values]:
    yield from ({"token": each["token"]} for each in _fault_links(city, person, venue_id))


def _recipients(city: City, person: str, venue_id: int) -> Iterator[Values]:
    yield from ({"recipient_id": row.id} for row in night_walks.recipients()[:1])


def _cameras(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for mark in rooms.cameras(venue_id)[:1]:
        yield {"camera_id": mark.camera_id}


def _space_changes(city: City, person: str, venue_id: int) -> Iterator[Values]:
    for row in rooms.changes(venue_id):
        yield {"change_id": row.id}


def _spots(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """An entry that somebody may add to, before a tap and after it."""
    query = select(Entry.number).where(Entry.book == venue_id)
    if person == "staff":
        mine = select(User.id).where(User.email == PEOPLE[person]).scalar_subquery()
        query = query.where(Entry.by_user_id == mine)
    for number in db.session.scalars(query.order_by(Entry.number.desc()).limit(1)):
        yield {"number": number}
        yield {"number": number, "x": 150, "y": 150}


def _entries(
    *which: ColumnElement[bool], own: bool = True
) -> Callable[[City, str, int], Iterator[Values]]:
    """An entry of the venue's book of which these hold; for staff (`own`) one they wrote."""

    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        query = select(Entry.number).where(Entry.book == venue_id, *which)
        if own:
            query = _mine(query, person)
        for number in db.session.scalars(query.order_by(Entry.number).limit(2)):
            yield {"number": number}

    return found


def _mine(query: Select[Any], person: str) -> Select[Any]:
    """Only what they wrote themself, for somebody of the staff."""
    if person != "staff":
        return query
    mine = select(User.id).where(User.email == PEOPLE[person]).scalar_subquery()
    return query.where(Entry.by_user_id == mine)


def _of_entries(
    row: type[EntryPerson] | type[FollowUp], which: ColumnElement[bool]
) -> Callable[[City, str, int], Iterator[Values]]:
    """Somebody the newest entry is about, or something to do after it, of which this holds."""

    def found(city: City, person: str, venue_id: int) -> Iterator[Values]:
        query = select(Entry.number, row.n).join(row, row.entry_id == Entry.id)
        query = _mine(query.where(Entry.book == venue_id, which), person)
        newest = query.order_by(Entry.number.desc(), row.n).limit(1)
        for number, n in db.session.execute(newest):
            yield {"number": number, "n": n}

    return found


def _of_the_office(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """The entries of the office's own series."""
    for number in db.session.scalars(select(Entry.number).where(Entry.book == CITY)):
        yield {"number": number}


def _to_do_of_the_office(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """What is to be done after an entry of the office's own series."""
    query = select(Entry.number, FollowUp.n).join(FollowUp, FollowUp.entry_id == Entry.id)
    for number, n in db.session.execute(query.where(Entry.book == CITY).limit(1)):
        yield {"number": number, "n": n}


def _sheets(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """A printed page in each state."""
    seen = set()
    for each in paper_pages.some(venue_id):
        if each.state not in seen:
            seen.add(each.state)
            yield {"sheet": each.code}


def _nights_at_the_door(city: City, person: str, venue_id: int) -> Iterator[Values]:
    """Tonight, a night on which somebody worked, and one that is too long ago."""
    yield {}
    for night in (doors.night_before(venue_id, doors.tonight()), clock.today() - timedelta(60)):
        if night is not None:
            yield {"night": night.isoformat()}


_BOOK: dict[str, Callable[[City, str, int], Iterator[Values]]] = {
    "incidents.entry": _entries(),
    "incidents.written": _entries(),
    "incidents.change": _entries(),
    "incidents.who": _entries(),
    "incidents.strike": _of_entries(EntryPerson, EntryPerson.is_struck.is_(False)),
    "incidents.cctv": _entries(),
    "incidents.close": _entries(Entry.state == "open"),
    "incidents.reopen": _entries(Entry.state == "closed"),
    "incidents.to_do": _entries(Entry.state == "open"),
    "incidents.done": _of_entries(FollowUp, FollowUp.done_on.is_(None)),
    "incidents.hold": _entries(Entry.is_held.is_(False)),
    "incidents.release": _entries(Entry.is_held.is_(True)),
    "incidents.share": _entries(),
    "licence.door": _nights_at_the_door,
    "registers.police": _entries(Entry.words_wiped_on.is_(None)),
    "registers.spoil": _sheets,
    "registers.type_in": _sheets,
    "office_books.entry": _of_the_office,
    "office_books.close": _of_the_office,
    "office_books.add": _of_the_office,
    "office_books.to_do": _of_the_office,
    "office_books.done": _to_do_of_the_office,
    "office_books.hold": _of_the_office,
    "office_books.release": _of_the_office,
    "office_books.shared_entry": _entries(Entry.shared != ""),
}


FILLED: dict[str, Callable[[City, str, int], Iterator[Values]]] = {
    **_BOOK,
    "accounts.confirm_address": _link("email-change-new"),
    "accounts.invitation": _link("invitation"),
    "accounts.reset_password": _link("reset-password"),
    "audits.action": _to_mend(*Mending),
    "audits.begin": _each("paper", "", "1"),
    "audits.board": _each("state", "", "done", "dropped"),
    "audits.done": _to_mend(Mending.OPEN),
    "audits.drop": _walks([Walker.OWN], is_finished=False),
    "audits.drop_action": _to_mend(Mending.OPEN),
    "audits.finish": _walks([Walker.OWN], is_finished=False),
    "audits.leave_out": _walks([Walker.OWN], is_finished=False, with_room=True),
    "audits.plan": _to_mend(Mending.OPEN),
    "audits.room": _walks([Walker.OWN], is_finished=False, with_room=True),
    "audits.show": _walks([Walker.OWN]),
    "briefings.paper": _with_tonight,
    "certificates.issue": _proposals,
    "appeals.answer": _appeals,
    "appeals.ask": _certificates,
    "audited.answer": _audit_questions,
    "audited.complain": _engagements,
    "audited.reply": _complaints,
    "auditors.ask": _engagements,
    "auditors.case": _engagements,
    "auditors.check": _audit_findings,
    "auditors.find": _engagements,
    "auditors.see": _audited_proofs,
    "certificates.badge": _with_badge,
    "engagements.engagement": _engagements,
    "certificates.say": _certificates,
    "certificates.take_away": _certificates,
    "certificates.take_back": _withdrawals,
    "certificates.withdraw": _certificates,
    "certificates_office.index": _each("show", "grace", "ready", "renew", "suspended", "waiting"),
    "commitments.commitment": _commitments,
    "commitments.proof": _proofs,
    "commitments.requirement": _requirements,
    "front.privacy": _each("audience", "everyone", "people", "signers", "staff", "venues"),
    "network.index": _each("kind", "", "question"),
    "network.notice": _notices,
    "network.queue": _each("only", "", "hidden"),
    "network.take_down": _notices_shown,
    "network.take_down_reply": _replies_shown,
    "night_walk.answer": _fault_links,
    "night_walk.done": _night_walk_links,
    "night_walk.faults": _fault_lists,
    "night_walk.start": _night_walk_links,
    "night_walk.stop": _night_walk_stop,
    "night_walks.change": _without_walkers,
    "night_walks.compare": _again,
    "night_walks.fault": _street_faults,
    "night_walks.new_fault": _night_walks,
    "night_walks.recipient": _recipients,
    "night_walks.typed": _sheets_typed,
    "night_walks.walk": _night_walks,
    "office.beside": _walks(CHECKS, is_finished=True),
    "office.sign_up": _sign_ups,
    "office.to_mend": _each("show", "", "overdue"),
    "outside.decide": _outside,
    "outside.remap": _outside_courses,
    "review.not_applicable": _wishes,
    "review.proof": _proofs,
    "review.question": _questions,
    "review.quiet_weeks": _counted,
    "rooms.camera": _cameras,
    "rooms.change": _space_changes,
    "rooms.index": _each("span", "", "12-months"),
    "rooms.place": _rooms,
    "rooms.spot": _spots,
    "sessions.cancel": _sessions_run,
    "sessions.change": _sessions_run,
    "sessions.count": _sessions_run,
    "sessions.register": _sessions_run,
    "sessions.screen": _sessions_run,
    "sessions.session": _sessions,
    "sessions_office.cancel": _sessions_run,
    "sessions_office.change": _sessions_run,
    "sessions_office.count": _sessions_run,
    "sessions_office.register": _sessions_run,
    "sessions_office.screen": _sessions_run,
    "sessions_office.session": _sessions,
    "signup.answer": _link("sign-up-decision"),
    "signup.confirm": _link("sign-up-confirm"),
    "signup.venue": _each("q", "", "quay", "nothing at all"),
    "space_checks.drop": _walks(CHECKS, is_finished=False),
    "space_checks.finish": _walks(CHECKS, is_finished=False),
    "space_checks.leave_out": _walks(CHECKS, is_finished=False, with_room=True),
    "space_checks.room": _walks(CHECKS, is_finished=False, with_room=True),
    "space_checks.show": _walks(CHECKS),
    "staff.change": _staff_here,
    "staff.come_back": _staff_gone,
    "staff.index": _each("find", "", "a"),
    "staff.leave": _staff_here,
    "staff.person": _staff,
    "team.end": _members,
    "team.end_office_role": _officers,
    "team.office_person": _users("champion", "officer", "auditor"),
    "team.propose_factor_reset": _users("officer"),
    "tonight.read": _tonight,
    "tonight.ready": _tonight,
    "training_office.index": _each("by", "", "kind", "job"),
    "training_office.starters": _each("lack", "", "training"),
    "training.index": _each("on", "", "2026-03-12"),
    "training.people": _each("state", "", "book"),
    "training.person": _trained,
    "training.withdraw": _training_rows,
    "venues.reopen": _closures,
    "verify.verify": _codes,
}
