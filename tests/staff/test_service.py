"""The staff list's verbs: who joins, changes, leaves and comes back; lists read in; links."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from charter.accounts.models import User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.core.trail import TrailEntry
from charter.staff import imports, links, retention, service, sheet, stints
from charter.staff.imports import What
from charter.staff.models import StaffImport, StaffJob, StaffLink, StaffMember
from charter.staff.service import Starter
from charter.training import coverage, facts
from charter.venues.models import VenueState
from charter.venues.sheets import Faults
from tests.builders.accounts import make_member, make_user
from tests.builders.commitments import under_lock
from tests.builders.staff import as_csv, many, put_people, workbook
from tests.builders.venues import make_venue

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A venue and its champion."""

    venue: int
    by: int
    today: date

    def do(self, verb: Callable[[], object]) -> object:
        """A verb under the venue's lock, committed."""
        return under_lock(self.venue, verb)

    def here(self) -> dict[str, str]:
        """Who works here today, and their job."""
        return {
            each.name: now[0].job
            for each in service.present(self.venue)
            if (now := stints.jobs_now(each))
        }


@pytest.fixture
def place(app: Flask) -> Iterator[Place]:
    """A venue that has signed, with nobody on its list, in an open context."""
    with app.app_context():
        yield make_place()
        db.session.remove()


def make_place() -> Place:
    venue = make_venue(state=VenueState.WORKING).id
    by = make_member(Role.CHAMPION, venue=venue).id
    return Place(venue, by, clock.today())


def verbs(venue: int) -> list[str]:
    query = select(TrailEntry.verb).where(TrailEntry.chain == venue).order_by(TrailEntry.number)
    return [verb for verb in db.session.scalars(query) if verb.startswith("staff.")]


def add(place: Place, name: str, **more: object) -> int:
    who = Starter(name, **{"job": "bar", "started_on": place.today} | more)  # type: ignore[arg-type]
    return under_lock(place.venue, lambda: service.add(place.venue, who, by=place.by)).id


def read_in(place: Place, given: str | bytes) -> imports.Plan:
    """A list read in, looked over and saved: pasted cells, or a workbook."""
    whole = sheet.of_text(given) if isinstance(given, str) else sheet.of_file(given, "list.xlsx")
    under_lock(place.venue, lambda: imports.hold(place.venue, whole, by=place.by))
    row = imports.held(place.venue, by=place.by)
    assert row is not None
    once, seal = row.once, imports.plan(place.venue, imports.entries_of(row)).seal
    made = under_lock(
        place.venue, lambda: imports.take(place.venue, by=place.by, once=once, seal=seal)
    )
    assert made is not None
    return made


def test_somebody_joins_once_and_their_list_begins(place: Place) -> None:
    who = Starter("Sam Field", "bar", started_on=place.today)
    first, again = (
        under_lock(
            place.venue, lambda: service.add(place.venue, who, by=place.by, once="a" * 32)
        ).id
        for _ in range(2)
    )
    assert first == again
    head = service.the_list(place.venue)
    assert head is not None
    assert (head.began_on, head.checked_on, head.checked_by) == (
        place.today,
        place.today,
        place.by,
    )
    assert verbs(place.venue) == ["staff.added"]
    other = make_place()
    elsewhere = under_lock(
        other.venue, lambda: service.add(other.venue, who, by=other.by, once="a" * 32)
    )
    assert (elsewhere.id != first, elsewhere.venue_id) == (True, other.venue)


def test_two_people_of_one_name_need_two_badge_names(place: Place) -> None:
    add(place, "Zoë Field")
    add(place, "Al", started_on=place.today + 5 * DAY)
    for name in ("zoe  field", "AL"):
        with pytest.raises(Refused, match="badge name"):
            add(place, name)
    for wrong in ({"job": "juggler"}, {"employer": "us"}, {"started_on": place.today + 400 * DAY}):
        with pytest.raises(Refused):
            add(place, "Mo", **wrong)
    assert place.here() == {"Zoë Field": "bar"}
    assert [each.name for each in service.present(place.venue)] == ["Al", "Zoë Field"]


def test_leavers_keep_their_history_and_come_back_as_themselves(place: Place) -> None:
    sam = add(place, "Sam", started_on=place.today - 90 * DAY)
    venue, by = place.venue, place.by
    with pytest.raises(Refused, match="before they started"):
        place.do(lambda: service.leave(venue, sam, place.today - 91 * DAY, by=by))
    place.do(lambda: service.leave(venue, sam, place.today + 3 * DAY, by=by))
    assert place.here() == {"Sam": "bar"}
    place.do(lambda: service.leave(venue, sam, place.today - DAY, by=by))
    assert place.here() == {}
    assert [each.id for each in service.gone(venue)] == [sam]
    found = service.left_before(venue, "SAM")
    assert found is not None
    assert found.id == sam
    for verb in (
        lambda: service.leave(venue, sam, place.today, by=by),
        lambda: service.change(venue, sam, "Sam", "floor", "venue", place.today, by=by),
        lambda: service.come_back(venue, sam, Starter("Sam", "bar", started_on=place.today - DAY),
                                  by=by),
    ):  # fmt: skip
        with pytest.raises(Refused):
            place.do(verb)
    place.do(lambda: service.come_back(venue, sam, Starter("", "floor"), by=by))
    assert place.here() == {"Sam": "floor"}
    assert service.left_before(venue, "Sam") is None
    assert len(service.must(venue, sam).jobs) == 2
    assert verbs(venue) == ["staff.added", "staff.left", "staff.left", "staff.came-back"]


def test_somebody_who_never_comes_is_nobodys_new_starter(place: Place) -> None:
    sam = add(place, "Sam", started_on=place.today + 5 * DAY)
    place.do(lambda: service.leave(place.venue, sam, place.today, by=place.by))
    assert service.present(place.venue) == []
    assert stints.last_day(service.must(place.venue, sam)) == date.min
    assert db.session.scalar(select(func.count(StaffJob.id))) == 0


def test_a_change_of_name_leaves_the_job_and_no_name_is_taken_twice(place: Place) -> None:
    sam, venue = add(place, "Sam", started_on=None), place.venue
    add(place, "Al")
    change = service.change
    place.do(lambda: change(venue, sam, "Sami", "bar", "venue", place.today, by=place.by))
    place.do(lambda: change(venue, sam, "Sami", "door", "agency", place.today, by=place.by))
    rows = stints.in_order(service.must(venue, sam).jobs)
    assert [(row.job, row.started_on, row.left_on) for row in rows] == [
        ("bar", None, place.today - DAY),
        ("door", place.today, None),
    ]
    with pytest.raises(Refused, match="badge name"):
        place.do(lambda: change(venue, sam, "al", "door", "agency", place.today, by=place.by))
    other = make_place()
    with pytest.raises(Refused, match="not on your list"):
        other.do(lambda: change(other.venue, sam, "X", "bar", "venue", place.today, by=other.by))


def test_a_job_that_is_over_is_never_cut_so_that_past_reports_stay_right(place: Place) -> None:
    venue, by, today = place.venue, place.by, place.today
    with clock.moved_to(clock.now() - 200 * DAY):
        sam = add(place, "Sam", started_on=clock.today())
    with clock.moved_to(clock.now() - 100 * DAY):
        place.do(lambda: service.change(venue, sam, "Sam", "floor", "venue", clock.today(), by=by))

    def then() -> list[str]:
        day = today - 50 * DAY
        team = coverage.as_known(facts.teams([venue])[venue], day)
        return [stint.job for each in team.people for stint in each.jobs_on(day)]

    def change(job: str, since: date) -> None:
        place.do(lambda: service.change(venue, sam, "Sam", job, "venue", since, by=by))

    assert then() == ["floor"]
    for job in ("door", "bar"):
        with pytest.raises(Refused, match=r"They had that job until .* Enter a day from") as said:
            change(job, today - 150 * DAY)
        assert said.value.field == "since"
    assert then() == ["floor"]
    # What was only written down today may be put right.
    change("door", today - 20 * DAY)
    change("bar", today - 30 * DAY)
    assert then() == ["floor"]


def test_somebody_new_in_a_sheet_needs_a_first_day_once_the_list_is_made(place: Place) -> None:
    read_in(place, "Name,Job\nSam,bar\nMo,floor")
    read_in(place, "Name,Job\nStill today,bar")
    began = place.today
    long_ago = in_words(clock.months_after(began, -12)).partition(" ")[2]
    with clock.moved_to(clock.now() + 100 * DAY):
        with pytest.raises(Faults) as refused:
            read_in(place, "Name,Job\nSam,bar\nAl,bar\nJo,door")
        assert [*refused.value.lines] == [
            f"Row {number}: Started is needed: this person is new on your list. If they have "
            f"worked here for long, give any day before {long_ago}"
            for number in (3, 4)
        ]
        made = read_in(place, f"Name,Job,Started\nSam,bar,\nAl,bar,{clock.today()}")
        assert [step.what for step in made.steps] == [What.SAME, What.NEW]


def test_a_list_is_confirmed_once_there_is_one(place: Place) -> None:
    with pytest.raises(Refused, match="Put somebody on the list first"):
        place.do(lambda: service.confirm(place.venue, by=place.by))
    add(place, "Sam")
    place.do(lambda: service.confirm(place.venue, by=place.by))
    assert verbs(place.venue)[-1] == "staff.confirmed"


def test_a_list_read_in_does_what_was_looked_over(place: Place) -> None:
    today, venue = place.today, place.venue
    ids = put_people(
        venue,
        Starter("Same", "bar", "agency", today - 50 * DAY),
        Starter("Moves", "bar", "venue", today - 50 * DAY),
        Starter("Corrected", "bar", "venue", today + 3 * DAY),
        Starter("Goes", "bar", "venue", today - 50 * DAY),
        Starter("Back", "bar", "venue", today - 50 * DAY, today - 20 * DAY),
        Starter("Still gone", "bar", "venue", today - 50 * DAY, today - 20 * DAY),
        by=place.by,
    )
    made = read_in(
        place,
        as_csv(
            [
                ("name", "job", "started", "left"),
                ("SAME", "barman", "", ""),
                ("moves", "floor", today - 50 * DAY, ""),
                ("Corrected", "door", "", ""),
                ("Goes", "bar", "", today),
                ("back", "kitchen", today - 2 * DAY, ""),
                ("Still Gone", "bar", "", today - 20 * DAY),
                ("New", "door", "", ""),
                ("Was here", "door", today - 9 * DAY, today - 2 * DAY),
            ]
        ),
    )
    assert [step.what for step in made.steps] == [
        What.SAME,
        What.CHANGED,
        What.CHANGED,
        What.LEAVES,
        What.BACK,
        What.SAME,
        What.NEW,
        What.NEW,
    ]
    db.session.expire_all()
    jobs = {"Same": "bar", "Moves": "floor", "Goes": "bar", "Back": "kitchen", "New": "door"}
    assert place.here() == jobs
    assert {each.name for each in service.gone(venue)} == {"Still gone", "Was here"}
    # A start that the list knows already is not the day of the change.
    moved = stints.in_order(service.must(venue, ids["Moves"]).jobs)
    assert [row.started_on for row in moved] == [today - 50 * DAY, today]
    assert stints.current(service.must(venue, ids["Same"]).jobs).employer == "agency"  # type: ignore[union-attr]
    assert stints.last_day(service.must(venue, ids["Goes"])) == today
    assert [row.job for row in service.must(venue, ids["Corrected"]).jobs] == ["door"]
    assert verbs(venue) == ["staff.imported"] * 2


def test_a_row_that_cannot_be_refuses_the_whole_list(place: Place) -> None:
    today = place.today
    put_people(
        place.venue,
        Starter("Gone", "bar", "venue", today - 50 * DAY, today - 20 * DAY),
        Starter("Here", "bar", "venue", today - 50 * DAY),
        by=place.by,
    )
    text = as_csv(
        [
            ("New", "bar"),
            ("Gone", "bar", "", today - 50 * DAY),
            ("Here", "bar", "", "", today - 60 * DAY),
        ]
    )
    with pytest.raises(Faults) as refused:
        read_in(place, text)
    assert [line[:6] for line in refused.value.lines] == ["Row 2:", "Row 3:"]
    assert imports.held(place.venue, by=place.by) is None
    assert place.here() == {"Here": "bar"}


def test_what_was_looked_over_is_saved_once_and_nothing_else(place: Place) -> None:
    venue, by = place.venue, place.by

    def hold(text: str) -> str:
        row = under_lock(venue, lambda: imports.hold(venue, sheet.of_text(text), by=by))
        return row.once

    def take(once: str, seal: str) -> imports.Plan | None:
        return under_lock(venue, lambda: imports.take(venue, by=by, once=once, seal=seal))

    first = hold("Sam,bar")
    seal = imports.plan(venue, sheet.of_text("Sam,bar")).seal
    newer = hold("Al,bar")
    with pytest.raises(Refused, match="another list since"):
        take(first, seal)
    with pytest.raises(Refused, match="changed while you looked"):
        take(newer, seal)
    seal = imports.plan(venue, sheet.of_text("Al,bar")).seal
    add(place, "Al")
    with pytest.raises(Refused, match="changed while you looked"):
        take(newer, seal)
    third = hold("Mo,bar")
    seal = imports.plan(venue, sheet.of_text("Mo,bar")).seal
    made = take(third, seal)
    assert made is not None
    assert take(third, seal) is None
    assert place.here() == {"Al": "bar", "Mo": "bar"}
    with pytest.raises(Refused, match="gone"):
        take(newer, seal)
    # Whoever else looks after the venue has a list of their own in hand.
    other = make_member(Role.MANAGER, venue=venue).id
    assert imports.held(venue, by=other, taken=True) is None
    with clock.moved_to(clock.now() + timedelta(hours=25)):
        lock_city()
        assert retention.forget_imports() == 1
    assert db.session.scalar(select(func.count(StaffImport.id))) == 0


def lock_city() -> None:
    db.session.rollback()
    lock(CITY)


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_five_thousand_rows_are_read_and_saved_in_five_seconds(place: Place) -> None:
    rows = many(service.MOST_PEOPLE, place.today)
    spoilt = [list(row) for row in rows]
    spoilt[17][1], spoilt[2500][3], spoilt[5000][0] = "juggler", "31/2/2026", spoilt[4000][0]
    with pytest.raises(Faults) as refused:
        read_in(place, workbook(spoilt))
    assert [line.partition(":")[0] for line in refused.value.lines] == [
        "Row 18",
        "Row 2501",
        "Row 5001",
    ]
    assert service.present(place.venue) == []
    text, book = as_csv(rows), workbook(rows)
    # This process's own time: other tests run beside it.
    began = time.process_time()
    made = read_in(place, book)
    took = time.process_time() - began
    assert made.count(What.NEW) == 5000
    began = time.process_time()
    made = read_in(place, text)
    again = time.process_time() - began
    assert made.count(What.SAME) == 5000
    assert max(took, again) < 5, (took, again)
    with pytest.raises(Faults, match="more than 5,000 people"):
        read_in(place, "One More,bar")


def person(user_id: int) -> User:
    return db.session.get_one(User, user_id)


def enter(user: int, code: str) -> StaffMember | str:
    db.session.rollback()
    lock(CITY)
    done = links.enter_code(person(user), code)
    commit()
    return done


def code_for(place: Place, member: int) -> str:
    return under_lock(place.venue, lambda: links.make_code(place.venue, member, by=place.by))


def test_only_the_person_ties_a_row_to_their_account_and_once(place: Place) -> None:
    sam, other = add(place, "Sam"), make_place()
    there = add(other, "S. Field")
    me, stranger = make_user(name="Sam Field").id, make_user().id
    old, code = code_for(place, sam), code_for(place, sam)
    assert enter(me, old) == links.WRONG
    done = enter(me, f" {code.lower().replace('-', ' ')} ")
    assert isinstance(done, StaffMember)
    assert (done.id, done.user_id) == (sam, me)
    assert enter(stranger, code) == links.WRONG
    with pytest.raises(Refused, match="their own account"):
        code_for(place, sam)
    assert isinstance(enter(me, code_for(other, there)), StaffMember)
    assert [own.member_id for own in links.own(me)] == [sam, there]
    assert links.own(stranger) == []
    # A second row at the same venue would make two people of one.
    twice = add(place, "Sam two")
    assert "already" in str(enter(me, code_for(place, twice)))
    for user, row in ((stranger, sam), (me, twice)):
        lock_city()
        with pytest.raises(Refused):
            links.unlink(user, row)
    lock_city()
    links.unlink(me, sam)
    commit()
    assert [own.member_id for own in links.own(me)] == [there]
    assert verbs(place.venue)[-1] == "staff.unlinked"
    assert verbs(other.venue)[-1] == "staff.linked"


def test_guessing_codes_is_slowed_down_and_old_codes_are_dead(place: Place) -> None:
    sam, me = add(place, "Sam"), make_user().id
    code = code_for(place, sam)
    with clock.moved_to(clock.now() + links.LASTS):
        assert enter(me, code) == links.WRONG
        for _ in range(3):
            enter(me, "AAAA-AAAA")
        assert "Wait" in str(enter(me, code))
    with clock.moved_to(clock.now() + timedelta(days=40)):
        lock_city()
        assert retention.forget_imports() == 1
    assert db.session.scalar(select(func.count(StaffLink.id))) == 0


def test_who_looks_after_the_list_puts_themself_on_it(place: Place) -> None:
    me = person(place.by)
    who = Starter(me.name, "manager")
    done = place.do(lambda: links.join(place.venue, person(place.by), who))
    assert isinstance(done, StaffMember)
    assert done.user_id == place.by
    for verb in (
        lambda: links.join(place.venue, person(place.by), Starter("Another", "bar")),
        lambda: links.claim(place.venue, person(place.by), done.id),
    ):
        with pytest.raises(Refused, match="already"):
            place.do(verb)
    other = make_place()
    name = person(other.by).name
    mine, others = add(other, name.upper()), add(other, "Somebody")
    with pytest.raises(Refused, match="somebody else"):
        other.do(lambda: links.claim(other.venue, person(other.by), others))
    other.do(lambda: links.claim(other.venue, person(other.by), mine))
    assert service.must(other.venue, mine).user_id == other.by


def test_names_of_who_left_long_ago_are_forgotten_and_their_days_stay(place: Place) -> None:
    today, venue = place.today, place.venue
    ids = put_people(
        venue,
        Starter("Long gone", "bar", "venue", None, clock.months_after(today, -12) - DAY),
        Starter("Just kept", "bar", "venue", None, clock.months_after(today, -12)),
        Starter("Here", "bar"),
        by=place.by,
    )
    due = retention.leavers(today)
    assert due == {venue: [ids["Long gone"]]}
    assert under_lock(venue, lambda: retention.forget_names(venue, due[venue])) == 1
    assert [each.name for each in service.gone(venue)] == ["Just kept"]
    assert retention.leavers(today) == {}
    assert db.session.scalar(select(func.count(StaffJob.id))) == 3
    with pytest.raises(Refused):
        place.do(lambda: service.come_back(venue, ids["Long gone"], Starter("", "bar"), by=1))
