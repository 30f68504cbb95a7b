"""Days on which a venue is closed for a while, and what they do to anything that runs out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which the venue is closed, both included; without an `until` it is still closed."""

    from_on: date
    until: date | None = None


def stretched(start: date, end: date, closures: Sequence[Closed]) -> date | None:
    """The last day of a life from `start` to `end` when closed days do not use it up.

    `closures` are in order and do not overlap. None: a closure without an end keeps it.
    """
    if end < start:
        return end
    for each in closures:
        if each.from_on > end:
            break
        if each.until is None:
            return None
        if each.until >= start:
            end += each.until - max(each.from_on, start) + timedelta(days=1)
    return end


def merged(closures: Iterable[Closed]) -> list[Closed]:
    """The closures in order, those that overlap made one, so that no day is counted twice."""
    found: list[Closed] = []
    for each in sorted(closures, key=lambda closure: closure.from_on):
        if each.until is not None and each.until < each.from_on:
            continue
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < each.from_on):
            found.append(each)
        elif last.until is not None and (each.until is None or each.until > last.until):
            found[-1] = Closed(last.from_on, each.until)
    return found
