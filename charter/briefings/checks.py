"""Spot checks: a few of the team are asked a few questions, by the venue or by the office.

A check is never changed afterwards, and none replaces another. What requirement 5.4 comes to is
decided by the newest that counts, whoever did it: `judged` says how, and is pure. Where a visit of
the office was not passed, the venue's own check counts only from the next day on, and what is said
of it names the visit until the office comes again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import selectinload

from charter.briefings.models import SpotAnswer, SpotCheck
from charter.briefings.questions import questions
from charter.core import clock, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.editions.terms import Counted, Lasts
from charter.staff.jobs import jobs
from charter.training.rules import Terms
from charter.venues.closures import Closed, merged, stretched
from charter.venues.models import Closure

FACT = "training.spot-check"
MOST_PEOPLE = 20
BACK_MONTHS = 3
NOTE_LIMIT = 500

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_CHECKS = (
    select(
        *(SpotCheck.venue_id, SpotCheck.id, SpotCheck.by, SpotCheck.done_on),
        *(SpotCheck.questions, SpotAnswer.right),
    )
    .join(SpotAnswer, SpotAnswer.check_id == SpotCheck.id)
    .where(SpotCheck.venue_id.in_(_IDS), SpotCheck.done_on <= bindparam("today"))
    .order_by(SpotCheck.done_on, SpotCheck.id, SpotAnswer.id)
)
_CLOSURES = select(Closure.venue_id, Closure.from_on, Closure.until_on).where(
    Closure.venue_id.in_(_IDS)
)


class By(StrEnum):
    """Who asked: the venue itself, or the office, announced by nobody or unknown to anybody."""

    SELF = "self"
    UNANNOUNCED = "unannounced"
    COVERT = "covert"

    @property
    def label(self) -> str:
        """In words."""
        return _LABELS[self]

    @property
    def is_office(self) -> bool:
        """Whether it was the office that asked."""
        return self is not By.SELF


_LABELS = {
    By.SELF: "The venue’s own check",
    By.UNANNOUNCED: "The office’s unannounced visit",
    By.COVERT: "The office’s covert visit",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One spot check as it is judged: how many answers each person had right."""

    by: By
    done_on: date
    questions: int
    right: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What a check has to show: so many people, so many questions, so many right by each."""

    staff: int
    questions: int
    right: int

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "Need":
        """From an edition's thresholds; one that is not named asks for three, or for all right."""
        asked = int(values.get("check_questions", 3))
        return cls(int(values.get("check_staff", 3)), asked, int(values.get("check_right", asked)))

    def knew(self, asked: Asked) -> int:
        """How many of those asked knew enough."""
        return sum(right >= self.right for right in asked.right)

    def passes(self, asked: Asked) -> bool:
        """Whether enough people were asked enough, and each knew enough."""
        people = len(asked.right)
        is_whole = people >= self.staff and asked.questions >= self.questions
        return is_whole and self.knew(asked) == people


def note_check(
    venue_id: int,
    by_kind: By,
    done_on: date,
    answers: Sequence[tuple[str, int]],
    note: str = "",
    *,
    by: int,
    once: str | None = None,
) -> SpotCheck:
    """Keep what a spot check found: for each person asked, their job and how many were right.

    The same `once` again gives the same check. Refuses a day to come or long past, nobody or too
    many people, a job that is not offered, and more right answers than there are questions.
    """
    if once and (known := db.session.scalar(select(SpotCheck).where(SpotCheck.once == once))):
        if known.venue_id == venue_id:
            return known
        once = None
    _judge_day(done_on)
    _judge_answers(answers)
    row = SpotCheck(
        venue_id=venue_id,
        by=by_kind,
        done_on=done_on,
        questions=len(questions()),
        note=note.strip(),
        recorded_by=by,
        once=once or None,
        answers=[SpotAnswer(job=job, right=right) for job, right in answers],
    )
    db.session.add(row)
    db.session.flush()
    trail.note(
        "check.noted",
        "spot_check",
        row.id,
        venue_id=venue_id,
        by=by,
        how=by_kind.value,
        on=done_on.isoformat(),
    )
    touch(venue_id, counts=Counts.CHECKS)
    return row


def _judge_day(done_on: date) -> None:
    today = clock.today()
    if done_on > today:
        raise Refused("That day is still to come. Enter a date up to today", "done_on")
    if done_on < clock.months_after(today, -BACK_MONTHS):
        raise Refused(f"That is more than {BACK_MONTHS} months ago. Ask again today", "done_on")


def _judge_answers(answers: Sequence[tuple[str, int]]) -> None:
    if not answers:
        raise Refused("Enter the job of each person you asked, and how many answers were right")
    if len(answers) > MOST_PEOPLE:
        raise Refused(f"Enter {MOST_PEOPLE} people at most. Note the others as another check")
    for job, right in answers:
        if job not in jobs():
            raise Refused("Choose one of the jobs for each person")
        if not 0 <= right <= len(questions()):
            raise Refused(f"There are {len(questions())} questions, so nobody had more right")


def of_venue(venue_id: int) -> Sequence[SpotCheck]:
    """Every spot check of a venue with its answers, the newest first. Two statements."""
    return db.session.scalars(
        select(SpotCheck)
        .where(SpotCheck.venue_id == venue_id)
        .options(selectinload(SpotCheck.answers))
        .order_by(SpotCheck.done_on.desc(), SpotCheck.id.desc())
    ).all()


def asked(row: SpotCheck) -> Asked:
    """A stored check as it is judged."""
    right = tuple(each.right for each in row.answers)
    return Asked(By(row.by), row.done_on, row.questions, right)


def counted(terms_of: Mapping[int, Terms], today: date) -> dict[int, dict[str, Counted]]:
    """What spot checks come to today at each of these venues, by venue and fact. Two statements."""
    ids = [venue_id for venue_id, terms in terms_of.items() if FACT in terms.lasts]
    history = _history(ids, today)
    closed: dict[int, list[Closed]] = defaultdict(list)
    for row in db.session.execute(_CLOSURES, {"ids": ids}):
        closed[row.venue_id].append(Closed(row.from_on, row.until_on))
    return {
        venue_id: {
            FACT: judged(
                done,
                Need.of(terms_of[venue_id].values),
                terms_of[venue_id].lasts[FACT],
                merged(closed[venue_id]),
            )
        }
        for venue_id, done in history.items()
    }


def _history(venue_ids: Sequence[int], today: date) -> dict[int, list[Asked]]:
    """The checks of each venue that has any, the oldest first."""
    found: dict[int, dict[int, Asked]] = defaultdict(dict)
    for row in db.session.execute(_CHECKS, {"ids": list(venue_ids), "today": today}):
        venue_id, number, by, done_on, count, right = row
        before = found[venue_id].get(number)
        rights = (*before.right, right) if before else (right,)
        found[venue_id][number] = Asked(By(by), done_on, count, rights)
    return {venue_id: list(of_venue.values()) for venue_id, of_venue in found.items()}


def judged(done: Sequence[Asked], need: Need, lasts: Lasts, closures: Sequence[Closed]) -> Counted:
    """What a venue's checks, at least one and the oldest first, come to: the newest decides.

    Its own ones that `deciding` leaves out do not. One that was not passed ends an earlier one on
    its day, unless that had run out by then.
    """
    counts = deciding(done, need)
    newest = counts[-1]
    words = " ".join(filter(None, (said(newest, need), _visit_before(counts, need))))
    if need.passes(newest):
        since, until = newest.done_on, lasts.until(newest.done_on)
        return Counted(met=True, holds_until=until, since=since, words=words)
    when = "again on a later day" if newest.by.is_office else "again"
    step = f"Ask at least {need.staff} of the team {when}, after you have gone over it together."
    lost_on = _lost_on(counts, need, lasts, closures)
    return Counted(met=False, lost_on=lost_on, words=words, step=step)


def deciding(done: Sequence[Asked], need: Need) -> list[Asked]:
    """The checks that count, of all of them, the oldest first; at least the first of them does.

    Where a visit of the office was not passed, what the venue asks by itself on that day is no
    answer to it: whoever failed at ten cannot have been taught by eleven.
    """
    counts: list[Asked] = []
    visit: Asked | None = None
    for each in done:
        if each.by.is_office:
            visit = each
        elif visit and visit.done_on == each.done_on and not need.passes(visit):
            continue
        counts.append(each)
    return counts


def _visit_before(counts: Sequence[Asked], need: Need) -> str:
    """That the office's last visit was not passed, where a check of the venue came after it."""
    visit = next((each for each in reversed(counts) if each.by.is_office), None)
    if visit is None or visit is counts[-1] or need.passes(visit):
        return ""
    return f"The office’s visit on {_day(visit)} was not passed. The venue’s own check came after."


def _lost_on(
    done: Sequence[Asked], need: Need, lasts: Lasts, closures: Sequence[Closed]
) -> date | None:
    passed = next((n for n in reversed(range(len(done))) if need.passes(done[n])), None)
    if passed is None:
        return None
    since, failed_on = done[passed].done_on, done[passed + 1].done_on
    end = stretched(since, lasts.until(since), closures)
    return failed_on if end is None else min(failed_on, end + timedelta(days=1))


def _day(asked: Asked) -> str:
    return in_words(asked.done_on).partition(" ")[2]


def said(asked: Asked, need: Need) -> str:
    """What one check found, in words."""
    people, knew = len(asked.right), need.knew(asked)
    who = "The office asked" if asked.by.is_office else "Asked"
    day = _day(asked)
    count = f"{people} person" if people == 1 else f"{people} people"
    enough = f"knew at least {need.right} of {asked.questions}"
    if knew < people:
        words = f"{who} on {day}: {knew} of {count} {enough}."
    else:
        words = f"{who} on {day}: {count}, all {enough}."
    return words if people >= need.staff else f"{words} At least {need.staff} have to be asked."
