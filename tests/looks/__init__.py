"""A style page for each layout, with every part in it: rendered for tests and to be looked at.

`python -m tests.looks FOLDER` writes them as files, with the static files beside them.
"""

from pathlib import Path
from typing import Any

from flask import Flask, render_template
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import MultiDict

from charter.core.dateparts import DateParts
from charter.core.fields import (
    Choice,
    Choices,
    EmailField,
    Form,
    Menu,
    Password,
    PhoneField,
    Postcode,
    QueryForm,
    TextArea,
    TextLine,
    Tick,
    UploadField,
    YesNo,
)

HERE = Path(__file__).parent
CHARTER = HERE.parent.parent / "charter"
CITY = {
    "service_name": "Night Safety Charter",
    "city_name": "Testbury",
    "office_name": "the night office",
    "office_email": "office@charter.example",
    "office_phone": "01632 960 001",
}
KINDS = [("pub", "Pub or bar"), ("club", "Nightclub"), ("hotel", "Hotel")]
WRONG = {"mail": "name at example", "held_on-day": "31", "held_on-month": "2", "held_on-year": "26"}
IMPORTS = "".join(
    f'{{% import "macros/{name}.html" as {name} %}}'
    for name in ("forms", "page", "tables", "badges")
)
PAGES = ("kitchen", "end", "question", "door", "sheet")


class Everything(Form):
    """A form with a field of every kind."""

    name = TextLine("Your full name", missing="Enter your full name", description="As on your ID")
    mail = EmailField(missing="Enter your e-mail address")
    phone = PhoneField()
    postcode = Postcode(missing="Enter the postcode")
    people = TextLine("How many work here?", missing="Enter how many people work here")
    password = Password("Choose a password", is_new=True, description="12 characters or more")
    held_on = DateParts(
        "When did the training happen?",
        description="Like 20 11 2026",
        missing="Enter the date the training happened, like 20 11 2026",
    )
    is_open = YesNo("Are you open now?", missing="Say whether you are open now")
    kind = Choice("What kind of venue is it?", choices=KINDS, missing="Choose the kind of venue")
    zones = Choices(
        "Which of these do you have?",
        choices=[("bar", "A bar"), ("toilets", "Toilets"), ("cloakroom", "A cloakroom")],
        missing="Choose at least one",
        description="Choose all that you have",
    )
    area = Menu("Area", choices=[("", "Choose an area"), ("old", "Old town"), ("quay", "Quay")])
    story = TextArea("What happened next?", limit=500, description="Do not name anybody")
    proof = UploadField(
        "Photo or PDF", missing="Choose a photo or a PDF", description="JPEG, PNG, WebP or PDF"
    )
    agree = Tick("I am the licence holder", missing="Tick the box if you are the licence holder")


class Find(QueryForm):
    """A filter bar."""

    words = TextLine("Name or postcode")
    state = Menu("Where it stands", choices=[("", "Any"), ("certified", "Certified")], missing=None)
    sort_of_venue = Menu("Kind of venue", choices=[("", "Any"), *KINDS], missing=None)


class OneQuestion(Form):
    """A page that asks one thing."""

    kind = Choice("What kind of venue is it?", choices=KINDS, missing="Choose the kind of venue")


class AtTheDoor(Form):
    """What the door asks."""

    proof = UploadField("The PDF you were given", missing="Choose the PDF you were given")
    is_open = YesNo("Are you there now?", missing="Say whether you are there now")


FORMS: dict[str, type[Form]] = {"question": OneQuestion, "door": AtTheDoor}


def make_app() -> Flask:
    """An application with our templates and nothing else: no database, no routes."""
    app = Flask("looks", static_folder=str(CHARTER / "static"))
    app.config["SECRET_KEY"] = "looks" * 8
    app.config["WTF_CSRF_ENABLED"] = False
    app.jinja_env.loader = ChoiceLoader(
        [FileSystemLoader(CHARTER / "templates"), FileSystemLoader(HERE)]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    return app


LOOKS = make_app()


def furniture(**changes: Any) -> dict[str, Any]:
    """What the application gives to every template, for a signed-in person of an invented city."""
    return {
        "city": CITY,
        "nav": [("Home", "/", True), ("Venues", "/venues", False), ("Review", "/review", False)],
        "me": {"name": "Sam Doe"},
        "demo": True,
        "footer_links": [("Privacy", "/privacy"), ("Accessibility", "/a11y"), ("Help", "/help")],
        "static_url": lambda path: f"/static/{path}",
        **changes,
    }


def render(name: str, typed: dict[str, str] | None = None, **changes: Any) -> str:
    """One style page; `typed` is what was posted, so an empty dict shows every error."""
    with LOOKS.test_request_context(method="GET" if typed is None else "POST"):
        kind = FORMS.get(name, Everything)
        if typed is None:
            form = kind(formdata=None)
        else:
            form = kind(formdata=MultiDict({"sent": "1", **typed}))
            form.validate()
        return render_template(f"{name}.html", form=form, find=Find(), **furniture(**changes))
