"""Form fields: what was typed or a refusal in words, kept, in the order of the page."""

from datetime import date
from io import BytesIO

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import FieldList, FormField
from wtforms.form import BaseForm

from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import (
    Choice,
    Choices,
    EmailField,
    Form,
    Menu,
    Password,
    PhoneField,
    Postcode,
    Problem,
    QueryForm,
    TextArea,
    TextLine,
    Tick,
    UploadField,
    YesNo,
)

PAIRS = [("a", "An apple"), ("b", "A pear")]


class Sample(Form):
    """One of each."""

    name = TextLine("Name", missing="Enter your name", limit=20)
    note = TextArea("Note", limit=30)
    mail = EmailField()
    phone = PhoneField()
    postcode = Postcode()
    password = Password(missing=None)
    when = DateParts("When", missing="Enter the date the training happened, like 20 11 2026")
    is_open = YesNo("Open?", missing=None)
    one = Choice("One", choices=PAIRS, missing=None)
    menu = Menu("Menu", choices=[("", "Choose"), (1, "First"), (2, "Second")], coerce=int)
    some = Choices("Some", choices=PAIRS)
    agree = Tick("Agree", missing="Tick the box to agree")
    proof = UploadField("Proof", missing="Choose a file")


GOOD = {
    "name": "Sam",
    "when-day": "20",
    "when-month": "11",
    "when-year": "2026",
    "menu": "2",
    "agree": "y",
    "proof": FileStorage(BytesIO(b"x"), filename="a.pdf"),
}


@pytest.fixture(scope="module")
def app() -> Flask:
    """A Flask with no token in its forms."""
    made = Flask("fields")
    made.config.update(SECRET_KEY="fields" * 6, WTF_CSRF_ENABLED=False)
    return made


def filled(app: Flask, **typed: object) -> Sample:
    """The sample form as posted and validated; None leaves a field out."""
    posted = {name: value for name, value in {**GOOD, **typed}.items() if value is not None}
    with app.test_request_context(method="POST"):
        form = Sample(formdata=MultiDict(posted))
        form.validate()
    return form


def test_a_good_form_gives_clean_values(app: Flask) -> None:
    form = filled(
        app,
        name="  Sam   Doe ",
        mail="Sam@EXAMPLE.com",
        postcode="aa31ab",
        is_open="no",
        one="b",
        some="a",
    )
    assert form.problems() == []
    assert (form.name.data, form.mail.data) == ("Sam Doe", "Sam@example.com")
    assert (form.postcode.data, form.when.data) == ("AA3 1AB", date(2026, 11, 20))
    assert (form.is_open.data, form.one.data, form.menu.data) == (False, "b", 2)
    assert (form.some.data, form.agree.data) == (["a"], True)


def test_what_is_missing_is_asked_for_in_the_order_of_the_page(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        form = Sample(formdata=MultiDict({"name": " "}))
        form.validate()
    assert form.problems() == [
        Problem("Enter your name", "name"),
        Problem("Enter the date the training happened, like 20 11 2026", "when-day"),
        Problem("Choose one of the options", "menu"),
        Problem("Tick the box to agree", "agree"),
        Problem("Choose a file", "proof"),
    ]


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "x" * 21, "Name must be 20 characters or fewer"),
        ("note", "y" * 31, "Note must be 30 characters or fewer"),
        ("name", "a\x00b", "Name has hidden characters in it. Type it again, do not paste it"),
        ("name", "a\ud800", "Name has hidden characters in it. Type it again, do not paste it"),
        ("mail", "sam", "Enter an e-mail address, like name@example.com"),
        ("phone", "123", "Enter a phone number, like 020 7946 0000"),
        ("postcode", "AA3", "Enter a full postcode, like AA3 1AB"),
        ("password", "p" * 201, "Password must be 200 characters or fewer"),
        ("one", "c", "Choose one of the options shown"),
        ("menu", "9", "Choose one of the options shown"),
        ("menu", "nine", "Choose one of the options shown"),
        ("menu", "", "Choose one of the options"),
        ("some", "c", "Choose one of the options shown"),
    ],
)
def test_a_wrong_answer_is_refused_once_in_words(
    app: Flask, field: str, typed: str, words: str
) -> None:
    form = filled(app, **{field: typed})
    assert form.problems() == [Problem(words, field)]


def test_what_was_typed_is_kept_so_that_it_can_be_mended(app: Flask) -> None:
    form = filled(app, name="x" * 21, mail="sam at home", note="a\ud800")
    assert form.name._value() == "x" * 21
    assert form.mail._value() == "sam at home"
    assert form.note._value() == "a\N{REPLACEMENT CHARACTER}"


def test_what_may_be_left_out_may_be_left_out(app: Flask) -> None:
    form = filled(app)
    assert form.problems() == []
    assert (form.is_open.data, form.one.data, form.some.data) == (None, None, [])


@pytest.mark.parametrize(
    ("day", "month", "year", "words", "wrong"),
    [
        ("31", "2", "2026", "That month has no such day. Check the date", "day"),
        ("29", "2", "2025", "That month has no such day. Check the date", "day"),
        ("20", "", "2026", "Enter the month too, like 20 11 2026", "month"),
        ("", "", "2026", "Enter the day and the month too, like 20 11 2026", "day"),
        ("20", "11", "26", "Enter the year in 4 numbers, like 2026", "year"),
        ("20", "11", "1899", "Enter the year in 4 numbers, like 2026", "year"),
        ("20", "Nonsense", "2026", "Enter the month as a number, like 11", "month"),
        ("²", "11", "2026", "Enter the day as a number, like 20", "day"),
        ("-1", "11", "2026", "Enter the day as a number, like 20", "day"),
        ("9" * 5000, "11", "2026", "Enter the day as a number, like 20", "day"),
    ],
)
def test_a_date_that_is_none_is_refused_where_it_is_wrong(
    app: Flask, day: str, month: str, year: str, words: str, wrong: str
) -> None:
    form = filled(app, **{"when-day": day, "when-month": month, "when-year": year})
    assert form.problems() == [Problem(words, f"when-{wrong}")]
    assert form.when.data is None
    assert [part.typed for part in form.when.parts] == [day[:20], month[:20], year[:20]]


@pytest.mark.parametrize("month", ["11", "November", "nov", " NOV "])
def test_a_month_may_be_typed_as_a_word(app: Flask, month: str) -> None:
    assert filled(app, **{"when-month": month}).when.data == date(2026, 11, 20)


def test_doubled_and_surplus_parts_of_a_date_do_no_harm(app: Flask) -> None:
    posted = [(name, value) for name, value in GOOD.items()]
    posted += [("when-day", "21"), ("when", "2026-11-20"), ("when-hour", "3")]
    with app.test_request_context(method="POST"):
        form = Sample(formdata=MultiDict(posted))
        form.validate()
    assert form.when.data == date(2026, 11, 20)


@given(st.lists(st.text(max_size=8), min_size=3, max_size=3))
def test_no_typed_date_crashes(parts: list[str]) -> None:
    field = DateParts("When").bind(BaseForm({}), "when")
    field.process(MultiDict(zip(("when-day", "when-month", "when-year"), parts, strict=True)))
    assert (field.data is None) or isinstance(field.data, date)
    assert field.error_id.startswith("when-")
    assert len(field.parts) == 3


def test_a_date_already_known_is_shown_in_its_parts(app: Flask) -> None:
    with app.test_request_context():
        form = Sample(formdata=None, data={"when": date(2026, 3, 1)})
    assert [part.typed for part in form.when.parts] == ["1", "3", "2026"]


def test_a_yes_already_known_is_shown(app: Flask) -> None:
    with app.test_request_context():
        form = Sample(formdata=None, data={"is_open": False})
    chosen = [value for value, _label, is_chosen, _more in form.is_open.iter_choices() if is_chosen]
    assert chosen == ["no"]


def test_what_was_not_sent_was_not_chosen_whatever_stands_there_by_now(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        known = {"one": "b", "is_open": True}
        form = Sample(formdata=MultiDict({"name": "Somebody"}), data=known)
    assert (form.one.data, form.is_open.data) == (None, None)


def test_options_given_later_count(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        form = Sample(formdata=MultiDict({**GOOD, "one": "z"}))
        form.one.choices = [("z", "Zebra")]
        form.validate()
    assert form.problems() == []


def test_a_refusal_by_a_service_stands_where_it_belongs(app: Flask) -> None:
    form = filled(app)
    form.refuse(Refused("This name is taken", field="name"))
    form.refuse(Refused("Somebody else was faster"))
    form.refuse(Refused("Of no field here", field="elsewhere"))
    assert form.problems() == [
        Problem("Somebody else was faster", None),
        Problem("Of no field here", None),
        Problem("This name is taken", "name"),
    ]


def test_a_refused_date_leads_to_its_first_part(app: Flask) -> None:
    form = filled(app)
    form.refuse(Refused("This date is in the future", field="when"))
    assert form.problems() == [Problem("This date is in the future", "when-day")]
    assert all(part.is_wrong for part in form.when.parts)


def test_the_summary_reaches_into_forms_within_a_form(app: Flask) -> None:
    class Person(Form):
        name = TextLine("Name", missing="Enter the name")

    class Team(Form):
        lead = FormField(Person)
        others = FieldList(FormField(Person))

    with app.test_request_context(method="POST"):
        form = Team(formdata=MultiDict({"lead-name": "", "others-0-name": ""}))
        form.validate()
    assert form.problems() == [
        Problem("Enter the name", "lead-name"),
        Problem("Enter the name", "others-0-name"),
    ]


def test_a_form_in_the_address_needs_no_token(app: Flask) -> None:
    class Find(QueryForm):
        words = TextLine("Name or postcode")
        state = Menu("State", choices=[("", "Any"), ("left", "Left")], missing=None)

    app.config["WTF_CSRF_ENABLED"] = True
    with app.test_request_context("/?words=+lantern&state=left"):
        form = Find()
        assert form.validate()
        assert (form.words.data, form.state.data) == ("lantern", "left")
        assert "csrf_token" not in form
    app.config["WTF_CSRF_ENABLED"] = False


def test_a_file_field_asks_phones_for_pictures_they_can_convert(app: Flask) -> None:
    with app.test_request_context():
        form = Sample(formdata=None)
    assert form.proof.render_kw == {"accept": "image/jpeg,image/png,image/webp,application/pdf"}
