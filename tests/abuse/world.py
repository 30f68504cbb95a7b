"""One city with something of everything in it, and whatever words a test wants in every field.

`make_world` wants an application context and commits by itself. Its words are written into the
tables as they are, because what matters here is what becomes of them on the way out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from charter.accounts import invitations, mailboxes
from charter.accounts.invitations import Wish
from charter.accounts.models import Invitation, Membership, User
from charter.auditors import complaints
from charter.auditors import work as audit_work
from charter.auditors.models import Engagement
from charter.audits import actions, service
from charter.audits.rules import Kind as Walker
from charter.audits.rules import State
from charter.audits.walks import Given, Seen
from charter.certificates import marks, remarks, withdrawing
from charter.certificates import reading as certified
from charter.certificates.models import Certificate, CertificateAppeal
from charter.core import clock
from charter.core.access import Role
from charter.core.codes import grouped
from charter.core.db import CITY, commit, db, lock
from charter.core.files import StoredFile
from charter.core.mail import OutboxMail
from charter.devices.models import Device
from charter.doors import service as doors
from charter.doors.models import DoorShift
from charter.incidents import amending, following, people, reading
from charter.incidents.choices import Cctv
from charter.incidents.models import BookTerms
from charter.incidents.people import Somebody
from charter.nightwalks import sending
from charter.nightwalks import service as nightly
from charter.nightwalks.models import NightWalk, StopNote
from charter.nightwalks.rules import State as Answer
from charter.proofs import drafts, exceptions, threads
from charter.proofs.models import Evidence, EvidenceFile, NotApplicable
from charter.registers import pages as papers
from charter.rooms.models import Camera, FloorPlan, SpaceChange, ZoneBox
from charter.signup import service as signing
from charter.signup.models import SignUp
from charter.venues import places
from charter.venues import service as venues
from charter.venues.models import Closure, Kind, Operator, Zone
from tests import matrix
from tests.abuse.training_world import Values, make_part
from tests.builders.accounts import make_member, make_user
from tests.builders.auditors import engage
from tests.builders.audits import make_walk, opened, weak
from tests.builders.certificates import in_city, issue, make_ready, propose, withdraw
from tests.builders.commitments import EDITION, make_proof, make_scene, received, under_lock
from tests.builders.incidents import WHOLE, happened, make_entry, writer
from tests.builders.nightwalks import make_fault, make_night_walk, make_walker

Say = Callable[[str], str]
NOBODY = "nobody"
# A key of each kind of proof, all without a proof that waits.
KEYS = {
    "statement": "staff.survey",
    "file": "message.busy-times",
    "photos": "message.posters-up",
    "link": "message.online",
    "signed": "champion.stand-in",
    "waiting": "staff.way-home",
}


@dataclass
class World:
    """The city: its people by what they are, ids for addresses, and mailed links by their kind.

    `others` are more values of an address, by endpoint.
    """

    people: dict[str, int] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[Values]] = field(default_factory=dict)
    code: str = ""
    venue: int = 0
    ready: int = 0
    numbers: list[int] = field(default_factory=list)

    def who_may(self, route: matrix.Route) -> list[str]:
        """Whom of the people a route lets in; nobody is one of them."""
        if route.who == "public":
            return [NOBODY, "champion"]
        if route.who == "anyone":
            return ["champion", "office-admin"]
        return [name for name in self.people if name in route.who]

    def addresses(self, route: matrix.Route) -> Iterator[str]:
        """Every address of a route that something of this world stands at."""
        values: dict[str, Any] = {
            **self.ids,
            "code": self.links["badge"] if route.endpoint.startswith("badge.") else self.code,
            "purpose": "suspension",
            "on": "2026-11-01",
            "year": clock.now().year,
            "key_id": 1,
            "audience": "venues",
            "act": "changed",
            "token": self.links.get(route.endpoint, "unknown"),
        }
        venue = self.venue
        if route.endpoint in ("certificates.propose", "certificates.issue", "certificates.drop"):
            venue = self.ready
        keys = KEYS.values() if route.endpoint.startswith("commitments.") else ["staff.survey"]
        if route.endpoint == "review.quiet_weeks":
            keys = ["public.reports-handled"]
        for key in keys if "{key}" in route.url else [""]:
            if route.endpoint == "commitments.commitment":
                key = key.partition(".")[0]
            yield route.at(venue, key=key, **values)
        for more in self.others.get(route.endpoint, ()):
            yield route.at(venue, **{**values, **more})
        if route.endpoint == "verify.verify":
            yield route.at(venue, code=self.links["withdrawn"])
        if route.endpoint == "commitments.proof":
            yield route.at(venue, evidence_id=self.ids["with a link"])


def make_world(say: Say = lambda name: f"Some {name}") -> World:
    """The city; `say(field)` gives the words of each field."""
    world = World()
    scene = make_ready(name=say("venue"), street=say("street"), town=say("town"))
    world.venue = scene.venue
    world.people = {"champion": scene.champion, "officer": scene.officer}
    _people(world, say)
    _profile(world, say)
    _space(world, say)
    _certificates(world, say)
    _proofs(world, say)
    _talk(world, say)
    _sign_ups(world, say)
    _links(world, say)
    _train(world, say)
    _book(world, say)
    _walk(world, say)
    _night(world, say)
    _audit(world, say)
    db.session.rollback()
    return world


def _people(world: World, say: Say) -> None:
    operator = Operator(name=say("operator"))
    db.session.add(operator)
    db.session.commit()
    under_lock(world.venue, lambda: setattr(_venue(world), "operator_id", operator.id))
    for role in (Role.MANAGER, Role.STAFF, Role.AUDITOR):
        row = make_member(role, venue=world.venue, name=say(f"{role} name"))
        world.people[role] = row.id
    for role in (Role.OFFICE_ADMIN, Role.SYSTEM_ADMIN):
        world.people[role] = make_member(role, name=say(f"{role} name")).id
    area = make_member(Role.AREA_MANAGER, operator=operator.id, name=say("area name"))
    world.people[Role.AREA_MANAGER] = area.id
    db.session.get_one(User, world.people["champion"]).name = say("champion name")
    db.session.get_one(User, world.people["officer"]).name = say("officer name")
    db.session.commit()
    staff = Membership.user_id == world.people[Role.STAFF]
    world.ids["membership_id"] = db.session.scalars(select(Membership.id).where(staff)).one()
    world.ids["user_id"] = world.people["officer"]


def _venue(world: World) -> Any:
    return venues.venue(world.venue)


def _profile(world: World, say: Say) -> None:
    by = world.people["champion"]
    soon = clock.today() + timedelta(days=40)

    def write() -> None:
        places.add_room(world.venue, "second-bar", say("room"), by=by)
        places.close(world.venue, soon, soon, say("closure"), by=by)

    under_lock(world.venue, write)
    world.ids["room_id"] = db.session.scalars(select(Zone.id)).all()[-1]
    world.ids["closure_id"] = db.session.scalars(select(Closure.id)).one()


def _space(world: World, say: Say) -> None:
    """The map of the rooms: a floor, a room on it, a camera, a change."""
    by, zone = world.people["champion"], world.ids["room_id"]
    rows = {
        "plan_id": FloorPlan(venue_id=world.venue, number=1, name=say("floor"), saved_by=by),
        "camera_id": Camera(venue_id=world.venue, name=say("camera"), x=10, y=10),
        "device_id": Device(venue_id=world.venue, name=say("phone"), made_by=by),
        "shift_id": DoorShift(
            venue_id=world.venue, night=doors.tonight(), employer="agency", recorded_by=by,
            starts_at=clock.now() - timedelta(hours=2), ends_at=clock.now(),
        ),
        "change_id": SpaceChange(
            venue_id=world.venue, zone_id=zone, done_on=clock.today(), what=say("space change"),
            recorded_by=by,
        ),
    }  # fmt: skip
    box = ZoneBox(zone_id=zone, venue_id=world.venue, x=100, y=100, w=400, h=300)
    rows["shift_id"].name, rows["shift_id"].licence = say("door name"), say("door licence")
    asked = BookTerms(venue_id=world.venue, records=["refusals", "door-staff"], saved_by=by)
    db.session.add_all([*rows.values(), box, asked])
    db.session.commit()
    world.ids |= {name: row.id for name, row in rows.items()} | {"zone_id": zone}


def _certificates(world: World, say: Say) -> None:
    gone = make_ready(name=say("withdrawn venue"))
    row = issue(gone)
    withdraw(gone, row.id, say("withdrawn because"))
    lasting = db.session.get_one(Certificate, row.id)
    world.links["withdrawn"] = grouped(lasting.code)
    waits = make_ready(name=say("ready venue"))
    world.ready, world.ids["proposal_id"] = waits.venue, propose(waits)
    scene = waits.__class__(world.venue, world.people["champion"], world.people["officer"])
    valid = issue(scene)
    world.ids["certificate_id"] = valid.id
    shown = certified.one(world.venue, valid.id)
    assert shown is not None
    world.code = shown.code
    world.links["badge"] = marks.badge(world.venue) or ""
    world.ids["withdrawal_id"] = in_city(
        world.venue,
        lambda: withdrawing.propose(
            world.venue, valid.id, by=scene.officer, web_session=None, because=say("why withdraw")
        ),
    ).id
    appeal = CertificateAppeal(
        venue_id=world.venue, certificate_id=valid.id, words=say("appeal"), about=[],
        asked_by=scene.champion, due_on=clock.today(),
    )  # fmt: skip
    db.session.add(appeal)
    db.session.commit()
    world.ids["appeal_id"] = appeal.id
    in_city(
        world.venue,
        lambda: remarks.say(world.venue, valid.id, say("remark"), by=scene.champion),
    )


def _audit(world: World, say: Say) -> None:
    """A running audit of the venue by its auditor, with all that can be said in one."""
    auditor = world.people[Role.AUDITOR]
    number = engage(auditor, world.venue, title=say("audit"), scope=say("scope"))
    row = db.session.get_one(Engagement, number)
    champion = world.people["champion"]
    db.session.rollback()

    def write() -> None:
        asked = audit_work.ask(row, world.venue, "", say("audit question"), by=auditor)
        world.ids["question_id"] = asked.id
        audit_work.answer(world.venue, asked.id, say("audit answer"), received(), by=champion)
        found = audit_work.Found(
            "staff.policy", audit_work.Grade.MAJOR, say("finding"), say("corrective action"),
            say("action owner"), clock.today(),
        )  # fmt: skip
        audit_work.find(row, world.venue, found, by=auditor)
        audit_work.check(row, world.venue, 1, True, say("effect"), by=auditor)
        proof = world.ids["evidence_id"]
        on = clock.today()
        audit_work.see(row, world.venue, proof, "at-venue", on, say("sight"), by=auditor)
        made = complaints.complain(world.venue, number, say("complaint"), by=champion)
        world.ids["complaint_id"] = made.id

    in_city(world.venue, write)
    world.ids["engagement_id"] = number
    world.others["auditors.check"] = [{"number": 1}]


def _proofs(world: World, say: Say) -> None:
    by = world.people["champion"]
    texts = {"statement": say("statement"), "signed_name": say("signer")}
    db.session.rollback()
    first = make_proof(world.venue, KEYS["waiting"], by=by, state="waiting", **texts)
    make_proof(world.venue, "message.poster-words", by=by, reason=say("reason"), state="returned")
    link = "https://lantern.example/?" + say("link")
    world.ids["with a link"] = make_proof(world.venue, "message.online", by=by, link=link)
    photo = received()
    world.ids["evidence_id"] = first

    def attach() -> None:
        stored = StoredFile(
            name=photo.name, sha256=photo.sha256, media_type=photo.media_type,
            size=photo.size, shown_name=say("file"),
        )  # fmt: skip
        db.session.add(stored)
        db.session.flush()
        row = EvidenceFile(
            evidence_id=first, file_id=stored.id, place="bar", place_name=say("place")
        )
        db.session.add(row)
        world.ids["file_id"] = stored.id
        more = EvidenceFile(evidence_id=first, file_id=stored.id)
        db.session.add(more)
        drafts.save(world.venue, KEYS["statement"], by=by, statement=say("draft"))
        db.session.flush()

    under_lock(world.venue, attach)
    assert db.session.get(Evidence, first) is not None


def _talk(world: World, say: Say) -> None:
    by, officer = world.people["champion"], world.people["officer"]

    def talk() -> None:
        threads.ask(world.venue, "staff.survey", say("question"), by=by)
        threads.answer(world.venue, "staff.survey", say("answer"), by=officer)
        threads.ask(world.venue, "staff.way-home", say("open question"), by=by)
        exceptions.ask_not_applicable(world.venue, "staff.way-home", say("not apply"), by=by)
        other = exceptions.ask_not_applicable(
            world.venue, "message.busy-times", say("does apply"), by=by
        )
        exceptions.decide_not_applicable(
            world.venue, other.id, False, say("words to wish"), by=officer
        )
        exceptions.sign_nil(world.venue, "public.reports-handled", by=by)
        exceptions.record_quiet(world.venue, "public.reports-handled", say("quiet"), by=officer)
        exceptions.sign_nil(world.venue, "public.reports-handled", by=by)

    under_lock(world.venue, talk)
    open_ones = NotApplicable.agreed.is_(None)
    world.ids["asked_id"] = db.session.scalars(select(NotApplicable.id).where(open_ones)).one()


def _sign_ups(world: World, say: Say) -> None:
    officer = world.people["officer"]
    known = make_scene(name=say("known venue"), state="known", edition_key=None, signed_on=None)
    new = {
        "name": say("new venue"), "street": say("new street"), "town": say("new town"),
        "postcode": "ZZ9 9ZZ", "kind": Kind.PUB.value,
    }  # fmt: skip
    for number, place in enumerate(({"venue_id": known.venue}, new, new)):
        answers = {
            "venue": place,
            "you": {
                "name": say("signer name"), "role": "owner", "phone": "020 7946 0000",
                "email": f"signer{number}@mail.example",
            },
            "champion": {
                "who": "named", "name": say("named champion"), "email": "kit@mail.example"
            },
            "charter": {"edition": EDITION},
        }  # fmt: skip
        under_lock(known.venue, lambda answers=answers: signing.send(answers))  # type: ignore[misc]  # bound now
    tokens = [_token("sign-up-confirm", f"signer{number}@mail.example") for number in range(3)]
    world.links["signup.confirm"] = tokens[2]
    for token in tokens[:2]:
        under_lock(known.venue, lambda token=token: signing.confirm(token))  # type: ignore[misc]  # bound now
    second = SignUp.signer_email == "signer1@mail.example"
    asked = db.session.scalars(select(SignUp).where(second)).first()
    assert asked is not None
    world.ids["sign_up_id"] = asked.id

    def ask() -> None:
        by = db.session.get_one(User, officer)
        row = db.session.get_one(SignUp, asked.id)
        signing.decide(row, signing.Verdict.ASK, by=by, words=say("office asks"))

    under_lock(known.venue, ask)
    world.links["signup.answer"] = _token("sign-up-decision", "signer1@mail.example")


def _links(world: World, say: Say) -> None:
    someone = make_user(email="forgetful@mail.example")

    def write() -> None:
        wish = Wish("new@mail.example", Role.STAFF, name=say("invited name"), venue_id=world.venue)
        invitations.invite(wish, by=None)
        mailboxes.ask_reset("forgetful@mail.example")
        mailboxes.ask_email_change(someone, "changed@mail.example")

    under_lock(world.venue, write)
    row = db.session.scalars(select(Invitation).where(Invitation.venue_id == world.venue)).one()
    world.ids["invitation_id"] = row.id
    world.links["accounts.invitation"] = _token("invitation", "new@mail.example")
    world.links["accounts.reset_password"] = _token("reset-password", "forgetful@mail.example")
    world.links["accounts.confirm_address"] = _token("email-change-new", "changed@mail.example")


def _train(world: World, say: Say) -> None:
    part = make_part(world.venue, world.people, say)
    world.ids |= part.ids
    world.links |= part.links
    world.others = part.others


def _book(world: World, say: Say) -> None:
    """An entry with everything in it that a person can write, and one that is closed and kept."""
    by = writer(world.people["champion"])
    texts = {
        "said": say("entry said"), "because": say("entry because"), "acted": "other",
        "acted_who": say("acted who"), "camera": say("camera"), "actions": ("nothing",),
        "late_why": say("late why"),
    }  # fmt: skip
    one = make_entry(world.venue, by, **texts)
    two = make_entry(world.venue, by)
    make_entry(world.venue, by, **texts | {"relation": "in-charge"})
    champion = world.people["champion"]

    def write() -> None:
        row = reading.entry(world.venue, one.number)
        other = reading.entry(world.venue, two.number)
        venue = _venue(world)
        assert row is not None
        assert other is not None
        people.add_people(row, [Somebody("harmed", "18-24", say("person"), say("looks"))] * 2, by)
        people.strike_person(row, 2, by, why=say("struck because"))
        [line, *_] = reading.lines(row, with_words=False)
        amending.amend(row, venue, {}, {"said": say("entry correction")}, by,
                       corrects=[line.line.seq], why=say("correction why"))  # fmt: skip
        amending.set_cctv(row, Cctv.SAVED, by, camera=say("saved camera"), who=say("saved by"))
        day = clock.today()
        following.follow_up(row, say("to do"), champion, day, by, owners=[champion])
        following.close(other, "no-action", by, texts={"because": say("closed because")})
        following.hold(other, by, why=say("held because"))
        printed = papers.print_more(world.venue, 2, after=0, by=champion)
        hand = papers.Hand(say("page writer"), day)
        typed = replace(WHOLE, happened=happened())
        for_typing = papers.between(world.venue, 2, 2)[0]
        from_paper = papers.type_in(venue, for_typing, typed, hand, by, once="0" * 32)
        world.others["incidents.entry"] = [{"number": from_paper.number}]
        world.ids["sheet"] = grouped(printed[0].code)
        world.others["registers.type_in"] = [{"sheet": grouped(printed[1].code)}]

    under_lock(world.venue, write)
    world.others.setdefault("incidents.entry", []).append({"number": two.number})


def _walk(world: World, say: Say) -> None:
    """A walk that found something, mended or not; a check; and one of each that goes on."""
    by, officer = world.people["champion"], world.people["officer"]
    venue = world.venue
    notes = {"walk-up.light": say("walk note")}
    first = make_walk(venue, by, say=weak, notes=notes, note=say("walk end"))
    check = make_walk(venue, officer, say=weak, kind=Walker.COVERT)
    open_check = make_walk(venue, officer, kind=Walker.COVERT, finish=False)
    running = make_walk(venue, by, finish=False)

    def write() -> None:
        rows = actions.board(venue, State.OPEN)
        for row, words in zip(rows, ("plan", "done", "dropped"), strict=False):
            actions.plan(row, wrong=say(f"{words} wrong"), fix=say(f"{words} fix"), owner_id=by,
                         owners={by}, due_on=clock.today(), cost="low", by=by)  # fmt: skip
        actions.done(rows[1], say("mended"), received(), by=by)
        actions.drop(rows[2], say("not mended"), by=by)
        walk = opened(venue, running)
        room = walk.rooms[0]
        service.leave_out(walk, room, say("left out"), by=by)
        seen = Seen.of(walk.rows[room.place, "walk-up.light"])
        given = Given("walk-up.light", 3, say("answer note"), seen, received())
        service.save(walk, room, [given], by=by)
        ended = opened(venue, running)
        world.ids["photo_id"] = ended.photos[room.place, "walk-up.light"][0].id
        world.numbers = [row.number for row in rows[:3]]

    under_lock(venue, write)
    world.ids |= {"audit_id": running, "place": "walk-up"}
    numbers = [{"number": each} for each in world.numbers]
    world.others |= dict.fromkeys(("audits.action", "audits.plan", "audits.done"), numbers)
    world.others["audits.show"] = [{"audit_id": first}, {"audit_id": check}]
    world.others["audits.report"] = [{"audit_id": first}]
    world.others["audits.board"] = []
    checks = [{"audit_id": open_check}]
    for page in ("show", "room", "finish", "drop", "leave_out"):
        world.others[f"space_checks.{page}"] = checks
    world.others["office.beside"] = [{"audit_id": check}]
    world.others["space_checks.report"] = [{"audit_id": check}]


def _night(world: World, say: Say) -> None:
    """A night walk with a walker on paper, and faults that wait, were sent, and were answered."""
    by = world.people["officer"]
    stops = (say("night stop"), "The bus")
    walk = make_night_walk(by, stops=stops, title=say("night walk"))
    again = make_night_walk(by, stops=stops, again=walk)
    make_walker(walk, [[1] * 9, [2] * 9], by=by, words=say("night note"))
    make_walker(again, [[1] * 9, [2] * 9], by=by)
    for words in ("waiting", "sent", "answered"):
        make_fault(walk, by, what=say(f"street fault {words}"))
    spare = make_night_walk(by, stops=("Here",))

    def write() -> None:
        rows, to = nightly.faults(walk), nightly.recipients()[0]
        nightly.save_recipient(to, say("recipient"), say("recipient mends"), to.email, by=by)
        for row in rows[1:]:
            row.sent_at = clock.now()
        nightly.answer(rows[2], Answer.FIXED, say("street answer"), received(), by=by)

    under_lock(CITY, write)
    row = db.session.get_one(NightWalk, walk)
    world.ids |= {"walk_id": walk, "recipient_id": nightly.recipients()[0].id}
    world.ids["note_id"] = db.session.scalars(select(StopNote.id)).first()
    token, code = sending.token(walk, world.ids["recipient_id"]), row.code
    world.links |= dict.fromkeys(("night_walk.faults", "night_walk.answer"), token)
    world.links["night_walk.answer_photo"] = token
    world.others["night_walks.change"] = [{"walk_id": spare}]
    world.others["night_walks.compare"] = [{"walk_id": again}]
    world.others["night_walks.typed"] = [{"number": 1, "n": 1}]
    numbers = [{"number": n} for n in (1, 2, 3)]
    world.others |= dict.fromkeys(("night_walks.fault", "night_walk.answer"), numbers)
    world.others |= {key: [{"code": code}] for key in ("night_walk.start", "night_walk.done")}


def _token(kind: str, to: str) -> str:
    for mail in db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())):
        if mail.kind == kind and mail.recipient == to:
            found = re.search(r"https://\S+/(\S+)", mail.body or "")
            assert found
            return found[1]
    raise AssertionError(f"no {kind} to {to}")


def made(app: Flask, say: Say = lambda name: f"Some {name}") -> World:
    """The same, where no context is open."""
    with app.app_context():
        world = make_world(say)
        commit()
        db.session.remove()
        return world


__all__ = ["CITY", "KEYS", "NOBODY", "World", "lock", "made", "make_world"]
