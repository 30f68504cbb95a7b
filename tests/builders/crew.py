"""A venue with something of everything that is kept about people who work there.

All want an application context, take the locks they need and commit by themselves.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_bytes

from charter.briefings.models import BriefingNight, BriefingPage, SpotAnswer, SpotCheck
from charter.core import clock, files
from charter.core.db import CITY, commit, db, lock
from charter.network.models import Notice
from charter.sessions import room
from charter.sessions.models import AttendancePaper, Booking, TrainingSession
from charter.staff.models import StaffImport, StaffJob, StaffLink, StaffList, StaffMember
from charter.training import outside, records
from charter.training.models import OutsideCourse, OutsidePerson, OutsideTraining, TrainingRecord
from tests.builders import sessions
from tests.builders.accounts import make_user
from tests.builders.briefings import make_check, make_page, make_tonight
from tests.builders.commitments import Scene, received
from tests.builders.training import make_hand_in, make_staff

NAMES = ("Ada Birch", "Ben Cole", "Cleo Dunn")


@dataclass(frozen=True, slots=True)
class Crew:
    """The people of two venues; Ada works at both, and has said so from her own account."""

    ada: int
    ben: int
    cleo: int
    others: int
    ada_there: int
    ada_herself: int
    session: int


def make_crew(scene: Scene, other: Scene) -> Crew:
    """Three people here, Ada and one more there, and all that a year brings."""
    ada, ben, cleo = make_staff(scene.venue, *NAMES, by=scene.champion)
    (others,) = make_staff(other.venue, "CANARY PERSON", by=other.champion)
    herself = make_user(name="Ada Herself").id
    (there,) = make_staff(other.venue, "CANARY ADA", by=other.champion, user=herself)
    db.session.get_one(StaffMember, ada).user_id = herself
    db.session.commit()
    session = sessions.make_session(by=scene.officer, trainer="Ana Reed")
    own = sessions.make_session(by=scene.champion, venue=scene.venue, trainer="Tess Own")
    sessions.book(scene.venue, session, ada, ben, by=scene.champion)
    booked = sessions.book(other.venue, session, others, there, by=other.champion)
    here = db.session.query(Booking.id).filter_by(member_id=ada).scalar()
    with sessions.begun(session):
        ticked = {here, *booked}
        sessions.done(lambda: room.set_register(session, ticked, venue_id=None, by=scene.officer))
        sessions.count(session, 3, by=scene.officer)
        _hand_in(scene, [ben, cleo])
        make_page(scene)
        make_tonight(scene, "Duty manager: Kim Loft")
        make_check(scene)
        db.session.query(SpotCheck).one().note = '=HYPERLINK("https://evil.example","x")'
        db.session.commit()
        wrong = db.session.query(TrainingRecord.id).filter_by(member_id=cleo).first()
        assert wrong is not None
        sessions.done(
            lambda: records.withdraw(
                scene.venue, wrong.id, "This was another Cleo", by=scene.champion
            ),
            scene.venue,
        )
    assert own != session
    return Crew(ada, ben, cleo, others, there, herself, session)


def _hand_in(scene: Scene, people: list[int]) -> None:
    handed = make_hand_in(scene.venue, people, by=scene.champion)
    sessions.done(lambda: outside.decide(handed, ["spiking"], by=scene.officer))


def make_old(scene: Scene, night: datetime) -> list[int]:
    """A row of each kind whose time is over in a night, and one whose is not; files that go.

    Written straight into the tables.
    """
    db.session.rollback()
    lock(CITY, scene.venue)
    day = clock.local(night).date()
    by, venue = scene.champion, scene.venue
    db.session.merge(StaffList(venue_id=venue, began_on=day - timedelta(days=1500), checked_on=day))
    members = [
        _member(venue, "Old Leaver", day - timedelta(days=800)),
        _member(venue, "New Leaver", day - timedelta(days=300)),
    ]
    db.session.flush()
    for ago in (timedelta(hours=25), timedelta(hours=23)):
        db.session.add(_list(venue, by if ago.days else scene.officer, night - ago))
    for ago in (31, 29):
        expires = night - timedelta(days=ago)
        db.session.add(
            StaffLink(member_id=members[1].id, code_hash=token_bytes(32), made_by=by,
                      made_at=expires, expires_at=expires)
        )  # fmt: skip
    for hours in (-1, 1):
        tonight = BriefingNight(
            venue_id=venue, night=day + timedelta(days=hours), token_hash=token_bytes(32),
            on_tonight="Kim Loft", expires_at=night + timedelta(hours=hours), made_by=by,
        )  # fmt: skip
        db.session.add(tonight)
    for months in (25, 23):
        done_on = clock.months_after(day, -months)
        db.session.add(
            SpotCheck(venue_id=venue, by="self", done_on=done_on, questions=3, recorded_by=by,
                      note="Kim was not sure", answers=[SpotAnswer(job="bar", right=3)])
        )  # fmt: skip
        _session(venue, members[1], done_on, by)
    for state, months in (("shown", 37), ("waiting", 13), ("shown", 13)):
        db.session.add(
            Notice(kind="question", title="A", body="B", author_id=by, from_office=False,
                   at=night - timedelta(days=31 * months), state=state)
        )  # fmt: skip
    gone = _outside(venue, members[1], day, by)
    commit()
    return gone


def _member(venue: int, name: str, left_on: date) -> StaffMember:
    job = StaffJob(venue_id=venue, job="bar", employer="venue", left_on=left_on)
    row = StaffMember(venue_id=venue, name=name, name_key=name.casefold(), jobs=[job])
    db.session.add(row)
    return row


def _list(venue: int, by: int, made_at: datetime) -> StaffImport:
    rows = [["Secret Name", "bar"]]
    return StaffImport(venue_id=venue, made_by=by, made_at=made_at, once="x" * 32, rows=rows)


def _session(venue: int, member: StaffMember, done_on: date, by: int) -> None:
    """A session of a day, with a certificate that lasted a year."""
    noon = sessions.at(done_on)
    row = TrainingSession(
        course_key="respond", starts_at=noon, starts_local=noon.replace(tzinfo=None), minutes=60,
        places=12, language="English", trainer="Ana Reed", made_by=by,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    lasts = clock.months_after(done_on, 12)
    record = TrainingRecord(
        member_id=member.id, venue_id=venue, course_key="respond", course_version="1",
        done_on=done_on, lasts_until=lasts, source="session", session_id=row.id,
    )  # fmt: skip
    db.session.add(record)
    db.session.flush()
    code = token_bytes(8).hex().upper()
    db.session.add(
        AttendancePaper(record_id=record.id, code=code, initials="N.L.", made_on=done_on)
    )


def _outside(venue: int, member: StaffMember, day: date, by: int) -> list[int]:
    """Hand-ins: over for long, over since lately, returned long ago, waiting since long ago."""
    course = OutsideCourse(provider="W", provider_key="w", title="T", title_key="t")
    kept = []
    for state, months in (("counted", 25), ("counted", 23), ("returned", 25), ("waiting", 25)):
        done_on = clock.months_after(day, -months)
        row = OutsideTraining(
            venue_id=venue, course=course, done_on=done_on, file=files.keep(received()),
            state=state, handed_in_by=by, handed_in_at=sessions.at(done_on),
            decided_at=None if state == "waiting" else sessions.at(done_on), words="Dear Kim",
            people=[OutsidePerson(member_id=member.id)],
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        kept.append(row.file_id)
        if state == "counted":
            record = TrainingRecord(
                member_id=member.id, venue_id=venue, course_key="spiking", course_version="1",
                done_on=done_on, lasts_until=clock.months_after(done_on, 12), source="outside",
                outside_id=row.id,
            )  # fmt: skip
            db.session.add(record)
    return [kept[0], kept[2]]


def words_kept() -> str:
    """Every word that any row of any table holds, but for accounts and their mails."""
    spared = {"user", "outbox_mail", "venue"}
    found = []
    for table in db.metadata.sorted_tables:
        if table.name not in spared:
            found += [repr(row) for row in db.session.execute(table.select())]
    db.session.rollback()
    return "\n".join(found)


def page_kept(venue: int) -> bool:
    """Whether a venue's briefing says anything."""
    return db.session.get(BriefingPage, venue, populate_existing=True) is not None
