"""The demo's year of training, lived through day by day and told by the services a city uses.

Sessions about every month, what people learned elsewhere, spot checks and the notice board: all
from seeds/demo, counted in days before today. Everything is one change, so that the venues are
counted once, as they stand today.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import partial
from typing import Any

from charter import config
from charter.briefings import checks
from charter.core import clock
from charter.core.db import CITY, commit, db, lock, touch
from charter.core.files import Received
from charter.demo import days, papers
from charter.demo.teams import Diary, Hand, House, houses
from charter.network import service as network
from charter.network.rules import Kind
from charter.sessions import bookings, planning, room
from charter.sessions.rules import BookingState
from charter.training import courses, outside, records
from charter.training.courses import Course

FOLDER = config.ROOT / "seeds" / "demo"
EVENING = 20  # o'clock UTC: whatever begins in the afternoon is over
PLANNED, BOOKED, CANCELLED = 35, 12, 7  # days before a session
TUESDAY = 1
EACH = {"champion": 1, "respond-door": 6}


def tell(venue_ids: Mapping[str, int], users: Mapping[str, int]) -> None:
    """Tell the year at these venues (by the demo's keys), with these people (user ids by key)."""
    seed = _read("training") | _read("network")
    db.session.rollback()
    lock(CITY, *venue_ids.values())
    diary: Diary = Diary(list)
    year = _Year(houses(venue_ids, users, diary), users["officer"], diary)
    for kind, enter in year.kinds.items():
        for row in seed[kind]:
            enter(row)
    for ago in sorted(diary, reverse=True):
        with days.ago(ago, EVENING):
            for happens in diary[ago]:
                happens()
    for house in year.houses.values():
        touch(house.id)
    commit()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


@dataclass
class _Session:
    """A session as it goes: its row, and who of which venue was booked."""

    id: int = 0
    own: House | None = None
    booked: list[tuple[int, House, Hand]] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)


@dataclass
class _Year:
    """What is told, day by day."""

    houses: Mapping[str, House]
    officer: int
    diary: Diary

    @property
    def kinds(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        """What enters a row of each table of the seeds into the diary, in the order of a day."""
        return {
            "outside": self.learn_elsewhere,
            "session": self.hold,
            "taken_back": self.take_back,
            "check": self.check,
            "post": self.post,
        }

    def hold(self, row: Mapping[str, Any]) -> None:
        """Plan a session, have venues book it, and hold or cancel it."""
        on = clock.today() - timedelta(days=row["days"])
        on -= timedelta(days=(on.weekday() - TUESDAY) % 7)
        ago = (clock.today() - on).days
        it = _Session(own=self.houses.get(row.get("own", "")))
        self.diary[ago + PLANNED].append(partial(self._plan, it, row, on))
        for key in row["venues"]:
            house = self.houses[key]
            day = max(3, min(ago + BOOKED, house.began - 2))
            self.diary[day].append(partial(self._book, it, row, house, day, ago))
        if "because" in row:
            self.diary[ago + CANCELLED].append(partial(self._cancel, it, row["because"]))
        elif ago > 0:
            self.diary[ago].append(partial(self._count, it, row))

    def _by(self, it: _Session) -> tuple[int | None, int]:
        """The venue that runs a session, and who there or at the office."""
        return (it.own.id, it.own.champion) if it.own else (None, self.officer)

    def _plan(self, it: _Session, row: Mapping[str, Any], on: date) -> None:
        venue_id, by = self._by(it)
        wanted = planning.Plan(
            on,
            time(15),
            row["places"],
            place=row.get("place", ""),
            link=row.get("link", ""),
            language=row.get("language", "English"),
            access_needs=row.get("access_needs", ""),
            trainer=row["trainer"],
        )
        it.id = planning.plan(row["course"], wanted, venue_id=venue_id, by=by).id

    def _book(
        self, it: _Session, row: Mapping[str, Any], house: House, day: int, until: int
    ) -> None:
        course = courses.courses()[row["course"]]
        most = row.get("each", EACH.get(course.key, 0))
        # Somebody of two venues goes once, and it counts at both.
        booked = {hand.user for _, _, hand in it.booked} - {None}
        wanting = _wanting(house, course, day, until)
        chosen = [each for each in wanting if each.user not in booked][:most]
        if not chosen:
            return
        by_id = {each.id: each for each in chosen}
        for made in bookings.book(house.id, it.id, list(by_id), by=house.champion):
            it.booked.append((made.id, house, by_id[made.member_id]))
            if made.state == BookingState.WAITING:
                it.waiting.add(made.id)

    def _cancel(self, it: _Session, because: str) -> None:
        venue_id, by = self._by(it)
        planning.cancel(it.id, because, venue_id=venue_id, by=by)

    def _count(self, it: _Session, row: Mapping[str, Any]) -> None:
        """Those with a place came, but for the last who were booked; they have done it now."""
        venue_id, by = self._by(it)
        with_place = [each for each in it.booked if each[0] not in it.waiting]
        came = with_place[: len(with_place) - row.get("missed", 0)]
        ids = [booking_id for booking_id, _, _ in came]
        room.set_register(it.id, ids, venue_id=venue_id, by=by)
        room.count(it.id, len(came) + row.get("extra", 0), venue_id=venue_id, by=by)
        facts = courses.courses()[row["course"]].facts
        for _, _, hand in came:
            for each in self._the_same(hand):
                each.done |= facts

    def _the_same(self, hand: Hand) -> list[Hand]:
        """Somebody's rows at every venue, where they tied them to their account."""
        everybody = (each for house in self.houses.values() for each in house.people)
        return [hand] if hand.user is None else [it for it in everybody if it.user == hand.user]

    def learn_elsewhere(self, row: Mapping[str, Any]) -> None:
        """Hand in what people did with somebody else, and have the office decide, or not yet."""
        self.diary[row["handed_in"]].append(partial(self._hand_in, row))

    def _hand_in(self, row: Mapping[str, Any]) -> None:
        house = self.houses[row["venue"]]
        ours = [each for key in row.get("counts_for", ()) for each in (courses.courses()[key],)]
        people = [
            each
            for each in house.there(row["handed_in"], until=0)
            if each.user is None and each.what.customers and not each.done
        ][-row["people"] :]
        it = outside.HandIn(
            row["provider"],
            row.get("name", ""),
            row["title"],
            clock.today() - timedelta(days=row["done"] - row["handed_in"]),
            [each.id for each in people],
        )
        made = outside.hand_in(house.id, it, _paper(row["title"]), by=house.champion)
        if ours:
            outside.decide(made.id, row["counts_for"], by=self.officer)
        elif row.get("none"):
            outside.decide_for_none(made.id, row["words"], by=self.officer)
        elif "words" in row:
            outside.send_back(made.id, row["words"], by=self.officer)
        for each in people if made.state == outside.State.COUNTED else ():
            each.done |= {fact for key in made.course.counts_for or () for fact in _facts(key)}

    def take_back(self, row: Mapping[str, Any]) -> None:
        """Take back a row that was ticked for the wrong person."""
        house = self.houses[row["venue"]]

        def withdraw() -> None:
            hand = next(each for each in house.people if each.done & _facts(row["course"]))
            rows = records.of_member(house.id, hand.id)
            record_id = next(each.id for each in rows if each.course_key == row["course"])
            records.withdraw(house.id, record_id, row["because"], by=house.champion)
            hand.done -= _facts(row["course"])

        self.diary[row["days"]].append(withdraw)

    def check(self, row: Mapping[str, Any]) -> None:
        """A spot check, by the venue or by the office."""
        house = self.houses[row["venue"]]
        how = checks.By(row.get("how", "self"))
        by = self.officer if how.is_office else house.champion

        def ask() -> None:
            answers = [(job, right) for job, right in row["answers"]]
            checks.note_check(house.id, how, clock.today(), answers, row.get("note", ""), by=by)

        self.diary[row["days"]].append(ask)

    def post(self, row: Mapping[str, Any]) -> None:
        """Something on the notice board, with its replies."""
        made: list[int] = []
        from_office = row["by"] == "office"

        def write() -> None:
            notice = network.post(
                Kind(row["kind"]),
                row["title"],
                row["body"],
                _paper(row["file"]) if "file" in row else None,
                by=self._author(row),
                from_office=from_office,
            )
            made.append(notice.id)
            if not from_office and row["state"] != "waiting":
                network.decide(
                    notice.id,
                    show=row["state"] == "shown",
                    because=row.get("because", ""),
                    by=self.officer,
                )

        self.diary[row["days"]].append(write)
        for each in row.get("reply", ()):
            self.diary[each["days"]].append(partial(self._reply, made, each))

    def _reply(self, notice: list[int], row: Mapping[str, Any]) -> None:
        from_office = row["by"] == "office"
        by = self._author(row)
        reply = network.reply(notice[0], row["body"], by=by, from_office=from_office)
        if not from_office and row["state"] != "waiting":
            network.decide_reply(
                notice[0],
                reply.id,
                show=row["state"] == "shown",
                because=row.get("because", ""),
                by=self.officer,
            )

    def _author(self, row: Mapping[str, Any]) -> int:
        return self.officer if row["by"] == "office" else self.houses[row["by"]].champion


def _paper(title: str) -> Received:
    return papers.paper(title, "Everything here is made up.", f"{title}.pdf")


def _facts(key: str) -> frozenset[str]:
    return courses.courses()[key].facts


def _wanting(house: House, course: Course, day: int, until: int) -> list[Hand]:
    """Whom a venue books on a course: who needs it, up to the share that it gets trained."""
    if course.part is courses.Part.CHAMPION:
        return [each for each in house.people if each.user == house.champion]
    there = [each for each in house.there(day, until) if course.is_for(each.job)]
    if course.jobs:
        return [each for each in there if not each.done & course.facts]
    done = sum(bool(each.done & course.facts) for each in there)
    most = len(there) * house.share // 100 - done if until > 0 else len(there)
    return [each for each in there if not each.done & course.facts][: max(most, 0)]
