"""The demo's staff lists: who works where since when, who came and who left over the year.

What happens on which day goes into a diary; `training.tell` lives through it.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from charter import config
from charter.accounts.models import Membership, User
from charter.briefings import service as briefings
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.errors import Refused
from charter.staff import jobs, links
from charter.staff import service as staff
from charter.staff.service import Starter
from charter.training import records
from charter.venues.models import Venue

SEED = config.ROOT / "seeds" / "demo" / "staff.toml"
SETTLED = 45  # whoever began so many days before the list is no new starter
UNBRIEFED = (4, 6, 9)  # days ago on which the newest began
FRESH = 13
LAST = 40  # whoever joined by then has been trained since
Diary = defaultdict[int, list[Callable[[], None]]]


@dataclass
class Hand:
    """Somebody of a list; days are so many days ago. `done` are the facts they were trained for."""

    name: str
    job: str
    employer: str
    first: int
    last: int | None = None
    briefed: bool = True
    user: int | None = None
    id: int = 0
    done: set[str] = field(default_factory=set)

    def is_there(self, ago: int, until: int) -> bool:
        """Whether they are on the list so many days ago, and stay until so many days ago."""
        return self.first >= ago and (self.last is None or self.last <= until)

    @property
    def what(self) -> jobs.Job:
        """Their job."""
        return jobs.jobs()[self.job]


@dataclass
class House:
    """A venue's team and how well it gets trained; `champion` is the user who looks after it."""

    key: str
    id: int
    champion: int
    began: int
    share: int
    people: list[Hand]

    def there(self, ago: int, until: int | None = None) -> list[Hand]:
        """Who is there so many days ago, and until `until`; those in charge first."""
        found = (
            each for each in self.people if each.is_there(ago, ago if until is None else until)
        )
        return sorted(found, key=lambda each: not each.what.in_charge)


def houses(
    venue_ids: Mapping[str, int], users: Mapping[str, int], diary: Diary
) -> dict[str, House]:
    """The teams of all venues of the seed, by key; what happens with them goes into the diary."""
    seed = tomllib.loads(SEED.read_text("utf-8"))
    names = _names(seed)
    return {
        row["key"]: _house(row, seed["team"], venue_ids[row["key"]], users, names, diary)
        for row in seed["venue"]
    }


def _names(seed: Mapping[str, Any]) -> Iterator[str]:
    """Names that are all different, as long as the lists' lengths share no factor."""
    first, last = seed["first"], seed["last"]
    for number in range(len(first) * len(last)):
        yield f"{first[number * 17 % len(first)]} {last[number * 31 % len(last)]}"


def _house(
    row: Mapping[str, Any],
    teams: Mapping[str, Any],
    venue_id: int,
    users: Mapping[str, int],
    names: Iterator[str],
    diary: Diary,
) -> House:
    venue = db.session.get_one(Venue, venue_id)
    began = row["began"]
    people = [
        Hand(next(names), job, employer or "venue", _first(number, began))
        for number, (job, employer) in enumerate(_jobs(teams[venue.kind]))
    ]
    champion = _champion(venue_id)
    for who, job in row.get("named", {}).items():
        _name(next(each for each in people if each.job == job and each.user is None), users[who])
    if row["share"] and all(each.user != champion for each in people):
        _name(people[0], champion)
    others = [each for each in people if each.what.customers and each.user is None]
    for each in others[len(others) - row.get("early", 0) :]:
        each.first, each.briefed = began + 10, False
    house = House(row["key"], venue_id, champion, began, row["share"], people)
    _turn_over(house, row, names)
    _write_down(house, row, diary)
    return house


def _jobs(team: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for what, count in team.items():
        job, _, employer = what.partition("/")
        yield from [(job, employer)] * count


def _first(number: int, began: int) -> int:
    """Most began in the years before the list."""
    return began + SETTLED + number * 97 % 1400


def _name(hand: Hand, user_id: int) -> None:
    hand.user, hand.name = user_id, db.session.get_one(User, user_id).name


def _champion(venue_id: int) -> int:
    """Whoever is, or was, the venue's champion."""
    return db.session.scalars(
        select(Membership.user_id)
        .where(
            Membership.venue_id == venue_id,
            Membership.role == Role.CHAMPION,
            Membership.is_stand_in.is_(False),
        )
        .order_by(Membership.id)
        .limit(1)
    ).one()


def _turn_over(house: House, row: Mapping[str, Any], names: Iterator[str]) -> None:
    """Who joined since, and who left a few days before each of them."""
    unbriefed, fresh = row.get("unbriefed", 0), row.get("fresh", 0)
    settled = row.get("joined", 0) - unbriefed - fresh
    newest, oldest = max(LAST, row["checked"]), house.began - 25
    days = [oldest - number * (oldest - newest) // max(settled, 1) for number in range(settled)]
    days += [FRESH] * fresh + list(UNBRIEFED[:unbriefed])
    leavers = [
        each
        for each in reversed(house.people)
        if each.user is None and each.briefed and each.what.customers and not each.what.in_charge
    ]
    for number, (day, leaver) in enumerate(zip(days, _spread(leavers), strict=False)):
        leaver.last = day + 6
        briefed = number < settled + fresh
        house.people.append(Hand(next(names), leaver.job, leaver.employer, day, briefed=briefed))


def _spread(hands: Sequence[Hand]) -> list[Hand]:
    """Every second one, then the others: not all of one job."""
    return [*hands[::2], *hands[1::2]]


def _write_down(house: House, row: Mapping[str, Any], diary: Diary) -> None:
    began, by = house.began, house.champion
    diary[began].append(partial(_begin, house))
    if "book" in row:
        diary[began - 1].append(
            lambda: briefings.write_page(house.id, row["book"], "The office upstairs", "", by=by)
        )
    for hand in house.people:
        if hand.user is not None:
            diary[began - 1].append(partial(_link, house, hand))
        if hand.last is not None:
            diary[hand.last].append(partial(_leave, house, hand))
        if hand.first < began:
            diary[hand.first].append(partial(_join, house, hand))
    if row["checked"] < began:
        diary[row["checked"]].append(lambda: staff.confirm(house.id, by=by))


def _begin(house: House) -> None:
    """Put everybody who is there on the list at once."""
    there = [each for each in house.people if each.first >= house.began]
    staff.add_many(house.id, [_starter(each, house.began) for each in there], by=house.champion)
    ids = {row.name: row.id for row in staff.present(house.id)}
    for each in there:
        each.id = ids[each.name]


def _starter(hand: Hand, now: int) -> Starter:
    first = clock.today() - timedelta(days=hand.first - now)
    return Starter(hand.name, hand.job, hand.employer, first)


def _join(house: House, hand: Hand) -> None:
    member = staff.add(house.id, _starter(hand, hand.first), by=house.champion)
    hand.id = member.id
    if hand.briefed:
        records.record([member], "first-shift", clock.today(), source="briefing", by=None)


def _leave(house: House, hand: Hand) -> None:
    staff.leave(house.id, hand.id, clock.today(), by=house.champion)


def _link(house: House, hand: Hand) -> None:
    """Somebody says that they are this row: by the venue's code, or of the list they look after."""
    user = db.session.get_one(User, hand.user)
    if user.id == house.champion:
        links.claim(house.id, user, hand.id)
        return
    said = links.enter_code(user, links.make_code(house.id, hand.id, by=house.champion))
    if isinstance(said, str):
        raise Refused(said)
