"""What a venue claims, what its own walk said, and what a check found: side by side.

Nothing is added up. A gap is a question to ask, not a mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from charter.audits import pages, results, walks
from charter.audits.pages import Line
from charter.audits.results import Beside
from charter.audits.rules import CHECKS, Kind
from charter.commitments import standing
from charter.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Row:
    """One question: both answers, and the requirement that claims the same, with its state."""

    both: Beside
    claim: str
    state: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A check beside the venue's last own walk before it; without one `own` is None."""

    check: Line
    own: Line | None
    rows: Sequence[Row]
    agreed: int

    @property
    def gaps(self) -> list[Row]:
        """Where the two say different things."""
        return [each for each in self.rows if each.both.gap]


def beside(venue: Venue, audit_id: int) -> Checked | None:
    """A finished check of a venue beside its own walk and its claims, or None."""
    walk = walks.walk(venue.id, audit_id, CHECKS)
    if walk is None or walk.is_running:
        return None
    own = walks.before(walk.audit, [Kind.OWN])
    both = results.beside(walk.rooms, walks.answers_of(own), walk.answers) if own else []
    claims = {each.question.claim for each in both if each.question.claim}
    states = _states(venue, claims)
    rows = [Row(each, *states.get(each.question.claim, ("", ""))) for each in both]
    agreed = sum(not each.both.gap for each in rows)
    return Checked(pages.line(walk.audit), pages.line(own) if own else None, rows, agreed)


def _states(venue: Venue, keys: set[str]) -> dict[str, tuple[str, str]]:
    """What the venue claims for these requirements today: number and task, and the state."""
    judged = standing.assessed(venue.id) if keys else None
    if judged is None:
        return {}
    found = {each.requirement.key: each for each in judged.requirements}
    return {
        key: (f"{each.requirement.number} {each.requirement.task}", each.state.label)
        for key in keys
        if (each := found.get(key)) is not None
    }
