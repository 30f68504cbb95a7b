"""What the form comes to: when it happened, however that is said, and every answer read back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from charter.core import clock
from charter.core.db import CITY, db, lock
from charter.incidents import forms, reading, service, words
from charter.incidents.choices import Cctv, KnownBy, Relation, Team, WhoLeft, Wish
from charter.incidents.forms import EntryForm
from charter.incidents.service import Writer
from charter.venues.models import Venue
from tests.builders.accounts import make_user
from tests.builders.incidents import make_zone
from tests.builders.venues import make_venue

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def venue(app: Flask) -> Iterator[Venue]:
    """A venue with a room, in a request that writes."""
    with app.app_context():
        venue_id = make_venue(state="working").id
        make_zone(venue_id)
        make_user()
        db.session.remove()
    app.config["WTF_CSRF_ENABLED"], kept = False, app.config["WTF_CSRF_ENABLED"]
    try:
        with app.test_request_context(method="POST"):
            yield db.session.get_one(Venue, venue_id)
            db.session.remove()
    finally:
        app.config["WTF_CSRF_ENABLED"] = kept


def form(venue: Venue, records: tuple[str, ...] = (), **sent: Any) -> EntryForm:
    """The form as somebody filled it in; a pushing, just now."""
    values = {"once": token_hex(16), "kinds": ["violence.pushing"], "when": "now"} | sent
    return EntryForm(venue, records, formdata=MultiDict(values))


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


def on(day: date, time: str, **more: Any) -> dict[str, Any]:
    """Another night, as the form sends it."""
    parts = {f"other_on-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    return {"when": "other", "other_at": time, **parts, **more}


def problems(filled: EntryForm) -> dict[str | None, str]:
    """What is wrong with a form, by where it says so."""
    assert not filled.validate()
    return {each.target: each.words for each in filled.problems()}


LATE = at(2026, 11, 21, 1, 30)  # a Saturday morning, of Friday's night


@pytest.mark.parametrize(
    ("now", "typed", "wall", "night"),
    [
        (LATE, "2340", "2026-11-20T23:40", 20),
        (LATE, "0115", "2026-11-21T01:15", 20),
        (LATE, "1.15", "2026-11-21T01:15", 20),
        (at(2026, 11, 21, 6, 30), "0230", "2026-11-21T02:30", 20),
        (at(2026, 11, 21, 6, 30), "2330", "2026-11-20T23:30", 20),
        (at(2026, 11, 21, 10, 0), "0830", "2026-11-21T08:30", 21),
        (at(2026, 11, 21, 23, 0), "2100", "2026-11-21T21:00", 21),
    ],
)
def test_earlier_tonight(venue: Venue, now: datetime, typed: str, wall: str, night: int):
    with clock.moved_to(now):
        found = form(venue, when="tonight", tonight_at=typed, is_around="y").happened()
    assert (found.facts["happened_wall"], found.night.day) == (wall, night)
    assert found.is_around


def test_just_now_is_the_minute_of_saving(venue: Venue):
    with clock.moved_to(LATE + timedelta(seconds=40)):
        found = form(venue).happened()
    assert (found.at, found.night) == (LATE, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"when": ""}, "when"),
        ({"when": "tonight"}, "tonight_at"),
        ({"when": "tonight", "tonight_at": "2460"}, "tonight_at"),
        ({"when": "tonight", "tonight_at": "0200"}, "tonight_at"),  # still to come
        ({"tonight_at": "2340"}, "when"),  # two answers
        ({"when": "other", "other_at": "2340"}, "other_on-day"),
        (on(date(2026, 11, 19), ""), "other_at"),
        (on(date(2026, 11, 22), "0100"), "other_at"),  # still to come
        (on(date(2025, 11, 1), "0100"), "other_at"),  # over a year ago
        ({"kinds": []}, "kinds"),
    ],
)
def test_a_refusal_stands_beside_its_field(venue: Venue, sent: dict[str, Any], field: str):
    with clock.moved_to(LATE):
        assert field in problems(form(venue, **sent))


def test_the_hour_that_was_twice_is_asked_about_and_only_that(venue: Venue):
    with clock.moved_to(at(2026, 10, 25, 3, 0)):
        asked = problems(form(venue, when="tonight", tonight_at="0130"))
        assert "there twice" in asked["fold"]
        first, second = (
            form(venue, when="tonight", tonight_at="0130", fold=fold).happened() for fold in "01"
        )
        plain = form(venue, when="tonight", tonight_at="0030", fold="1").happened()
    assert (first.at, second.at) == (at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30))
    assert first.night == second.night == date(2026, 10, 24)
    assert (first.fold, second.fold, plain.fold) == (0, 1, 0)


@pytest.mark.parametrize("when", ["tonight", "other"])
def test_a_time_that_never_was_is_refused_in_words(venue: Venue, when: str):
    sent = on(date(2026, 3, 29), "0130") | {"when": when, "tonight_at": "0130"}
    if when == "other":
        sent.pop("tonight_at")
    with clock.moved_to(at(2026, 3, 29, 3, 0)):
        [said] = problems(form(venue, **sent)).values()
    assert "no 01:30. Did you mean 00:30 or 02:30" in said


def test_a_token_of_another_kind_is_replaced(venue: Venue):
    assert forms.is_once(form(venue, once="' OR 1=1").token)
    mine = token_hex(16)
    assert form(venue, once=mine).token == mine


def test_what_is_hidden_again_is_not_said(venue: Venue):
    found = form(venue, acted="me", acted_who="Joe", because="no need").written()
    assert (found.acted_who, found.because) == ("", "")


_KINDS = [key for key, kind in words.kinds().items() if kind.offered]
_DEEDS = [key for key, act in words.words().actions.items() if not act.because]
_LETTERS = st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_categories=("C", "Z"))
_TEXT = st.text(_LETTERS, max_size=60)


def _some(of: Any, most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(of)), unique=True, max_size=most)


_ANSWERS = st.fixed_dictionaries(
    {
        "kinds": st.lists(st.sampled_from(_KINDS), unique=True, min_size=1, max_size=4),
        "zone": st.sampled_from(["", "1"]),
        "said": _TEXT,
        "actions": _some(_DEEDS),
        "acted": st.sampled_from(["me", "other"]),
        "acted_who": _TEXT,
        "relation": st.sampled_from(["", *Relation]),
        "known_by": st.sampled_from(["", *KnownBy]),
        "wish": _some(Wish),
        "who_left": st.sampled_from(["", *WhoLeft]),
        "cctv": st.sampled_from([Cctv.UNKNOWN, Cctv.NO, Cctv.WANTED]),
        "camera": _TEXT,
        "severity": st.sampled_from(["", "1", "2", "3", "4"]),
        "licence_refused_count": st.sampled_from(["", "0", "3", "9999"]),
        "licence_visit_officer": _TEXT,
    }
)


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(sent=_ANSWERS)
def test_whatever_is_answered_is_saved_and_read_back_the_same(venue: Venue, sent: dict[str, Any]):
    db.session.rollback()
    lock(CITY, 1)
    here = db.session.get_one(Venue, 1)
    filled = form(here, ("refusals", "visits"), **sent)
    assert filled.validate(), filled.errors
    written = filled.written()
    entry = service.write(here, written, Writer(Team.FLOOR, user_id=1), once=filled.token)
    db.session.flush()
    assert set(entry.kinds) == set(sent["kinds"])
    for name in ("relation", "known_by", "who_left"):
        assert getattr(entry, name) == (sent[name] or None)
    assert (entry.actions, entry.wish, entry.cctv) == (sent["actions"], sent["wish"], sent["cctv"])
    assert entry.zone_id == (int(sent["zone"]) if sent["zone"] else None)
    count = sent["licence_refused_count"]
    assert entry.licence == ({"refused-count": int(count)} if count else {})
    assert (entry.book == CITY) == written.is_restricted
    [line] = reading.lines(entry, with_words=True)
    expected = {
        "said": written.said,
        "camera": written.camera,
        "acted_who": written.acted_who,
        "licence.visit-officer": written.licence_words.get("visit-officer", ""),
    }
    assert line.words == {name: text for name, text in expected.items() if text}
    db.session.rollback()
