"""Typed text: one normal form, refusals in words, and never a crash."""

import re
import unicodedata
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.core import text

ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=300)


def test_a_line_is_trimmed_and_its_spaces_made_single() -> None:
    assert text.clean_line("  The \t Lantern\u00a0 \n Bar ") == "The Lantern Bar"


def test_letters_are_stored_in_one_form_however_they_were_typed() -> None:
    typed = unicodedata.normalize("NFD", "Café Ŵyn")
    assert text.clean_line(typed) == "Café Ŵyn"


@pytest.mark.parametrize("kept", ["مرحبا بكم", "Łódź", "👩🏽‍🤝‍👩🏻 ok", "a\u200fb", "Zoë & Søn"])
def test_what_people_really_write_is_kept(kept: str) -> None:
    assert text.clean_line(kept) == kept


@pytest.mark.parametrize("hidden", ["\x00", "\x07", "\x1b", "\x85", "\ud800", "\u202e", "\u2066"])
def test_hidden_characters_are_refused_in_words(hidden: str) -> None:
    with pytest.raises(ValueError, match=r"Name has hidden characters in it\. Type it again"):
        text.clean_line(f"a{hidden}b", name="Name")


def test_the_limit_is_told_and_holds_after_trimming() -> None:
    assert text.clean("  " + "x" * 10 + "  ", 10) == "x" * 10
    with pytest.raises(ValueError, match=r"Notes must be 4,000 characters or fewer"):
        text.clean("x" * 4001, 4000, "Notes")
    with pytest.raises(ValueError, match="10 characters or fewer"):
        text.clean("x" * 1_000_000, 10)


def test_line_ends_are_one_kind() -> None:
    assert text.clean("a\r\nb\rc\n", 100) == "a\nb\nc"


# What leaves no mark: a text of nothing else is no answer.
UNSEEN = {"Cf", "Zs", "Zl", "Zp", "Cc"}


@given(ANYTHING)
def test_any_text_is_taken_in_normal_form_or_refused_in_words(typed: str) -> None:
    try:
        kept = text.clean(typed, 200)
    except ValueError as refusal:
        kept, seen = str(refusal), [typed]
    else:
        seen = [each for each in typed if unicodedata.category(each) not in UNSEEN]
    kept.encode("utf-8")
    assert kept == text.clean(kept, 200)
    assert bool(kept) == bool(seen)
    assert unicodedata.is_normalized("NFC", kept)


@given(ANYTHING)
def test_refused_text_can_be_shown_again(typed: str) -> None:
    shown = text.showable(typed)
    shown.encode("utf-8")
    assert "\x00" not in shown
    assert len(shown) == len(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Sam@EXAMPLE.com", "Sam@example.com"),
        ("sam+night@demo.test", "sam+night@demo.test"),
        ("sam@exämple.org", "sam@exämple.org"),
    ],
)
def test_an_email_address_is_put_in_its_normal_form(typed: str, kept: str) -> None:
    assert text.email(typed) == kept


@pytest.mark.parametrize("typed", ["sam", "sam@", "@example.com", "a b@example.com", "a@b"])
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"like name@example\.com"):
        text.email(typed)


@pytest.mark.parametrize(
    "typed",
    ["020 7946 0000", "+44 (0)20 7946-0000", "02079460000", "020.7946.0000", "01632 960001 ext 12"],
)
def test_a_phone_number_is_taken_as_written(typed: str) -> None:
    assert text.phone(typed) == typed


@pytest.mark.parametrize("typed", ["12345", "ring the bar", "020 7946 0000;ls", "0" * 22])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="like 020 7946 0000"):
        text.phone(typed)


@given(st.text(alphabet="0123456789 +().-extX;a", max_size=40))
def test_a_phone_number_is_judged_in_a_moment(typed: str) -> None:
    try:
        kept = text.phone(typed)
    except ValueError:
        return
    assert 7 <= len(re.findall("[0-9]", kept)) <= 21


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("aa31ab", "AA3 1AB"),
        (" AA3  1AB ", "AA3 1AB"),
        ("m1 1aa", "M1 1AA"),
        ("EC1A1BB", "EC1A 1BB"),
    ],
)
def test_a_postcode_in_any_spacing_is_written_in_one(typed: str, kept: str) -> None:
    assert text.postcode(typed) == kept


@pytest.mark.parametrize("typed", ["", "AA3", "12345", "AAA1 1AA", "AA3 1ABC"])
def test_half_a_postcode_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="like AA3 1AB"):
        text.postcode(typed)


def test_a_password_is_never_trimmed_and_is_in_one_form() -> None:
    assert text.password("  caf\u0065\u0301 ") == "  caf\u00e9 "
    with pytest.raises(ValueError, match="200 characters or fewer"):
        text.password("x" * 201)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("18:00", time(18)), ("18.30", time(18, 30)), ("1800", time(18)), ("9:05", time(9, 5)),
        ("6pm", time(18)), ("6:30 pm", time(18, 30)), ("12am", time(0)), ("12 p.m.", time(12)),
        ("00:15", time(0, 15)), (" 7 PM ", time(19)),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed: str, read: time) -> None:
    assert text.clock_time(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "6", "25:00", "18:75", "13pm", "0am", "six", "\u0661\u0668:00"]
)
def test_what_is_no_time_is_answered_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match=r"like 18:30"):
        text.clock_time(typed)
