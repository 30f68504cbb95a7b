"""Who moves up, which code counts, what is near, and the calendar file."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from charter.sessions import rules
from charter.sessions.invites import Invite, calendar
from charter.sessions.rules import BookingState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
B, W, C = BookingState.BOOKED, BookingState.WAITING, BookingState.CANCELLED


@dataclass(eq=False)
class Standing:
    """A booking as the rules see it."""

    state: str


def a_line(*states: BookingState) -> list[Standing]:
    return [Standing(state) for state in states]


@pytest.mark.parametrize(
    ("states", "places", "moved"),
    [
        ((B, B, W, W), 2, []),
        ((B, C, W, W), 2, [2]),
        ((C, C, W, W, W), 2, [2, 3]),
        ((W, B, W), 5, [0, 2]),
        ((B, B, B, W), 2, []),  # more have a place than there are: nobody moves, nothing breaks
        ((), 3, []),
    ],
)
def test_whoever_was_booked_first_moves_up(
    states: tuple[BookingState, ...], places: int, moved: list[int]
) -> None:
    line = a_line(*states)
    found = rules.moving_up(line, places)
    assert [next(n for n, each in enumerate(line) if each is who) for who in found] == moved


@given(st.lists(st.sampled_from((B, W, C)), max_size=30), st.integers(1, 20))
def test_moving_up_fills_the_places_and_never_more(states: list[BookingState], places: int) -> None:
    line = a_line(*states)
    before = len(rules.in_state(line, B))
    for each in rules.moving_up(line, places):
        each.state = B
    after = len(rules.in_state(line, B))
    assert after <= max(before, places)
    assert after == places or not rules.in_state(line, W) or before >= places


def test_a_place_in_the_line_leaves_out_whoever_was_taken_off() -> None:
    line = a_line(B, W, C, W)
    assert rules.places_in_line(line) == [(line[1], 1), (line[3], 2)]
    assert [rules.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


def test_the_code_of_this_minute_and_the_one_before_count() -> None:
    codes = {rules.minute_of(NOON) + n: f"{n + 5:08}" for n in range(-3, 2)}

    def taken(typed: str, at: datetime) -> bool:
        return rules.is_one_of(typed, [codes[each] for each in rules.minutes_that_count(at)])

    late = NOON + timedelta(seconds=59)
    assert taken("00000005", NOON)
    assert taken("0000 0004", late)
    assert taken("0000-0005", late)
    for wrong in ("00000003", "00000006", "000005", "", "5", "\u0660" * 7 + "\u0665", "\ud800"):
        assert not taken(wrong, late)
    assert rules.code_of(b"\xff" * 32) == f"{(2**64 - 1) % 100_000_000:08}"
    assert rules.code_of(bytes(32)) == "00000000"


def test_phones_check_in_from_half_an_hour_before_to_two_hours_after() -> None:
    def opened(minutes: int) -> bool:
        return rules.is_open(NOON, 60, NOON + timedelta(minutes=minutes))

    assert [opened(n) for n in (-31, -30, 0, 60, 180, 181)] == [
        False, True, True, True, True, False,
    ]  # fmt: skip


def test_the_screen_renews_itself_just_after_the_minute_and_never_at_once() -> None:
    seconds = [rules.renew_in(NOON + timedelta(seconds=n)) for n in (0, 30, 51, 58, 59)]
    assert seconds == [61, 31, 10, 10, 10]


@pytest.mark.parametrize(
    ("days", "booked_before", "which"),
    [(8, 30, None), (7, 30, "week"), (3, 30, "week"), (3, 5, None), (2, 8, "week"),
     (1, 0, "day"), (0, 0, "day"), (-1, 30, None)],
)  # fmt: skip
def test_which_reminder_is_due(days: int, booked_before: int, which: str | None) -> None:
    starts = date(2026, 11, 20)
    booked = starts - timedelta(days=booked_before)
    assert rules.near(starts, booked, starts - timedelta(days=days)) == which


def test_only_https_is_a_link() -> None:
    assert rules.is_link("https://meet.example/room?x=1")
    for wrong in (
        "http://a.example",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "https://ä",
    ):
        assert not rules.is_link(wrong)


INVITE = Invite(
    key="session-7@charter.example",
    title="Respond; for door teams, in a room: training",
    starts_at=datetime(2026, 7, 3, 17, 30, tzinfo=UTC),
    minutes=60,
    place="1 Quay Street\r\nBEGIN:VEVENT, Testbury",
    about="Hörschleife, für alle " * 12 + "\nhttps://charter.example/venues/1/sessions/7",
    page="https://charter.example/venues/1/sessions/7",
    maker="Night Safety Charter",
    made_at=NOON - timedelta(days=1),
)


def test_the_calendar_file_is_one_event_in_utc_folded_and_escaped() -> None:
    data = calendar(INVITE, NOON)
    lines = data.split(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    assert b"DTSTART:20260703T173000Z" in lines
    assert b"DTEND:20260703T183000Z" in lines
    assert b"DTSTAMP:20261120T120000Z" in lines
    assert lines.count(b"BEGIN:VEVENT") == 1
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert event["summary"] == INVITE.title
    assert event["uid"] == INVITE.key
    assert event["status"] == "CONFIRMED"
    assert str(event["description"]) == INVITE.about
    assert "BEGIN:VEVENT" in str(event["location"])


def test_a_cancelled_session_takes_its_entry_out_of_the_calendar() -> None:
    (event,) = Calendar.from_ical(calendar(replace(INVITE, cancelled=True), NOON)).walk("VEVENT")
    assert (event["status"], event["uid"]) == ("CANCELLED", INVITE.key)


def test_a_calendar_takes_the_file_that_was_made_later() -> None:
    def sequence(at: datetime) -> int:
        (event,) = Calendar.from_ical(calendar(INVITE, at)).walk("VEVENT")
        return int(str(event["sequence"]))

    assert 0 < sequence(NOON) < sequence(NOON + timedelta(seconds=1))
    assert sequence(INVITE.made_at - timedelta(hours=1)) == 0  # the machine's clock was set back
