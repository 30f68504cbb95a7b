"""What spot checks come to, whom a page names, and how the views of a venue compare: pure."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from charter.briefings import questions
from charter.briefings.checks import By, Need, judged, said
from charter.briefings.compare import Result, gap
from charter.briefings.models import SpotCheck
from charter.briefings.starters import Starter
from charter.core.seed import Fault
from charter.editions.terms import Lasts
from charter.venues.closures import Closed
from tests.builders.briefings import TODAY, make_asked

NEED = Need(staff=3, questions=3, right=2)
LASTS = Lasts(months=3)
DAY = timedelta(days=1)


def test_each_of_enough_people_has_to_know_enough() -> None:
    assert NEED.passes(make_asked(2, 3, 2))
    assert NEED.passes(make_asked(2, 3, 2, 3))
    assert not NEED.passes(make_asked(3, 3))
    assert not NEED.passes(make_asked(3, 3, 3, 1))
    assert not NEED.passes(make_asked(2, 2, 2, questions=2))


def test_a_threshold_that_an_edition_does_not_name_asks_for_all() -> None:
    assert Need.of({"check_staff": 4, "check_questions": 5}) == Need(4, 5, 5)
    assert Need.of({}) == Need(3, 3, 3)


def test_the_newest_decides_whoever_did_it() -> None:
    own = make_asked(3, 3, 3, on=TODAY - 20 * DAY)
    covert = make_asked(1, 0, 3, by=By.COVERT, on=TODAY - 10 * DAY)
    again = make_asked(2, 2, 3, by=By.UNANNOUNCED)
    first = judged([own], NEED, LASTS, [])
    assert (first.met, first.since, first.holds_until) == (True, own.done_on, date(2026, 8, 26))
    failed = judged([own, covert], NEED, LASTS, [])
    assert (failed.met, failed.lost_on, failed.holds_until) == (False, covert.done_on, None)
    assert failed.step
    assert failed.cases is None
    assert judged([own, covert, again], NEED, LASTS, []).holds_until == date(2026, 9, 15)
    assert judged([covert], NEED, LASTS, []).lost_on is None


@pytest.mark.parametrize("by", [By.COVERT, By.UNANNOUNCED])
def test_a_venues_own_check_answers_a_failed_visit_only_from_the_next_day_on(by: By) -> None:
    before = make_asked(on=TODAY - 20 * DAY)
    visit, at_once = make_asked(0, 1, 1, by=by), make_asked()
    failed = judged([before, visit, at_once], NEED, LASTS, [])
    assert (failed.met, failed.lost_on) == (False, TODAY)
    assert failed.words == "The office asked on 15 June 2026: 0 of 3 people knew at least 2 of 3."
    assert "on a later day" in failed.step
    # One of the morning, before the visit, was the newest until then.
    assert judged([at_once, visit], NEED, LASTS, []).lost_on == TODAY
    later = make_asked(on=TODAY + DAY)
    met = judged([before, visit, at_once, later], NEED, LASTS, [])
    assert (met.met, met.since) == (True, later.done_on)
    assert met.words == (
        "Asked on 16 June 2026: 3 people, all knew at least 2 of 3. The office’s visit on "
        "15 June 2026 was not passed. The venue’s own check came after."
    )
    again = make_asked(by=by, on=TODAY + 2 * DAY)
    seen = judged([visit, later, again, make_asked(on=TODAY + 2 * DAY)], NEED, LASTS, [])
    assert (seen.met, "was not passed" in seen.words) == (True, False)


def test_what_was_lost_was_lost_by_the_first_that_failed_or_by_time() -> None:
    passed = make_asked(on=date(2026, 1, 10))
    early, late = make_asked(0, on=date(2026, 2, 1)), make_asked(0, on=date(2026, 6, 1))
    assert judged([passed, early, late], NEED, LASTS, []).lost_on == date(2026, 2, 1)
    assert judged([passed, late], NEED, LASTS, []).lost_on == date(2026, 4, 11)
    shut = [Closed(date(2026, 2, 1), date(2026, 2, 10))]
    assert judged([passed, late], NEED, LASTS, shut).lost_on == date(2026, 4, 21)
    still = [Closed(date(2026, 2, 1))]
    assert judged([passed, late], NEED, LASTS, still).lost_on == late.done_on
    same_day = replace(early, done_on=passed.done_on)
    assert judged([passed, same_day], NEED, LASTS, []).lost_on == passed.done_on


def test_a_check_is_said_in_words() -> None:
    assert said(make_asked(3, 2, 2), NEED) == (
        "Asked on 15 June 2026: 3 people, all knew at least 2 of 3."
    )
    assert said(make_asked(3, 1, 0, by=By.COVERT), NEED) == (
        "The office asked on 15 June 2026: 1 of 3 people knew at least 2 of 3."
    )
    assert said(make_asked(3), NEED) == (
        "Asked on 15 June 2026: 1 person, all knew at least 2 of 3. At least 3 have to be asked."
    )


def result(by: By, *right: int) -> Result:
    asked = make_asked(*right, by=by)
    return Result(SpotCheck(), asked, NEED.knew(asked), len(right), NEED.passes(asked))


def test_the_gap_is_told_in_words_only_where_there_is_one() -> None:
    own, office = result(By.SELF, 3, 3, 3), result(By.COVERT, 3, 1, 1)
    assert gap(own, office) == (
        "The venue’s own check: 3 of 3. The office’s visit: 1 of 3. "
        "They do not agree. Both stay here, and the newer one counts."
    )
    assert gap(own, result(By.COVERT, 2, 2, 2)).endswith("The office’s visit: 3 of 3.")
    assert gap(replace(own, counts=False), office).endswith("and the office’s visit counts.")
    assert gap(own, None) == "The venue’s own check: 3 of 3."
    assert gap(None, None) == ""


def test_a_page_for_anybody_shows_a_first_name_an_initial_and_a_job() -> None:
    assert Starter(1, "Samira Parveen Khan", "bar", TODAY, True).short == "Samira K., bar"
    assert Starter(1, "Jo", "door", TODAY, True).short == "Jo, door"


def test_the_questions_are_a_seed_and_every_fault_in_it_is_named(tmp_path: Path) -> None:
    assert len(questions.questions()) == 3
    seed = tmp_path / "questions.toml"
    seed.write_text('[[question]]\nkey = "One"\nwords = ""\nextra = 1\n', "utf-8")
    with pytest.raises(Fault) as fault:
        questions.read(seed)
    assert [line.split(" 1 ")[1] for line in fault.value.faults] == [
        "needs key to be written like this-key",
        "needs words to be words",
        "has no right",
        "has a key that nobody knows: extra",
    ]
