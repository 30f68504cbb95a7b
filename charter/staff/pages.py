"""What the pages of a staff list show, put together: people by job, who comes, who has left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from charter.accounts import service as accounts
from charter.accounts.models import User
from charter.core import clock
from charter.core.text import in_words
from charter.staff import jobs, links, lists, service, stints
from charter.staff.imports import Plan, Step, What
from charter.staff.models import StaffJob, StaffMember

AT_ONCE = 200
ROWS_AT_ONCE = 100
LEAVERS_SHOWN = 20
SEARCH_FROM = 30


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody in a list: the row's id, their name, and what stands under it."""

    id: int
    name: str
    about: str


@dataclass(slots=True)
class Group:
    """The people who have one job; `count` is all of them, whatever of them is on this page."""

    name: str
    count: int
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Overview:
    """A venue's list as its first page shows it."""

    groups: list[Group]
    coming: list[Line]
    left: list[Line]
    left_count: int
    left_after: str
    here: int
    checked_on: date | None
    checked_by: str
    is_fresh: bool
    asks_start: bool
    is_mine: bool
    namesake: Line | None
    page: int
    pages: int


def overview(
    venue_id: int, reader: User, *, find: str = "", page: int = 1, left: str | None = None
) -> Overview:
    """The list for one reader; `find` narrows it to names. A fixed number of statements.

    Of those who have left only the last few, or a page of them below the place `left`.
    """
    there, asked = service.present(venue_id), service.key_of(find)
    shown_left = LEAVERS_SHOWN if left is None else AT_ONCE
    gone = lists.leavers(venue_id, shown_left, find=asked, after=left or "")
    coming = [each for each in there if not stints.jobs_now(each)]
    working = [each for each in there if stints.jobs_now(each)]
    shown = _by_job(each for each in working if asked in each.name_key)
    pages = max(1, -(-len(shown) // AT_ONCE))
    page = min(max(1, page), pages)
    head = service.the_list(venue_id)
    by = accounts.people([head.checked_by]) if head and head.checked_by else {}
    mine = any(each.user_id == reader.id for each in there)
    twin = None if mine else links.namesake(reader, there)
    return Overview(
        groups=_groups(shown, shown[(page - 1) * AT_ONCE : page * AT_ONCE]),
        coming=[_line(each) for each in coming if asked in each.name_key],
        left=[_line(each) for each in gone.people],
        left_count=gone.count,
        left_after=gone.after,
        here=len(working),
        checked_on=head.checked_on if head else None,
        checked_by=next((user.name for user in by.values()), ""),
        is_fresh=head is not None and head.checked_on == clock.today(),
        asks_start=bool(service.long_before(head.began_on if head else None)),
        is_mine=mine,
        namesake=_line(twin) if twin else None,
        page=page,
        pages=pages,
    )


def _by_job(people: Iterable[StaffMember]) -> list[tuple[str, StaffMember]]:
    """Each with the key of their job: in the order of the jobs, then by name."""
    places = {key: number for number, key in enumerate(jobs.jobs())}
    keyed = [(stints.jobs_now(each)[0].job, each) for each in people]
    return sorted(keyed, key=lambda pair: (places.get(pair[0], len(places)), pair[0]))


def _groups(
    everybody: Sequence[tuple[str, StaffMember]], here: Sequence[tuple[str, StaffMember]]
) -> list[Group]:
    counts: dict[str, int] = {}
    for key, _ in everybody:
        counts[key] = counts.get(key, 0) + 1
    groups: dict[str, Group] = {}
    for key, each in here:
        group = groups.setdefault(key, Group(jobs.name(key), counts[key]))
        group.lines.append(_line(each, with_job=False))
    return list(groups.values())


def _line(found: StaffMember, *, with_job: bool = True) -> Line:
    """Somebody's name with, beneath it, their job, who employs them and since when."""
    job = stints.current(found.jobs)
    if job is None:
        return Line(found.id, found.name, left_words(found))
    about = jobs.words(job.job, job.employer) if with_job else _employed(job)
    today = clock.today()
    parts = [about]
    if job.started_on is not None:
        parts.append(f"{'from' if job.started_on > today else 'since'} {_short(job.started_on)}")
    if (last := stints.last_day(found)) != date.max:
        parts.append(f"leaves on {_short(last)}")
    words = ", ".join(filter(None, parts))
    return Line(found.id, found.name, words[:1].upper() + words[1:])


def _employed(job: StaffJob) -> str:
    return "" if job.employer == "venue" else jobs.EMPLOYERS.get(job.employer, job.employer)


def _short(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def left_words(found: StaffMember) -> str:
    """When somebody left, and what they were last; or that they never came."""
    last = stints.last_day(found)
    if last == date.min:
        return "Never started"
    job = stints.in_order(found.jobs)[-1]
    return f"{jobs.words(job.job, job.employer)}, left on {_short(last)}"


def person(found: StaffMember) -> dict[str, Any]:
    """What a person's own page shows of their jobs."""
    job, last = stints.current(found.jobs), stints.last_day(found)
    return {
        "job": job,
        "starts_later": job in stints.to_come(found.jobs),
        "last_on": last if job and last != date.max else None,
        "left": left_words(found),
        "tied_on": links.tied_on(found),
        "history": history(found),
        "job_words": jobs.words,
        "employers": jobs.EMPLOYERS,
    }


def history(found: StaffMember) -> list[tuple[str, str, str]]:
    """Somebody's jobs as lines of a history, the newest first."""
    rows = []
    for job in reversed(stints.in_order(found.jobs)):
        first = f"From {in_words(job.started_on)}" if job.started_on else "Before this list began"
        last = f" until {in_words(job.left_on)}" if job.left_on else ""
        rows.append((f"{first}{last}", jobs.words(job.job, job.employer), ""))
    return rows


@dataclass(frozen=True, slots=True)
class Preview:
    """A list that was read in, as it is looked over: totals, and one page of its rows."""

    plan: Plan
    totals: list[tuple[str, str, str]]
    rows: list[tuple[int, str, str]]
    page: int
    pages: int


def preview(plan: Plan, page: int = 1) -> Preview:
    """What a plan would do, in words, so many rows at a time."""
    pages = max(1, -(-len(plan.steps) // ROWS_AT_ONCE))
    page = min(max(1, page), pages)
    rows = plan.steps[(page - 1) * ROWS_AT_ONCE : page * ROWS_AT_ONCE]
    lines = [(step.entry.number, step.entry.name, step_words(step)) for step in rows]
    return Preview(plan, totals(plan), lines, page, pages)


_TOTALS = {
    What.NEW: "new",
    What.BACK: "came back",
    What.CHANGED: "with another job",
    What.LEAVES: "with a last day",
    What.SAME: "on the list already",
}


def totals(plan: Plan) -> list[tuple[str, str, str]]:
    """How many rows do what, without what none does."""
    counts = ((plan.count(what), words) for what, words in _TOTALS.items())
    return [(f"{count:,}", words, "") for count, words in counts if count]


def totals_words(plan: Plan) -> str:
    """As `totals`, in one line: "12 new, 3 on the list already"."""
    return ", ".join(f"{count} {words}" for count, words, _ in totals(plan))


def step_words(step: Step) -> str:
    """What one row does, in words."""
    entry = step.entry
    job = jobs.words(entry.job, entry.employer or "venue")
    since = f" from {_short(step.since)}" if step.since else ""
    until = f", until {_short(entry.left_on)}" if entry.left_on else ""
    match step.what:
        case What.NEW:
            first = f" from {_short(entry.started_on)}" if entry.started_on else ""
            return f"New: {job}{first}{until}"
        case What.BACK:
            return f"Back: {job}{since}{until}"
        case What.CHANGED:
            return f"Changes from {step.was} to {step.becomes}{since}{until}"
        case What.LEAVES:
            return f"{step.was}{until}"
        case What.SAME:
            return "Stays as it is"
