"""The demo's incident books: written night by night, read weekly, closed; one goes to the office.

All from seeds/demo/books.toml, in nights before tonight, and told by the services a city uses.
Everything is one change, so that the venues are counted once, as they stand today.
"""

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select

from charter import config
from charter.accounts import service as accounts
from charter.core import clock
from charter.core.db import CITY, commit, db, lock, touch
from charter.doors import service as doors
from charter.doors.service import Guard
from charter.incidents import amending, following, licence, people, rules, service, writers
from charter.incidents.choices import Cctv, Team
from charter.incidents.models import Entry
from charter.incidents.people import Somebody
from charter.incidents.service import Writer, Written
from charter.rooms import layout, looks
from charter.rooms import service as rooms
from charter.staff import service as staff
from charter.venues import places
from charter.venues.models import Venue, Zone

SEED = config.ROOT / "seeds" / "demo" / "books.toml"
WEEKS = 13
FRIDAY, SATURDAY = 4, 5
_SAID = ("said", "late_why", "relation", "known_by", "who_left", "acted", "acted_who")


def tell(venue_ids: Mapping[str, int], users: Mapping[str, int]) -> None:
    """Tell three months of the books of these venues (by the demo's keys), with these people."""
    seed = tomllib.loads(SEED.read_text("utf-8"))
    db.session.rollback()
    lock(CITY, *venue_ids.values())
    year = _Quarter(venue_ids, users)
    year.draw(seed["plan"])
    for row in (*seed["entry"], *_spread(seed), *seed["to_office"]):
        year.write(row)
    for row in seed["house"]:
        year.keep(row)
    year.guard(seed["door"])
    year.live()
    commit()


def _spread(seed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The common stories, told at each venue that is named: some late, some with facts missing."""
    row = seed["spread"]
    for key, count in row["venues"].items():
        late, thin = row["late"].get(key, 0), row["thin"].get(key, 0)
        shift = hashlib.sha256(key.encode()).digest()[0]
        for number in range(count):
            story = dict(seed["story"][(number + shift) % len(seed["story"])])
            story |= {"venue": key, "ago": 3 + number * (WEEKS * 7 - 7) // count + shift % 4}
            story |= {"acted": "me", "relation": "customer", "who_left": "accused", "cctv": "no"}
            if number < late:
                story |= {"after": 40, "late_why": "We had no time on the night."}
            if number < thin:
                story.pop("room")
            yield story


@dataclass
class _Quarter:
    """What happens when, put together first and then lived through in order."""

    venue_ids: Mapping[str, int]
    users: Mapping[str, int]
    diary: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)

    def at(self, moment: datetime, happens: Callable[[], None]) -> None:
        """Enter something into the diary; what is still to come does not happen."""
        if moment <= clock.now():
            self.diary.append((moment, len(self.diary), happens))

    def live(self) -> None:
        """Let everything happen, the oldest first."""
        for moment, _, happens in sorted(self.diary, key=lambda each: each[:2]):
            with clock.moved_to(moment):
                happens()
        for venue_id in self.venue_ids.values():
            touch(venue_id)

    def draw(self, plan: Mapping[str, Any]) -> None:
        """Put the rooms of one venue on a drawing, with cameras, and note what was changed."""
        venue_id = self.venue_ids[plan["venue"]]
        by = _champion(venue_id)
        rooms.save_floor(venue_id, 1, plan["floor"], None, by=by)
        for box in plan["boxes"]:
            where = layout.around(box["x"], box["y"], box["size"])
            rooms.place(venue_id, _room(venue_id, box["kind"]), 1, where, by=by)
        for camera in plan["cameras"]:
            rooms.save_camera(venue_id, camera["name"], 1, (camera["x"], camera["y"]), by=by)
        change = plan["change"]
        done_on = clock.today() - timedelta(days=change["ago"])
        zone = _room(venue_id, change["kind"])
        once = hashlib.sha256(b"demo change").hexdigest()[:32]
        rooms.record_change(venue_id, zone, done_on, change["what"], by=by, once=once)

    def write(self, row: Mapping[str, Any]) -> None:
        """Enter an entry, and what is told of it afterwards."""
        venue = db.session.get_one(Venue, self.venue_ids[row["venue"]])
        happened = _when(venue, row)
        made = clock.instant(happened) + timedelta(hours=row.get("after", 0.25))
        story = _Story(venue.id, row, self._writer(row), self.users)
        self.at(made, partial(story.begin, happened))
        self.at(made + timedelta(minutes=10), story.carry_on)
        if "closed" in row:
            self.at(made + timedelta(days=row["closed"]["days"]), story.close)

    def _writer(self, row: Mapping[str, Any]) -> Callable[[], Writer]:
        venue_id, by = self.venue_ids[row["venue"]], row["by"]
        if by == "champion":
            return lambda: _manager(_champion(venue_id))
        if by in self.users:
            manages = by == "manager"
            return lambda: writers.of_account(venue_id, self.users[by], manages=manages)
        number = hashlib.sha256(f"{by}{row['at']}{row['ago']}".encode()).digest()[0]
        return lambda: _hand(venue_id, by, number)

    def keep(self, row: Mapping[str, Any]) -> None:
        """The champion reads the book each Monday but this week's, and signs quiet weeks."""
        venue_id = self.venue_ids[row["venue"]]
        monday = rules.week_of(clock.today())
        for week in range(WEEKS, 0, -1):
            first = monday - timedelta(weeks=week)
            noon = clock.instant(datetime.combine(first, time(12)))
            if row.get("reads"):
                self.at(noon, partial(_read, venue_id))
            if row.get("signs"):
                self.at(noon, partial(_sign, venue_id, first - timedelta(weeks=1)))
        for week in range(row.get("looks", 0)):
            friday = monday + timedelta(days=FRIDAY) - timedelta(weeks=week)
            evening = clock.instant(datetime.combine(friday, time(20)))
            self.at(evening, lambda: _look(venue_id))

    def guard(self, row: Mapping[str, Any]) -> None:
        """The champion switches on what the licence asks for, and writes down the door's team."""
        venue_id = self.venue_ids[row["venue"]]
        team = [
            Guard(**each | {at: time.fromisoformat(each[at]) for at in ("starts", "ends")})
            for each in row["team"]
        ]
        began = clock.instant(datetime.combine(clock.today() - timedelta(weeks=WEEKS), time(12)))
        self.at(began, partial(_switch, venue_id, row["records"]))
        monday = rules.week_of(clock.today())
        for week in range(row["weeks"]):
            for day in (FRIDAY, SATURDAY):
                night = monday + timedelta(days=day) - timedelta(weeks=week)
                evening = clock.instant(datetime.combine(night, time(20, 30)))
                self.at(evening, partial(_guard, venue_id, night, team))


@dataclass
class _Story:
    """One entry as it goes: its row, whoever writes it, and what comes of it."""

    venue_id: int
    row: Mapping[str, Any]
    writer: Callable[[], Writer]
    users: Mapping[str, int]
    entry: Entry | None = None

    def begin(self, happened: datetime) -> None:
        """Somebody writes it down."""
        row = self.row
        zone = _room(self.venue_id, row["room"]) if "room" in row else None
        written = Written(
            kinds=row["kinds"],
            happened=service.when(happened, 0),
            zone_id=zone,
            actions=row["actions"],
            cctv=row["cctv"],
            wish=row.get("wish", ()),
            **{key: row[key] for key in _SAID if key in row},
        )
        once = hashlib.sha256(f"{self.venue_id}{happened}{row['said']}".encode()).hexdigest()[:32]
        venue = db.session.get_one(Venue, self.venue_id)
        self.entry = service.write(venue, written, self.writer(), once=once)

    def carry_on(self) -> None:
        """What follows in the same shift, and what the champion does with it, if there is one."""
        row, entry = self.row, self.entry
        if entry is None or entry.book == CITY or not accounts.has_champion(self.venue_id):
            return
        boss = _manager(_champion(self.venue_id))
        venue, me = db.session.get_one(Venue, self.venue_id), boss.user_id or 0
        told: dict[str, Callable[[Any], object]] = {
            "people": lambda who: people.add_people(entry, [Somebody(**one) for one in who], boss),
            "added": lambda said: amending.amend(entry, venue, {}, {"said": said}, boss),
            "saved": lambda camera: amending.set_cctv(
                entry, Cctv.SAVED, boss, camera=camera, who="The manager"
            ),
            "lost": lambda _: amending.set_cctv(entry, Cctv.LOST, boss, camera=""),
            "held": lambda why: following.hold(entry, boss, why=why),
            "todo": lambda it: following.follow_up(
                entry, it["what"], me, clock.today() + timedelta(days=it["due"]), boss, owners={me}
            ),
            "shared": lambda what: following.share_with_office(entry, what, boss),
        }
        for key, tell_it in told.items():
            if key in row:
                tell_it(row[key])

    def close(self) -> None:
        """The champion closes it with how it ended."""
        closed = self.row["closed"]
        if self.entry is not None and accounts.has_champion(self.venue_id):
            texts = {key: closed.get(key, "") for key in ("because", "changed", "told")}
            boss = _manager(_champion(self.venue_id))
            following.close(self.entry, closed["outcome"], boss, texts=texts)


def _when(venue: Venue, row: Mapping[str, Any]) -> datetime:
    """What the clock showed, on one of the venue's nights of the week that ended that night."""
    last = clock.night_of(clock.now()) - timedelta(days=row["ago"])
    week = [last - timedelta(days=back) for back in range(7)]
    nights = [each for each in week if str(each.weekday()) in venue.opening_nights] or week
    night = nights[hashlib.sha256(row["said"].encode()).digest()[0] % len(nights)]
    hour, minute = (int(part) for part in row["at"].split(":"))
    return rules.wall_tonight(night, hour, minute, config.current().city.night_ends_hour)


def _room(venue_id: int, kind: str) -> int:
    found = select(Zone.id).where(Zone.venue_id == venue_id, Zone.kind == kind)
    return db.session.scalars(found.order_by(Zone.id)).first() or places.rooms(venue_id)[0].id


def _champion(venue_id: int) -> int:
    members = accounts.champions([venue_id])[venue_id]
    return next(member.user_id for member in members if not member.is_stand_in)


def _manager(user_id: int) -> Writer:
    return Writer(team=Team.MANAGEMENT, user_id=user_id, manages=True)


def _hand(venue_id: int, job: str, number: int) -> Writer:
    """Somebody of the list who has this job that night, or anybody where nobody has it."""
    there = staff.present(venue_id)
    doing = [each for each in there if any(its.job == job for its in each.jobs)] or there
    return writers.of_member(doing[number % len(doing)])


def _read(venue_id: int) -> None:
    last = db.session.scalar(select(func.max(Entry.number)).where(Entry.book == venue_id))
    if last:
        following.read_up_to(venue_id, last, _manager(_champion(venue_id)))


def _sign(venue_id: int, week: date) -> None:
    if not following.weeks_with_entries(venue_id, week, week + timedelta(days=6)):
        following.sign_nil_week(venue_id, week, _manager(_champion(venue_id)))


def _look(venue_id: int) -> None:
    looks.note(venue_id, "briefing", by=_champion(venue_id))


def _switch(venue_id: int, records: Sequence[str]) -> None:
    licence.switch(venue_id, records, by=_champion(venue_id))


def _guard(venue_id: int, night: date, team: Sequence[Guard]) -> None:
    for guard in team:
        once = hashlib.sha256(f"{venue_id}{night}{guard.name}".encode()).hexdigest()[:32]
        doors.add(venue_id, night, guard, by=_champion(venue_id), once=once)
