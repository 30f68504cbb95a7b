"""Samples for audits: the size asked for, each stratum its share, the same for the same seed."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from charter.auditors.sampling import Unit, draw, shares

strata = st.sampled_from(["pub, SM1", "pub, SM2", "bar, SM1", "nightclub, SM3", "hotel, SM4"])
cities = st.lists(strata, max_size=60).map(
    lambda names: [Unit(number, name) for number, name in enumerate(names, start=1)]
)
sizes = st.integers(1, 80)
seeds = st.text(min_size=1, max_size=10)


@given(cities, sizes, seeds)
def test_a_sample_has_its_size_and_nobody_twice(units: list[Unit], size: int, seed: str) -> None:
    drawn = draw(units, size, seed)
    assert len(drawn) == min(size, len(units))
    assert len({unit.venue_id for unit in drawn}) == len(drawn)
    assert set(drawn) <= set(units)


@given(cities, sizes, seeds, st.randoms())
def test_the_same_seed_draws_the_same_from_the_same_venues(
    units: list[Unit], size: int, seed: str, random: Random
) -> None:
    shuffled = units[:]
    random.shuffle(shuffled)
    assert draw(units, size, seed) == draw(shuffled, size, seed)


@given(cities, sizes, seeds)
def test_each_stratum_gets_its_share_to_one(units: list[Unit], size: int, seed: str) -> None:
    counts = Counter(unit.stratum for unit in units)
    given_ = Counter(unit.stratum for unit in draw(units, size, seed))
    size = min(size, len(units))
    for name, count in counts.items():
        exact = size * count / len(units)
        assert int(exact) <= given_[name] <= int(exact) + 1
        assert given_[name] <= count


def test_another_seed_draws_another_sample() -> None:
    units = [Unit(number, "pub, SM1") for number in range(1, 101)]
    samples = {tuple(unit.venue_id for unit in draw(units, 10, str(seed))) for seed in range(30)}
    assert len(samples) == 30


def test_every_venue_is_drawn_about_as_often() -> None:
    """10 of 40 in two strata of 30 and 10, 4,000 times: each about a quarter of the times."""
    units = [Unit(n, "pub, SM1" if n <= 30 else "bar, SM2") for n in range(1, 41)]
    seen = Counter(unit.venue_id for seed in range(4000) for unit in draw(units, 10, str(seed)))
    assert set(seen) == set(range(1, 41))
    assert all(850 < number < 1150 for number in seen.values())


def test_nobody_is_drawn_from_nobody() -> None:
    assert draw([], 5, "x") == []
    assert shares({}, 5, Random(1)) == {}
