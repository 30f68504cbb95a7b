"""Our macros where no fixture speaks: what ports get wrong, states, escaping, whole pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import render_template_string
from jinja2 import UndefinedError
from werkzeug.datastructures import MultiDict

from charter.core.errors import Refused
from tests.looks import IMPORTS, LOOKS, PAGES, WRONG, Everything, render
from tests.page import inspect, text_of


@pytest.fixture(autouse=True)
def _in_a_request() -> Iterator[None]:
    """Templates and nothing else."""
    with LOOKS.test_request_context():
        yield


def show(template: str, **values: Any) -> str:
    """One piece of template with every macro at hand."""
    return render_template_string(IMPORTS + template, **values)


def test_a_question_keeps_its_words_when_its_size_is_given() -> None:
    # A port loses the legend's words as soon as its class is set; no scanner notices.
    field = Everything(formdata=None).kind
    html = show("{{ forms.field(field, size='l') }}", field=field)
    assert "govuk-fieldset__legend--l" in html
    assert "What kind of venue is it?</legend>" in html


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"held_on": "2026-11-20"},
        {"held_on-day": "20"},
        {"held_on-day": "20", "held_on-month": "11"},
        {"held_on-day": "20", "held_on-month": "11", "held_on-year": "26", "held_on-hour": "1"},
    ],
)
def test_a_date_with_missing_or_surplus_parts_is_asked_for_again(posted: dict[str, str]) -> None:
    # A port answers 500 when there are not exactly three values.
    form = Everything(formdata=MultiDict({"sent": "1", **posted}))
    assert not form.validate()
    html = show("{{ forms.field(field) }}", field=form.held_on)
    assert html.count("govuk-date-input__input") == 3
    assert form.held_on.errors[0] in html


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        (("", "", ""), "day"),
        (("20", "", "2026"), "month"),
        (("20", "13", "2026"), "month"),
        (("20", "11", "26"), "year"),
        (("31", "2", "2026"), "day"),
    ],
)
def test_the_summary_goes_to_the_part_of_a_date_that_is_wrong(
    typed: tuple[str, str, str], target: str
) -> None:
    # A port's link goes to the group, where nothing can be typed.
    day, month, year = typed
    posted = {"held_on-day": day, "held_on-month": month, "held_on-year": year}
    page = inspect(render("kitchen", posted))
    link = page.link(str(_date_error(posted)))
    assert link == f"#held_on-{target}"
    (part,) = [e for e in page.all("input") if e.get("id") == link[1:]]
    assert "govuk-input--error" in part.get("class", "")


def _date_error(posted: dict[str, str]) -> str:
    form = Everything(formdata=MultiDict({"sent": "1", **posted}))
    form.validate()
    return str(form.held_on.errors[0])


def test_options_without_a_hint_print_no_empty_one() -> None:
    # A port prints an empty hint, which a screen reader reads as nothing.
    field = Everything(formdata=None).kind
    html = show("{{ forms.field(field) }}", field=field)
    assert "govuk-hint" not in html
    assert "aria-describedby" not in html


@pytest.mark.parametrize("typed", [None, WRONG], ids=["plain", "with errors"])
@pytest.mark.parametrize("name", PAGES)
def test_every_layout_with_every_part_passes_the_inspection(
    name: str, typed: dict[str, str] | None
) -> None:
    page = inspect(render(name, typed))
    has_summary = bool(page.all("div", "govuk-error-summary"))
    assert page.title.startswith("Error: ") == (typed is not None and name != "sheet")
    assert has_summary == (typed is not None and name in ("kitchen", "question", "door"))


def test_a_badge_says_its_state_in_words_whatever_joins_them() -> None:
    html = show("{{ badges.badge('venue', 'working_towards') }}{{ badges.words('venue', 'left') }}")
    assert "Working towards</strong>Left" in html


def test_an_unknown_state_is_an_error_and_no_blank() -> None:
    with pytest.raises(UndefinedError):
        show("{{ badges.badge('venue', 'asleep') }}")


def test_no_two_states_of_a_kind_look_alike() -> None:
    vocabulary = LOOKS.jinja_env.get_template("macros/badges.html").module.vocabulary
    for kind, states in vocabulary.items():
        shapes = [shape for shape, _tone, _word in states.values()]
        assert len(set(shapes)) == len(shapes), kind


def test_marks_in_a_row_read_as_words() -> None:
    page = inspect(render("kitchen"))
    assert page.mark_words[:3] == [
        "1 Leadership: met",
        "2 Campaign: partly met",
        "3 Reporting: not met",
    ]


def test_a_column_says_how_it_is_sorted() -> None:
    page = inspect(render("kitchen"))
    order = {text_of(th): th.get("aria-sort") for th in page.all("th") if th.get("aria-sort")}
    assert order == {"Venue": "ascending", "Kind": "none"}


def test_words_typed_by_a_person_stay_words() -> None:
    nasty = "<script>alert(1)</script>\"' onmouseover=x"
    page = inspect(render("kitchen", {"name": nasty, "story": nasty}))
    form = page.form("/save")
    assert (form.fields["name"], form.fields["story"]) == (nasty, nasty)


def test_a_refusal_stands_beside_its_field_and_on_top() -> None:
    form = Everything(formdata=None)
    form.refuse(Refused("This name is taken", field="name"))
    form.refuse(Refused("Somebody else changed this page"))
    html = show("{{ forms.errors(form) }}{{ forms.field(form.name) }}", form=form)
    assert '<li>Somebody else changed this page</li><li><a href="#name">' in html
    assert 'id="name-error"' in html
