"""What a venue says, what it found itself, and what a visitor found: side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from charter.briefings import checks
from charter.briefings.checks import Asked, Need
from charter.briefings.models import SpotCheck
from charter.core import clock
from charter.editions import service as editions
from charter.staff import jobs
from charter.training import courses, facts
from charter.training.coverage import share
from charter.venues.models import Venue

RESPOND = "training.front-of-house"


@dataclass(frozen=True, slots=True)
class Result:
    """One spot check in figures and words; `counts` as `checks.deciding` says."""

    check: SpotCheck
    asked: Asked
    knew: int
    people: int
    passed: bool
    counts: bool = True

    @property
    def figure(self) -> str:
        """How many of those asked knew enough."""
        return f"{self.knew} of {self.people}"

    @property
    def answers(self) -> str:
        """What each person had right, by job."""
        of = self.asked.questions
        return ", ".join(
            f"{jobs.name(each.job)} {each.right} of {of}" for each in self.check.answers
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """The three views of one venue, the gap between them in words, and every check."""

    trained: int
    team: int
    own: Result | None
    office: Result | None
    gap: str
    results: Sequence[Result]
    need: Need

    @property
    def newest(self) -> Result | None:
        """The check that decides."""
        return next((each for each in self.results if each.counts), None)


def compared(venue: Venue) -> Compared:
    """Everything about a venue's spot checks, for its page."""
    key = venue.edition_key
    need = Need.of(editions.thresholds([key], clock.today())[key] if key else {})
    rows = {row: checks.asked(row) for row in checks.of_venue(venue.id)}
    counting = {id(each) for each in checks.deciding([*reversed(rows.values())], need)}
    results = [_result(row, it, need, id(it) in counting) for row, it in rows.items()]
    own = next((each for each in results if not each.asked.by.is_office), None)
    office = next((each for each in results if each.asked.by.is_office), None)
    towards = [each for each in courses.courses().values() if RESPOND in each.facts]
    trained, team = share(facts.teams([venue.id])[venue.id], towards, clock.today())
    return Compared(trained, team, own, office, gap(own, office), results, need)


def _result(row: SpotCheck, asked: Asked, need: Need, counts: bool) -> Result:
    return Result(row, asked, need.knew(asked), len(asked.right), need.passes(asked), counts)


def gap(own: Result | None, office: Result | None) -> str:
    """How the venue's own check and the office's last visit compare, in words; "" without one."""
    said = [f"The venue’s own check: {own.figure}." if own else ""]
    said.append(f"The office’s visit: {office.figure}." if office else "")
    if own and office and own.passed != office.passed:
        newer = "the newer one counts" if own.counts else "the office’s visit counts"
        said.append(f"They do not agree. Both stay here, and {newer}.")
    return " ".join(filter(None, said))
