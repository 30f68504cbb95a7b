"""What the charter counts of a team: pure, on any day, and until when it holds.

What an edition calls a *fact* is met on a day by the line of this table:

========================  ====================================================================
fact                      met on a day when
========================  ====================================================================
training.front-of-house   of those who work with customers that day, new starters and agency
                          staff included, at least `share_trained` per cent are trained
training.spiking          the same, of its own course
training.bystander        the same, with `share_practised`
training.all-managers     everybody in charge is trained, or is within their first
                          `starter_days` in charge; and at least one is trained
training.book             everybody who works with customers is trained, or is within their first
                          `starter_days` and had the first-shift briefing; and one is trained
training.new-starters     nobody who has started since the list began works without the briefing,
                          or after `starter_days` without the training
training.champion         one of the venue's champions (no stand-in) did the champion course
========================  ====================================================================

and, but for the last, only as long as the list itself is fresh: until so long after somebody last
changed or confirmed it as the requirement's own proofs last. A list without anybody meets nothing.

"All" has no slack, so whoever is new has the days that every starter has; a percentage has its
slack in it, so everybody counts from their first day. Somebody who was there when the list began
is no new starter, unless they had started within `starter_days` before. Whoever goes straight from
one job in charge to another is not new in charge. A starter's earlier training, or briefing at the
same venue, counts if it still lasted on their first day. A day on which the venue is closed uses up
nobody's time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from charter.editions.terms import Counted, Lasts
from charter.staff.jobs import Job, jobs
from charter.training.courses import Course
from charter.training.coverage import (
    Person,
    Stint,
    Team,
    from_now_on,
    last_first_day,
    starter,
    stretched_in,
    unbroken_since,
)
from charter.training.spans import Count, Span, Spans, Step, sweep

BRIEFED = "training.first-shift"
STARTERS = "training.new-starters"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a team is counted with: the courses, and the thresholds and lives in force."""

    courses: Mapping[str, Course]
    values: Mapping[str, float]
    lasts: Mapping[str, Lasts] = field(default_factory=dict)

    def towards(self, fact: str) -> dict[str, Course]:
        """The courses that count for a fact, by key."""
        return {key: each for key, each in self.courses.items() if fact in each.facts}

    def value(self, name: str) -> int:
        """A threshold; one that the edition does not name asks for everybody, or for no days."""
        return int(self.values.get(name, 100 if name.startswith("share") else 0))


def _customers(job: Job) -> bool:
    return job.customers


def _in_charge(job: Job) -> bool:
    return job.in_charge


@dataclass(frozen=True, slots=True)
class _Tally:
    """The people of a team who count for a fact, as spans: there, trained, and let off for now."""

    there: Spans
    trained: Spans
    let_off: Spans


def _tally(team: Team, terms: Terms, fact: str, who: Callable[[Job], bool]) -> list[_Tally]:
    towards = terms.towards(fact)
    found = []
    for person in team.people:
        there = Spans()
        trained = Spans()
        let_off = Spans()
        for stint in person.stints:
            job = jobs().get(stint.job)
            if job is None or not who(job):
                continue
            days = Span.of(stint.first, stint.last)
            there.add(days)
            for each in person.done:
                course = towards.get(each.course)
                if course and not each.withdrawn and course.is_for(stint.job):
                    trained.add(days & Span.of(each.on, stretched_in(team, each.on, each.last)))
            let_off.add(days & _first_days(team, terms, person, stint, fact))
        if there:
            found.append(_Tally(there, trained, let_off))
    return found


def _first_days(team: Team, terms: Terms, person: Person, stint: Stint, fact: str) -> Span:
    """The days on which a fact that asks for everybody does not ask for a starter yet."""
    if fact not in _OF_ALL or stint.first is None:
        return Span.none()
    days = terms.value("starter_days")
    if fact == "training.book":
        first = starter(team, person.started(stint.first), days)
    else:
        first = starter(team, unbroken_since(_in_charge_of(person), stint.first), days)
    if first is None:
        return Span.none()
    span = Span.of(first, last_first_day(team, first, days))
    if fact == "training.book":
        briefed = _briefed_on(team, terms, person, first)
        return span & Span.of(briefed, None) if briefed else Span.none()
    return span


def _in_charge_of(person: Person) -> list[Stint]:
    """The stints in which somebody is in charge: from one to the next they are not new to it."""
    return [each for each in person.stints if (job := jobs().get(each.job)) and job.in_charge]


def _briefed_on(team: Team, terms: Terms, person: Person, first: date) -> date | None:
    """When somebody had the first-shift briefing that counts for those who started on `first`."""
    towards = terms.towards(BRIEFED)
    days = [
        each.on
        for each in person.done
        if each.course in towards
        and not each.withdrawn
        and stretched_in(team, each.on, each.last) >= first
    ]
    return min(days, default=None)


def _taught_on(team: Team, terms: Terms, person: Person, job: str, first: date) -> date | None:
    """The first day on which a starter had done a training for their job that lasts to `first`."""
    towards = terms.towards(STARTERS)
    days = [
        each.on
        for each in person.done
        if each.course in towards
        and not each.withdrawn
        and towards[each.course].is_for(job)
        and stretched_in(team, each.on, each.last) >= first
    ]
    return min(days, default=None)


_OF_ALL = {"training.all-managers": _in_charge, "training.book": _customers}
_BY_SHARE = {
    "training.front-of-house": "share_trained",
    "training.spiking": "share_trained",
    "training.bystander": "share_practised",
}


def counted(
    team: Team, terms: Terms, fact: str, today: date, *, past: bool = True
) -> Counted | None:
    """What a fact comes to today, until when that holds, or since when it no longer does.

    None for a fact that is not counted here. Whoever knows already since when it is lost needs no
    `past`, and then those who have left cost nothing.
    """
    here = from_now_on(team, today)
    count = _count(here, terms, fact)
    if count is None:
        return None
    now = count.at(today)
    lost_on = None
    if past and not now.met:
        whole = count if here is team else _count(team, terms, fact)
        lost_on = whole.lost_on(today, since=team.began) if whole else None
    return Counted(
        met=now.met,
        cases=now.there,
        holds_until=count.holds_until(today) if now.met else None,
        lost_on=lost_on,
        share=round(now.trained * 100 / now.there, 1) if now.there else None,
        words=_words(fact, now, terms),
        step="" if now.met else _step(fact, now, terms),
    )


def _count(team: Team, terms: Terms, fact: str) -> Count | None:
    if fact == "training.champion":
        return _champions(team, terms)
    fresh = _fresh(team, terms, fact)
    if fact in _BY_SHARE:
        needed = terms.value(_BY_SHARE[fact])
        tallies = _tally(team, terms, fact, _customers)
        return sweep(
            [(each.there, each.trained, Spans()) for each in tallies],
            lambda there, trained, _: there > 0 and trained * 100 >= needed * there,
            within=fresh,
        )
    if fact in _OF_ALL:
        tallies = _tally(team, terms, fact, _OF_ALL[fact])
        return sweep(
            [(each.there, each.trained, each.let_off - each.trained) for each in tallies],
            lambda there, trained, let_off: trained > 0 and there == trained + let_off,
            within=fresh,
        )
    if fact == STARTERS:
        return sweep(
            _starters(team, terms),
            lambda there, _, wanting: there > 0 and wanting == 0,
            within=fresh,
        )
    return None


def _fresh(team: Team, terms: Terms, fact: str) -> Span:
    """The days on which the list is fresh enough to count against."""
    if team.began is None or team.checked is None:
        return Span.none()
    lasts = terms.lasts.get(fact)
    if lasts is None:
        return Span.of(team.began, None)
    last = stretched_in(team, team.checked, lasts.until(team.checked))
    return Span.of(team.began, last)


def _champions(team: Team, terms: Terms) -> Count:
    towards = terms.towards("training.champion")
    tallies = []
    for term, done in team.champions:
        trained = Spans()
        for each in done:
            if each.course in towards and not each.withdrawn:
                trained.add(term & Span.of(each.on, stretched_in(team, each.on, each.last)))
        tallies.append((Spans([term]), trained, Spans()))
    return sweep(tallies, lambda _, trained, __: trained > 0, within=Span.of(None, None))


class Starting(NamedTuple):
    """Somebody who works with customers, as days: there, new, and without what a starter needs.

    `unbriefed` lacks the first-shift briefing; `untaught` the training, once its time is over.
    """

    there: Spans
    new: Spans
    unbriefed: Spans
    untaught: Spans


def starters(team: Team, terms: Terms) -> list[Starting]:
    """Whoever works with customers; of the new ones, the days without what they should have had."""
    days = terms.value("starter_days")
    found = []
    for person in team.people:
        each = Starting(Spans(), Spans(), Spans(), Spans())
        for stint in person.stints:
            job = jobs().get(stint.job)
            if job is None or not job.customers:
                continue
            span = Span.of(stint.first, stint.last)
            each.there.add(span)
            first = starter(team, person.started(stint.first) if stint.first else None, days)
            if first is None:
                continue
            briefed = _briefed_on(team, terms, person, first)
            late = Span.after(last_first_day(team, first, days))
            taught = _taught_on(team, terms, person, stint.job, first)
            each.unbriefed.add(span & Span.before(briefed))
            each.untaught.add(span & late & Span.before(taught))
            each.new.add(span)
        if each.there:
            found.append(each)
    return found


def _starters(team: Team, terms: Terms) -> list[tuple[Spans, Spans, Spans]]:
    found = []
    for each in starters(team, terms):
        wanting = Spans([*each.unbriefed, *each.untaught])
        found.append((each.there, each.there - wanting, wanting))
    return found


def _words(fact: str, now: Step, terms: Terms) -> str:
    if fact == "training.champion":
        return "The champion has done the champion training." if now.trained else ""
    if not now.there:
        return _EMPTY[fact]
    if fact == STARTERS:
        return _STARTER_WORDS[now.enough]
    how = "have practised" if fact == "training.bystander" else "are trained"
    said = f"{now.trained} of {now.there} {_WHO[fact]} {how}."
    if fact in _BY_SHARE:
        said += f" At least {terms.value(_BY_SHARE[fact])} in every 100 are needed."
    return said


def _step(fact: str, now: Step, terms: Terms) -> str:
    if fact == "training.champion":
        return "Book the champion on the champion training."
    if not now.there:
        return "Put your team on the staff list."
    if now.enough:
        return "Say that your staff list is still right."
    if fact == STARTERS:
        return "Brief and train your new starters."
    asked = now.there
    if fact in _BY_SHARE:
        asked = -(-terms.value(_BY_SHARE[fact]) * now.there // 100)
    missing = asked - now.trained
    return f"Book {missing} more {'person' if missing == 1 else 'people'} on {_COURSE[fact]}."


_WHO = {
    "training.front-of-house": "people who work with customers",
    "training.spiking": "people who work with customers",
    "training.bystander": "people who work with customers",
    "training.book": "people who work with customers",
    "training.all-managers": "managers and supervisors",
}
_COURSE = {
    "training.front-of-house": "a respond session",
    "training.all-managers": "a respond session",
    "training.spiking": "a spiking session",
    "training.bystander": "a bystander practice",
    "training.book": "a record session",
}
_EMPTY = {
    **dict.fromkeys(_WHO, "Nobody who works with customers is on your staff list."),
    "training.all-managers": "No manager or supervisor is on your staff list.",
    STARTERS: "Nobody who works with customers is on your staff list.",
}
_STARTER_WORDS = {
    True: "Everyone who has started since your list began was briefed, and trained in time.",
    False: "Somebody new works without the briefing, or has waited too long for the training.",
}
FACTS = ("training.champion", *_BY_SHARE, *_OF_ALL, STARTERS)
