"""Teams that nobody thought of, with all that can go wrong in one, and a day to judge them on."""

from dataclasses import dataclass
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from charter.editions.terms import Lasts
from charter.training.courses import courses
from charter.training.coverage import Done, Person, Stint, Team
from charter.training.rules import FACTS, Terms
from charter.training.spans import Span
from charter.venues.closures import Closed, merged
from tests.builders.teams import days

FIRST = date(2026, 3, 1)
EARLIEST, HORIZON = FIRST - days(45), FIRST + days(190)
JOBS = ["bar", "bar", "door", "door", "kitchen", "manager", "supervisor", "juggler"]
DID = ["respond", "respond", "respond-door", "record", "spiking", "bystander", "champion"]


def on(first: int, last: int) -> st.SearchStrategy[date]:
    """A day, so many after the first of March."""
    return st.integers(first, last).map(lambda number: FIRST + days(number))


def after(first: date, most: int) -> st.SearchStrategy[date]:
    return st.integers(0, most).map(lambda number: first + days(number))


@st.composite
def stints(draw: st.DrawFn) -> Stint:
    first = draw(st.none() | on(-30, 60))
    last = draw(st.none() | after(first or FIRST, 40))
    known, last_known = draw(on(-30, 60)), draw(on(-30, 60)) if last else None
    return Stint(draw(st.sampled_from(JOBS)), "venue", first, last, known, last_known)


@st.composite
def done(draw: st.DrawFn, course: str | None = None) -> Done:
    """Anything that anybody did, anywhere: four in five still count."""
    first = draw(on(-30, 60))
    last = draw(after(first, 40))
    taken_back = draw(on(-30, 60)) if draw(st.integers(0, 4)) == 0 else None
    key = course or draw(st.sampled_from([*DID, "first-shift", "first-shift", "no-such-course"]))
    return Done(key, first, last, first, taken_back)


@st.composite
def closures(draw: st.DrawFn) -> Closed:
    first = draw(on(-20, 70))
    return Closed(first, None if draw(st.integers(0, 5)) == 0 else draw(after(first, 12)))


@dataclass(frozen=True)
class Case:
    """A team, what it is counted with, and a day on which its list has begun."""

    team: Team
    values: dict[str, float]
    fresh_days: int
    today: date

    @property
    def terms(self) -> Terms:
        """The seed's courses, with these thresholds."""
        return Terms(courses(), self.values, dict.fromkeys(FACTS, Lasts(days=self.fresh_days)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A small team with all that can go wrong in one."""
    today = draw(on(0, 70))
    began = draw(st.none() | on(0, 40)) if draw(st.booleans()) else draw(after(FIRST, 10))
    began = began and min(began, today)
    checked = began and draw(st.sampled_from([began, today, began + (today - began) // 2]))
    team = Team(
        people=tuple(
            Person(
                number,
                tuple(draw(st.lists(stints(), min_size=1, max_size=3))),
                tuple(draw(st.lists(done(), max_size=4))),
            )
            for number in range(draw(st.integers(0, 3)))
        ),
        began=began,
        checked=checked,
        champions=tuple(
            (Span.of(first, draw(st.none() | after(first, 40))), tuple(did))
            for first, did in draw(
                st.lists(
                    st.tuples(on(-30, 60), st.lists(done("champion") | done(), max_size=3)),
                    max_size=2,
                )
            )
        ),
        closures=tuple(merged(draw(st.lists(closures(), max_size=2)))),
    )
    values = {
        "share_trained": float(draw(st.sampled_from([34, 50, 67, 90, 100]))),
        "starter_days": float(draw(st.integers(0, 12))),
    }
    if draw(st.booleans()):
        values["share_practised"] = 50.0
    return Case(team, values, draw(st.integers(1, 40)), today)


facts = st.sampled_from(FACTS)
quick = settings(
    max_examples=70,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
thorough = settings(quick, max_examples=4_000)
