"""The goals that measurements are held against: against the floor (A), and small against large (B).

A1 to A4, A8 and A9 compare medians of one caller at a time, in one run, with the floor's. B1 to B4
compare ours with ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from bench.client import Figures

NAMES = {
    "login": "sign-in page",
    "home": "champion's home",
    "desk": "office dashboard",
    "table": "office table",
    "filtered": "office table, filtered",
    "trained": "office coverage",
    "books": "how books are kept",
    "mend": "what is to be mended",
    "team": "venue training",
    "verify": "verify page",
    "download": "certificate PDF, again",
    "save": "evidence save, 100 KB",
}
GROWTH = {"desk": 3.0, "trained": 3.0}  # count the whole city, as their goals allow
LISTS = ("table", "filtered", "mend")
NOISE_MS = 0.3  # a difference below this is a clock's, not a page's


@dataclass(frozen=True, slots=True)
class Cell:
    """One page of one run: figures of each repetition with one caller and with eight."""

    one: tuple[Figures, ...]
    eight: tuple[Figures, ...]

    @property
    def p50(self) -> float:
        """The median of the repetitions' medians, one caller."""
        return median(each.p50 for each in self.one)

    @property
    def p95(self) -> float:
        """The median of the repetitions' 95th percentiles, one caller."""
        return median(each.p95 for each in self.one)

    @property
    def best(self) -> float:
        """The median of the repetitions' 5th percentiles, one caller."""
        return median(each.best for each in self.one)

    @property
    def cpu(self) -> float:
        """The server's processor time for a request, one caller."""
        return median(each.cpu for each in self.one)

    @property
    def busy(self) -> Figures:
        """The repetition with eight callers whose median is in the middle."""
        return sorted(self.eight, key=lambda each: each.p50)[len(self.eight) // 2]


@dataclass(frozen=True, slots=True)
class Run:
    """All that was measured with one number of venues."""

    venues: int
    floor: Mapping[str, Cell]
    ours: Mapping[str, Cell]
    against: Mapping[str, str]
    statements: Mapping[str, int]
    sizes: Mapping[str, int]
    draw_ms: float

    def ratio(self, page: str) -> float:
        """How many times the floor's median a page takes; the median of the repetitions' ratios."""
        floor = self.floor[self.against[page]]
        pairs = zip(self.ours[page].one, floor.one, strict=True)
        return median(mine.p50 / bare.p50 for mine, bare in pairs)


@dataclass(frozen=True, slots=True)
class Result:
    """One goal, what came out, and whether that is good enough."""

    goal: str
    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def against_floor(run: Run) -> Iterator[Result]:
    """Goals A, for one number of venues."""
    at = f"{run.venues:,}"
    yield Result("A1", f"sign-in page / floor login, {at}", run.ratio("login"), 4)
    for page in LISTS:
        yield Result("A2", f"{NAMES[page]} / floor list, {at}", run.ratio(page), 4)
        share = run.ours[page].busy.per_second / run.floor["list"].busy.per_second
        yield Result("A2", f"{NAMES[page]}, share of floor's req/s, {at}", share, 0.25, True)
        yield Result("A2", f"{NAMES[page]}, statements, {at}", run.statements[page], 8)
    yield Result("A3", f"champion's home / floor detail, {at}", run.ratio("home"), 6)
    yield Result("A3", f"champion's home, statements, {at}", run.statements["home"], 10)
    yield Result("A4", f"office dashboard / floor list, {at}", run.ratio("desk"), 8)
    yield Result("A4", f"office dashboard, statements, {at}", run.statements["desk"], 12)
    yield Result("A8", f"evidence save / floor insert, {at}", run.ratio("save"), 12)
    uncached = (run.draw_ms + run.ours["download"].p50) / run.floor["pdf"].p50
    yield Result("A9", f"certificate drawn anew / floor PDF, {at}", uncached, 15)
    yield Result("A9", f"certificate again / floor detail, {at}", run.ratio("download"), 4)


def against_itself(small: Run, large: Run) -> Iterator[Result]:
    """Goals B: what more venues may cost."""
    for page, name in NAMES.items():
        more = large.statements[page] - small.statements[page]
        yield Result("B1", f"{name}, statements more at {large.venues:,}", more, 0)
    for page, name in NAMES.items():
        grown = large.ours[page].p50 / max(small.ours[page].p50, NOISE_MS)
        limit = GROWTH.get(page, 1.3)
        yield Result("B2", f"{name}, {large.venues:,} / {small.venues:,}", grown, limit)
    for page in LISTS:
        grown = large.sizes[page] / small.sizes[page]
        yield Result(
            "B3", f"{NAMES[page]}, bytes, {large.venues:,} / {small.venues:,}", grown, 1.05
        )
    for run in (small, large):
        for page, name in NAMES.items():
            busy = run.ours[page].busy
            yield Result("B4", f"{name}, p95 / p50 at c=8, {run.venues:,}", busy.p95 / busy.p50, 3)
