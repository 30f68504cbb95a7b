"""The part of the world that is about staff and training, in whatever words a test wants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from charter.briefings import checks
from charter.briefings import service as briefings
from charter.core import clock, codes
from charter.core.db import db
from charter.network import service as network
from charter.network.rules import Kind
from charter.sessions import planning
from charter.sessions.models import AttendancePaper
from charter.staff import imports
from charter.staff import service as staff
from charter.staff.sheet import Entry
from charter.training import outside, records
from charter.training.outside import HandIn
from tests.builders.commitments import received, under_lock
from tests.builders.rooms import make_counted, make_running
from tests.builders.sessions import book, make_session
from tests.builders.training import make_hand_in, make_records, make_staff

Say = Callable[[str], str]
Values = dict[str, int | str]


@dataclass
class Part:
    """Ids for addresses, tokens by endpoint, and more ids where an endpoint shows other things."""

    ids: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[Values]] = field(default_factory=dict)

    def more(self, values: Values, *endpoints: str) -> None:
        """These endpoints have something to show with these values too."""
        for endpoint in endpoints:
            self.others.setdefault(endpoint, []).append(values)


def make_part(venue: int, people: Mapping[str, int], say: Say) -> Part:
    """Staff, sessions, training, briefings, checks and notices of this venue."""
    part, champion, officer = Part(), people["champion"], people["officer"]
    here = _staff(part, venue, champion, say)
    _sessions(part, venue, champion, officer, here, say)
    _training(part, venue, champion, officer, here, say)
    _tonight(part, venue, champion, officer, say)
    _board(part, champion, officer, say)
    db.session.rollback()
    return part


def _staff(part: Part, venue: int, champion: int, say: Say) -> list[int]:
    today = clock.today()
    here = make_staff(venue, say("staff name"), say("other staff name"), by=champion)
    here += make_staff(venue, say("own staff name"), by=champion, user=champion)
    make_staff(venue, say("starter name"), by=champion, started_on=today)
    gone = make_staff(venue, say("gone name"), by=champion)[0]
    under_lock(venue, lambda: staff.leave(venue, gone, today - timedelta(days=1), by=champion))
    entry = Entry(2, say("sheet name"), "bar", "", None, None)
    under_lock(venue, lambda: imports.hold(venue, [entry], by=champion))
    part.ids["member_id"] = here[0]
    for endpoint in ("staff.person", "staff.come_back", "training.person"):
        part.more({"member_id": gone}, endpoint)
    part.more({"member_id": here[2]}, "own_jobs.unlink", "staff.person")
    return here


def _sessions(
    part: Part, venue: int, champion: int, officer: int, here: list[int], say: Say
) -> None:
    words = {
        "place": say("session place"),
        "access_needs": say("access needs"),
        "trainer": say("trainer"),
    }
    own = make_session(by=champion, venue=venue, **words)
    of_office = make_session(by=officer, **words)
    part.ids |= {"session_id": own, "booking_id": book(venue, own, here[0], by=champion)[0]}
    running = make_running(venue, *here[:2], by=champion)
    of_office_running = make_running(venue, *here[:2], by=officer, own=False, course="record")
    gone = make_session(by=officer)
    book(venue, gone, here[0], by=champion)
    because = say("session because")
    under_lock(venue, lambda: planning.cancel(gone, because, venue_id=None, by=officer))
    for verb in ("session", "change", "cancel", "register", "screen", "count"):
        part.more({"session_id": running}, f"sessions.{verb}")
        for session in (of_office, of_office_running):
            part.more({"session_id": session}, f"sessions_office.{verb}")
    part.more({"session_id": of_office}, "sessions.session", "sessions.book", "sessions.ics")
    part.more({"session_id": gone}, "sessions.session", "sessions_office.session")


def _training(
    part: Part, venue: int, champion: int, officer: int, here: list[int], say: Say
) -> None:
    record = make_counted(venue, *here, by=champion)
    part.ids["record_id"] = record
    code = select(AttendancePaper.code).where(AttendancePaper.record_id == record)
    part.more({"code": codes.grouped(db.session.scalars(code).one())}, "verify.verify")
    wrong = make_records(venue, here[:1], "spiking")[0]
    because = say("taken back because")
    under_lock(venue, lambda: records.withdraw(venue, wrong, because, by=champion))
    typed = {"provider": "another", "name": say("provider")}
    returned = make_hand_in(venue, here, by=champion, **typed, title=say("returned course"))
    words = say("returned words")
    under_lock(venue, lambda: outside.send_back(returned, words, by=officer))
    known = make_hand_in(venue, here, by=champion, **typed, title=say("known course"))
    under_lock(venue, lambda: outside.decide(known, ["respond"], by=officer))
    waits = HandIn(**typed, title=say("waiting course"), done_on=clock.today(), people=here)
    proof = received("list.jpg")
    row = under_lock(venue, lambda: outside.hand_in(venue, waits, proof, by=champion))
    part.ids["outside_id"] = row.id
    part.ids["course_id"] = db.session.get_one(outside.OutsideTraining, known).course_id


def _tonight(part: Part, venue: int, champion: int, officer: int, say: Say) -> None:
    always = (say("book place"), say("quiet place"), say("briefing"))
    under_lock(venue, lambda: briefings.write_page(venue, *always, by=champion))
    on = say("on tonight")
    night = under_lock(venue, lambda: briefings.make_tonight(venue, on, by=champion))
    for endpoint in ("tonight.read", "tonight.done", "tonight.ready"):
        part.links[endpoint] = briefings.token(night)
    _check(venue, checks.By.SELF, champion, say("own check"))
    _check(venue, checks.By.COVERT, officer, say("covert check"))


def _check(venue: int, how: checks.By, by: int, note: str) -> None:
    right = [("bar", 3), ("door", 1)]
    today = clock.today()
    under_lock(venue, lambda: checks.note_check(venue, how, today, right, note, by=by))


def _board(part: Part, champion: int, officer: int, say: Say) -> None:
    def post(name: str, *, show: bool | None) -> int:
        row = network.post(
            Kind.QUESTION,
            say(f"{name} title"),
            say(f"{name} body"),
            None,
            by=champion,
            from_office=False,
        )
        if show is not None:
            network.decide(
                row.id, show=show, because="" if show else say("post because"), by=officer
            )
        return row.id

    def talk() -> None:
        shown = post("shown post", show=True)
        reply = network.reply(shown, say("reply"), by=champion, from_office=False)
        network.decide_reply(shown, reply.id, show=True, by=officer)
        waits = network.reply(shown, say("waiting reply"), by=champion, from_office=False)
        part.ids |= {"notice_id": shown, "reply_id": reply.id}
        part.more({"reply_id": waits.id}, "network.take_back_reply", "network.decide_reply")
        for show in (None, False):
            notice = post("waiting post" if show is None else "hidden post", show=show)
            part.more({"notice_id": notice}, "network.notice", "network.decide")

    under_lock(0, talk)
