"""Certificate rules: the table of states line by line, its promises as properties, and codes."""

import string
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.certificates.rules import (
    CODE_BYTES,
    Closure,
    Readiness,
    Standing,
    State,
    Terms,
    eligible,
    grouped,
    is_serial,
    may_decide,
    new_code,
    normalise,
    serial,
    soon,
    state_of,
)

ISSUED = date(2026, 11, 20)
LAST = date(2027, 11, 19)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
ORDER = [State.VALID, State.LAPSING_SOON, State.SUSPENDED, State.LAPSED, State.WITHDRAWN]


def make_terms(**overrides: object) -> Terms:
    return Terms(**{"valid_from": ISSUED, "valid_until": LAST} | overrides)  # type: ignore[arg-type]  # any field


def make_standing(**overrides: object) -> Standing:
    return Standing(**{"all_met": True} | overrides)  # type: ignore[arg-type]  # any field


def make_readiness(**overrides: object) -> Readiness:
    return Readiness(**{"signed": True, "approved": True, "all_met": True} | overrides)  # type: ignore[arg-type]  # any field


days = st.dates(date(2026, 11, 20), date(2028, 12, 31))
maybe = st.none() | days
terms = st.builds(
    Terms,
    valid_from=st.just(ISSUED),
    valid_until=days,
    withdrawn_on=maybe,
    replaced_by_serial=st.sampled_from(["", "2027-000001-0"]),
    replaced_on=maybe,
    suspended_on=maybe,
)
standings = st.builds(
    Standing, all_met=st.booleans(), holds_until=maybe, lapsed_on=maybe, held_from=maybe
)
closures = st.none() | st.builds(Closure, start=days, until=maybe)


def test_a_fresh_certificate_is_valid_until_the_first_thing_that_ends() -> None:
    verdict = state_of(make_terms(), make_standing(), ISSUED)
    assert (verdict.state, verdict.until, verdict.reason) == (State.VALID, LAST, "")
    check = date(2027, 3, 3)
    assert state_of(make_terms(), make_standing(holds_until=check), ISSUED).until == check


def test_it_counts_on_its_last_day_and_has_lapsed_the_day_after() -> None:
    on_the_day = state_of(make_terms(), make_standing(), LAST)
    assert (on_the_day.state, on_the_day.until) == (State.LAPSING_SOON, LAST)
    assert on_the_day.reason == "It runs out on Friday 19 November 2027."
    after = state_of(make_terms(), make_standing(), LAST + ONE_DAY)
    assert (after.state, after.since) == (State.LAPSED, LAST + ONE_DAY)


def test_lapsing_soon_begins_thirty_days_before() -> None:
    near = LAST - timedelta(days=30)
    assert state_of(make_terms(), make_standing(), near).state is State.VALID
    assert state_of(make_terms(), make_standing(), near + ONE_DAY).state is State.LAPSING_SOON


def test_lapsing_soon_is_a_quarter_of_a_short_life() -> None:
    assert soon(ISSUED, ISSUED + timedelta(days=28)) == timedelta(days=7)
    assert soon(ISSUED, ISSUED + timedelta(days=365)) == timedelta(days=30)
    assert soon(None, LAST) == timedelta(days=30)
    ends = ISSUED + timedelta(days=28)
    standing = make_standing(holds_until=ends, held_from=ISSUED)
    assert state_of(make_terms(), standing, ends - timedelta(days=7)).state is State.VALID
    near = state_of(make_terms(), standing, ends - timedelta(days=6))
    assert (near.state, near.until) == (State.LAPSING_SOON, ends)
    assert near.reason == "A check has to be shown again by Friday 18 December 2026."


def test_a_check_that_runs_out_suspends_at_once_without_the_nightly_job() -> None:
    ends = date(2027, 3, 3)
    standing = make_standing(holds_until=ends)
    assert state_of(make_terms(), standing, ends).state.counts
    verdict = state_of(make_terms(), standing, ends + ONE_DAY)
    assert (verdict.state, verdict.since) == (State.SUSPENDED, ends + ONE_DAY)


def test_a_check_found_unmet_suspends_and_says_why() -> None:
    standing = make_standing(all_met=False, lapsed_on=ISSUED, reason="2.2 has lapsed.")
    verdict = state_of(make_terms(), standing, ISSUED + ONE_DAY)
    assert (verdict.state, verdict.since) == (State.SUSPENDED, ISSUED)
    assert verdict.reason == "2.2 has lapsed."
    assert state_of(make_terms(), make_standing(all_met=False), ISSUED).reason


def test_grace_reads_lapsing_soon_and_then_suspends() -> None:
    ends = date(2027, 3, 3)
    standing = make_standing(holds_until=ends)
    last = ends + timedelta(days=14)
    in_grace = state_of(make_terms(), standing, last, grace_days=14)
    assert (in_grace.state, in_grace.until) == (State.LAPSING_SOON, last)
    assert state_of(make_terms(), standing, last + ONE_DAY, grace_days=14).state is State.SUSPENDED


def test_the_day_of_a_suspension_is_the_day_after_the_grace() -> None:
    ends = date(2027, 3, 3)
    over = ends + timedelta(days=15)
    verdict = state_of(make_terms(), make_standing(holds_until=ends), over, grace_days=14)
    assert (verdict.state, verdict.since, verdict.in_grace) == (State.SUSPENDED, over, False)
    unmet = make_standing(all_met=False, lapsed_on=ends + ONE_DAY, reason="Why.")
    inside = state_of(make_terms(), unmet, ends + ONE_DAY, grace_days=14)
    assert (inside.in_grace, inside.since, inside.until) == (True, ends + ONE_DAY, over - ONE_DAY)
    assert "run out" in inside.sentence
    assert inside.sentence != inside.state.sentence
    outside = state_of(make_terms(), unmet, over, grace_days=14)
    assert (outside.state, outside.since, outside.reason) == (State.SUSPENDED, over, "Why.")


def test_a_longer_grace_set_later_lifts_no_suspension() -> None:
    began = date(2027, 3, 4)
    unmet = make_standing(all_met=False, lapsed_on=began)
    suspended = make_terms(suspended_on=began)
    verdict = state_of(suspended, unmet, began + ONE_DAY, grace_days=40)
    assert (verdict.state, verdict.since) == (State.SUSPENDED, began)
    assert state_of(suspended, make_standing(), began + ONE_DAY, grace_days=40).state.counts


def test_the_grace_ends_with_the_certificate_at_the_latest() -> None:
    unmet = make_standing(all_met=False, lapsed_on=LAST - ONE_DAY)
    assert state_of(make_terms(), unmet, LAST, grace_days=14).until == LAST
    assert state_of(make_terms(), unmet, LAST + ONE_DAY, grace_days=14).state is State.LAPSED


def test_a_new_owner_suspends_until_they_sign() -> None:
    verdict = state_of(make_terms(), make_standing(), ISSUED, new_owner_unsigned=True)
    assert verdict.state is State.SUSPENDED
    assert "new owner" in verdict.reason
    assert state_of(make_terms(), make_standing(), ISSUED).state is State.VALID


def test_replaced_reads_lapsed_and_names_the_newer_one() -> None:
    replaced = make_terms(replaced_by_serial="2027-000007-2", replaced_on=date(2027, 5, 1))
    verdict = state_of(replaced, make_standing(), date(2027, 5, 2))
    assert (verdict.state, verdict.since) == (State.LAPSED, date(2027, 5, 1))
    assert verdict.reason == "It was replaced by certificate 2027-000007-2."


def test_withdrawn_beats_everything_from_its_day_on() -> None:
    gone = make_terms(withdrawn_on=ISSUED + ONE_DAY, withdrawn_because="The venue left.")
    assert state_of(gone, make_standing(), ISSUED).state is State.VALID
    verdict = state_of(gone, make_standing(all_met=False), LAST + ONE_DAY, new_owner_unsigned=True)
    assert (verdict.state, verdict.since) == (State.WITHDRAWN, ISSUED + ONE_DAY)
    assert verdict.reason == "The venue left."


def test_a_closure_says_so_and_changes_no_state() -> None:
    closure = Closure(ISSUED, ISSUED + timedelta(days=9))
    verdict = state_of(make_terms(), make_standing(), ISSUED, closure=closure)
    assert verdict.state is State.VALID
    assert "closed for now until Sunday 29 November 2026" in verdict.reason
    later = state_of(make_terms(), make_standing(), ISSUED + timedelta(days=10), closure=closure)
    assert later.reason == ""
    unknown = state_of(make_terms(), make_standing(), LAST, closure=Closure(ISSUED))
    assert "closed for now," in unknown.reason


@given(terms, standings, days, closures, st.booleans(), st.integers(0, 40))
def test_withdrawn_is_read_exactly_when_it_is_so(
    certificate: Terms, standing: Standing, day: date, closure: Closure | None,
    unsigned: bool, grace: int,
) -> None:  # fmt: skip
    verdict = state_of(
        certificate, standing, day, closure=closure, new_owner_unsigned=unsigned, grace_days=grace
    )
    withdrawn = certificate.withdrawn_on is not None and certificate.withdrawn_on <= day
    assert (verdict.state is State.WITHDRAWN) == withdrawn


@given(terms, standings, days, closures, st.integers(0, 40))
def test_it_never_reads_valid_once_a_check_or_itself_has_ended(
    certificate: Terms, standing: Standing, day: date, closure: Closure | None, grace: int
) -> None:
    state = state_of(certificate, standing, day, closure=closure, grace_days=grace).state
    ended = (
        not standing.all_met
        or (standing.holds_until is not None and day > standing.holds_until)
        or day > certificate.valid_until
        or bool(certificate.replaced_by_serial)
    )
    if ended:
        assert state is not State.VALID
        assert grace or not state.counts
    else:
        assert state.counts or state is State.WITHDRAWN


@given(terms, standings, days, days, st.booleans(), closures, st.integers(0, 40))
def test_time_alone_never_makes_a_state_better(
    certificate: Terms, standing: Standing, one: date, other: date, unsigned: bool,
    closure: Closure | None, grace: int,
) -> None:  # fmt: skip
    earlier, later = sorted((one, other))
    before, after = (
        state_of(
            certificate, standing, day, closure=closure, new_owner_unsigned=unsigned,
            grace_days=grace,
        ).state
        for day in (earlier, later)
    )  # fmt: skip
    assert ORDER.index(after) >= ORDER.index(before)


@given(terms, standings, days)
def test_every_verdict_but_valid_has_its_words_and_dates_in_order(
    certificate: Terms, standing: Standing, day: date
) -> None:
    verdict = state_of(certificate, standing, day)
    assert verdict.state.label
    assert verdict.state.sentence.endswith(".")
    if verdict.state not in (State.VALID, State.WITHDRAWN):
        assert verdict.reason
    if verdict.state.counts:
        assert verdict.until is not None
        assert verdict.until >= day


def test_the_five_states_are_called_what_the_pages_call_them() -> None:
    assert [state.label for state in State] == (
        ["Valid", "Lapsing soon", "Lapsed", "Suspended", "Withdrawn"]
    )
    assert not any("safe venue" in state.sentence.lower() for state in State)


def test_a_venue_that_meets_everything_is_eligible() -> None:
    assert eligible(make_readiness(holds_until=ISSUED), ISSUED) == []


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"signed": False}, "has not signed"),
        ({"approved": False}, "approved"),
        ({"all_met": False, "unmet": ("2.2 Posters", "4.1 Two ways")}, "2.2 Posters, 4.1 Two ways"),
        ({"all_met": False}, "Not every essential"),
        ({"holds_until": ISSUED - ONE_DAY}, "Not every essential"),
        ({"returned": 1}, "One proof"),
        ({"returned": 3}, "3 proofs"),
        ({"new_owner_unsigned": True}, "new owner"),
        ({"already_open": True}, "already waiting"),
    ],
)
def test_each_fault_is_told_in_words(fault: dict[str, object], word: str) -> None:
    (told,) = eligible(make_readiness(**fault), ISSUED)
    assert word in told


def test_issuing_takes_a_second_person_at_another_sign_in_within_three_days() -> None:
    hours = timedelta(hours=72)
    assert may_decide(1, 10, 2, 20, NOW, NOW + hours) is None
    assert "Somebody else" in str(may_decide(1, 10, 1, 20, NOW, NOW))
    assert "sign-in" in str(may_decide(1, 10, 2, 10, NOW, NOW))
    assert "72 hours" in str(may_decide(1, 10, 2, 20, NOW, NOW + hours + timedelta(seconds=1)))
    assert may_decide(1, None, 2, None, NOW, NOW) is None


@given(st.integers(2000, 9999), st.integers(1, 999_999))
def test_a_serial_shows_any_wrong_digit_and_any_two_swapped(year: int, number: int) -> None:
    good = serial(year, number)
    assert is_serial(good)
    places = [at for at, letter in enumerate(good) if letter.isdigit()][:10]
    for at in places:
        for digit in string.digits:
            wrong = good[:at] + digit + good[at + 1 :]
            assert is_serial(wrong) == (wrong == good)
    for first, second in pairwise(places):
        letters = list(good)
        letters[first], letters[second] = letters[second], letters[first]
        assert is_serial("".join(letters)) == ("".join(letters) == good)


def test_a_serial_is_written_year_number_check() -> None:
    # By hand: 2*1024 + 2*256 + 6*128 + 1*8 + 2*4 + 3*2 = 3350, which is 6 modulo 11, and the
    # check makes that 1 (ISO/IEC 7064, MOD 11-2): 6 + 6 = 12.
    assert serial(2026, 123) == "2026-000123-6"
    for nonsense in ("2026-000123-4", "2026-000123-X", "2026-000123", "\u0662026-000123-6", ""):
        assert not is_serial(nonsense)
    for year, number in ((2026, 0), (2026, 1_000_000), (99, 1)):
        with pytest.raises(ValueError, match="no serial"):
            serial(year, number)


@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES), st.data())
def test_a_code_is_found_again_however_it_is_typed(random: bytes, data: st.DataObject) -> None:
    code = new_code(random)
    assert len(code) == 16
    assert not set(code) & set("ILOU")
    misread = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(
        data.draw(st.sampled_from(misread.get(letter, letter + letter.lower()))) for letter in code
    )
    for written in (
        code,
        grouped(code),
        typed,
        f" {grouped(typed)} ",
        typed[:4] + " – " + typed[4:],
    ):
        assert normalise(written) == code


@given(st.lists(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES), unique=True, max_size=20))
def test_different_bits_make_different_codes(randoms: list[bytes]) -> None:
    assert len({new_code(random) for random in randoms}) == len(randoms)


@pytest.mark.parametrize(
    "typed",
    ["", "7K3M", "7K3M-9QXT-AB2D-EF5", "7K3M-9QXT-AB2D-EF5HH", "U" * 16, "<script>alert(1)",
     "' OR 1=1 --      ", "\u0667" * 16, "7K3M" * 1_000_000],
)  # fmt: skip
def test_what_is_no_code_is_none(typed: str) -> None:
    assert normalise(typed) is None


def test_a_code_needs_all_its_bits() -> None:
    assert grouped(new_code(b"\xff" * CODE_BYTES)) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    with pytest.raises(ValueError, match="10 random bytes"):
        new_code(b"short")
