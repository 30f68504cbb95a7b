"""What a course is to whoever reads a count: one line for a course and its variants.

A variant for some jobs (respond, and respond for door teams) counts for the same facts, so nobody
has to know that there are two.
"""

from dataclasses import dataclass
from functools import cache

from charter.training.courses import Course, Part, with_variants


@dataclass(frozen=True, slots=True)
class Topic:
    """A course and its variants; called as the first of them is in the seed."""

    courses: tuple[Course, ...]

    @property
    def key(self) -> str:
        """The key of its first course, for addresses."""
        return self.courses[0].key

    @property
    def title(self) -> str:
        """What people call it."""
        return self.courses[0].title

    @property
    def about(self) -> str:
        """What it teaches."""
        return self.courses[0].about

    def is_for(self, job: str) -> bool:
        """Whether somebody with this job is meant to do it, in one variant or another."""
        return any(each.is_for(job) for each in self.courses)


@cache
def of_part(part: Part) -> tuple[Topic, ...]:
    """The topics of one part of the training, in order; what is all retired is left out."""
    return tuple(
        Topic(same)
        for same in with_variants().values()
        if same[0].part is part and not all(each.retired for each in same)
    )


def front_of_house() -> tuple[Topic, ...]:
    """What a venue's team is counted by. A briefing is no training, and champions are no team."""
    return of_part(Part.FRONT_OF_HOUSE)
