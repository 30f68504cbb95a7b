"""Draws venues for an audit: at random, in each kind and area its share, with a seed that is kept.

Anybody with the seed and the list of venues of that day draws the same sample. Each stratum gets
its share of the size, rounded down; what is left goes to the largest remainders (Hamilton's
method), and between equal ones the seed decides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Unit:
    """One venue that can be drawn: its number, and the stratum it is in."""

    venue_id: int
    stratum: str


def shares(counts: dict[str, int], size: int, random: Random) -> dict[str, int]:
    """How many are drawn from each stratum: in all `size`, or everything where there are fewer."""
    population = sum(counts.values())
    size = min(size, population)
    if not population:
        return {}
    exact = {name: size * count / population for name, count in sorted(counts.items())}
    given = {name: int(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda name: (given[name] - exact[name], random.random()))
    for name in order[: size - sum(given.values())]:
        given[name] += 1
    return given


def draw(units: Sequence[Unit], size: int, seed: str) -> list[Unit]:
    """The sample of a size, in the order of the venues' numbers; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - it has to be drawn again by anybody, not kept secret
    strata: dict[str, list[Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: unit.venue_id):
        strata[unit.stratum].append(unit)
    counts = {name: len(found) for name, found in strata.items()}
    drawn = [
        unit
        for name, number in shares(counts, size, random).items()
        for unit in random.sample(strata[name], number)
    ]
    return sorted(drawn, key=lambda unit: unit.venue_id)
