"""Whatever people paste, into every field of every form: an answer in words, and nothing lost.

F094, and what F061 leaves: values that no option of a form has, files that are none, fields twice.
"""

import io
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import Engine, MetaData, select, text
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from charter.core import clock
from charter.core.db import db
from charter.core.text import showable
from tests import matrix
from tests.abuse.world import NOBODY, World, made
from tests.builders.accounts import PASSWORD
from tests.engines import SQLITE
from tests.page import PageForm, inspect
from tests.visitor import Visitor

pytestmark = pytest.mark.slow
As = Callable[[int], Visitor]

_LETTERS = {
    "languages": "🌙 الليلة آمنة ١٢٣, ŵyn a llŷn, zażółć gęślą jaźń 👩🏽‍🚒 \U0001d4b2",
    "marks": "Z̷̢̛͉̗̍̆a̸̡̛͖̔͝l̷̨̛̗̏͝g̵̢̛͖̔̽o̶̢̗̍̕͝ " + unicodedata.normalize("NFD", "Café Ångström Zürich"),
    "template": "{{ 7*7 }}{% for x in y %} %s %(a)s {0} ${HOME}",
}
TEXTS = {
    # All at once where there is room, and in lines that are short.
    "letters": " ".join(_LETTERS.values()),
    "languages": _LETTERS["languages"],
    "nothing to see": " \u200b\u2060\u00ad\ufeff \t ",
    "controls": "a\x00b\x01c\x1bd\x7fe\x85f",
    "long": "word " * 2_000,
    "broken bytes": "a\udcff\ud800b",
}
# Tried in make test-long: what is refused, or taken, as one of the others is.
RARE = {
    "lines": "line\r\n" * 3_000,
    "no characters": "a\ufffeb\uffffc\U0001ffff",
    "bidi": "abc\u202edef\u2066ghi",
    "number": "99999999999999999999999999",
}
# What the database itself could stumble over; the rest is tried on one engine only.
TAKEN = ("letters", "controls")
# Whose page has the form, where it is not the first's who may open it.
BY = {
    **dict.fromkeys(("venues.operator", "team.invite", "team.end", "venues.leave"), "manager"),
    "network.notice": "officer",
}
TYPED = ("text", "email", "tel", "url", "search")


@dataclass(frozen=True)
class Sheet:
    """A form on a page, as somebody sees it."""

    person: str
    page: str
    form: PageForm

    @property
    def sent_to(self) -> str:
        """Where it goes."""
        return self.form.action or self.page

    def controls(self) -> Iterator[tuple[str, str, Element]]:
        """Name, type and element of each control that a person fills in."""
        for control in self.form.element.iter():
            name = control.get("name")
            kind = {"textarea": "textarea", "select": "select"}.get(control.tag, "")
            kind = kind or (control.get("type", "text") if control.tag == "input" else "")
            if name and kind and name != "csrf_token":
                yield name, kind, control

    def well_filled(self) -> dict[str, Any]:
        """Answers that are as right as can be."""
        today = clock.now().date()
        found: dict[str, Any] = {}
        for name, kind, control in self.controls():
            if kind in ("radio", "checkbox"):
                found.setdefault(name, control.get("value", "on"))
            elif kind == "select":
                found[name] = next((v for v in self.form.options(name) if v), "")
            elif kind == "file":
                found[name] = (io.BytesIO(b"%PDF-1.4 not much"), "a.pdf")
            elif kind == "password":
                found[name] = PASSWORD
            else:
                found[name] = control.get("value") or _fitting(name, kind, today)
        return found


def _fitting(name: str, kind: str, today: Any) -> str:
    for part in ("day", "month", "year"):
        if name.endswith(f"-{part}"):
            return str(getattr(today, part))
    if kind == "email":
        return "somebody@mail.example"
    return {"postcode": "AA3 1AB", "link": "https://lantern.example/"}.get(name, "Some words here")


@pytest.fixture
def world(app: Flask) -> World:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return made(app)


@pytest.fixture
def visitors(app: Flask, world: World, as_: As) -> dict[str, Visitor]:
    """Everybody's browser; nobody's has a sign-up half filled in."""
    found = {name: as_(user_id) for name, user_id in world.people.items()}
    return {NOBODY: begun(Visitor(app)), **found}


def begun(visitor: Visitor) -> Visitor:
    """A visitor who has answered every step of a sign-up but not sent it."""
    place = {"name": "The Gaslight", "street": "4 Salt Row", "town": "", "postcode": "ZZ9 8ZZ"}
    visitor.post("/sign-up/new-venue", {**place, "kind": "pub"})
    you = {"name": "Bo Carver", "role": "owner", "email": "bo@mail.example", "phone": ""}
    visitor.post("/sign-up/you", you)
    visitor.post("/sign-up/charter", {"may_sign": "y", "signs": "y"})
    visitor.post("/sign-up/champion", {"who": "later"})
    return visitor


def sheets(world: World, visitors: dict[str, Visitor]) -> list[Sheet]:
    """Every form that posts, once for each address it is sent to and set of things it asks."""
    found: dict[Any, Sheet] = {}
    for route in matrix.routes():
        if route.method != "GET" or route.endpoint == "demo.inbox":
            continue
        person = BY.get(route.endpoint, world.who_may(route)[0])
        for url in world.addresses(route):
            answer = visitors[person].answer(url)
            answer.get_data()
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            for form in inspect(answer.text, 200).forms:
                if form.method == "post":
                    sheet = Sheet(person, url, form)
                    asked = frozenset(name for name, _, _ in sheet.controls())
                    found.setdefault((route.endpoint, asked), sheet)
    return list(found.values())


@pytest.fixture
def put_back(app: Flask, visitors: dict[str, Visitor]) -> Callable[[], None]:
    """Makes whatever was written since the test began as if it had never been."""
    with app.app_context():
        db.session.remove()
        is_sqlite = db.engine.dialect.name == "sqlite"
        back = _kept_sqlite(db.engine) if is_sqlite else _kept(db.engine)
        db.engine.dispose()

    def put() -> None:
        with app.app_context():
            db.session.remove()
            back()

    return put


def _kept_sqlite(engine: Engine) -> Callable[[], None]:
    place = Path(make_url(str(engine.url)).database or "")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    copy = place.with_name("kept")
    shutil.copyfile(place, copy)

    def back() -> None:
        engine.dispose()
        for end in ("-wal", "-shm"):
            place.with_name(place.name + end).unlink(missing_ok=True)
        shutil.copyfile(copy, place)

    return back


def _kept(engine: Engine) -> Callable[[], None]:
    """On PostgreSQL every table is copied, and put back in one transaction."""
    names = [table.name for table in db.metadata.sorted_tables]
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS kept"))
        for name in names:
            connection.execute(text(f'DROP TABLE IF EXISTS kept."{name}"'))
            connection.execute(text(f'CREATE TABLE kept."{name}" AS TABLE public."{name}"'))

    def back() -> None:
        quoted = ", ".join(f'public."{name}"' for name in names)
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {quoted}"))
            for table in db.metadata.sorted_tables:
                there = table.to_metadata(MetaData(), schema="kept")
                columns = [column.name for column in table.columns]
                connection.execute(table.insert().from_select(columns, select(there)))

    return back


def send(visitor: Visitor, sheet: Sheet, data: dict[str, Any]) -> TestResponse:
    """Send a form as its page does, as text or with files."""
    hidden = {
        name: control.get("value", "")
        for name, kind, control in sheet.controls()
        if kind == "hidden"
    }
    return visitor.sent(sheet.sent_to, {**hidden, **data})


def kept(answer: TestResponse, typed: str) -> bool:
    """Whether a page that refuses still shows what was typed."""
    composed = unicodedata.normalize("NFC", typed.replace("\r\n", "\n"))
    shown = escape(showable(composed), quote=False)
    if all(unicodedata.category(letter) in ("Cf", "Zs", "Cc") for letter in shown):
        return True  # there is nothing to be lost
    body = answer.text.replace("&#34;", '"').replace("&#39;", "'").replace("\r\n", "\n")
    return shown.strip() in unicodedata.normalize("NFC", body)


def surrogates(words: str) -> str:
    """Words as they come through a browser's form: bytes that are no UTF-8 are replaced."""
    return words.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def try_everything(
    world: World,
    visitors: dict[str, Visitor],
    put_back: Callable[[], None],
    texts: dict[str, str],
) -> list[str]:
    """Every text in every field of every form; what went wrong.

    What a form was taken for is put back; one that was refused has written nothing that matters.
    """
    faults = []
    all_sheets = sheets(world, visitors)
    assert len(all_sheets) > 80
    for sheet in all_sheets:
        fields = [name for name, kind, _ in sheet.controls() if kind in (*TYPED, "textarea")]
        others = [name for name, kind, _ in sheet.controls() if kind not in (*TYPED, "textarea")]
        for about, words in texts.items():
            sent = surrogates(words)
            for names in (fields, others):
                if not names:
                    continue
                data = {**sheet.well_filled(), **dict.fromkeys(names, sent)}
                answer = send(visitors[sheet.person], sheet, data)
                if answer.status_code != 200 or answer.mimetype != "text/html":
                    put_back()
                where = f"{sheet.person}, {sheet.sent_to}: {about} in {', '.join(names)}"
                faults += [f"{where}: {fault}" for fault in judged(answer, sheet, names, sent)]
    return faults


def judged(answer: TestResponse, sheet: Sheet, names: list[str], sent: str) -> Iterator[str]:
    """What is wrong with an answer."""
    if answer.status_code not in (200, 303, 400, 404, 409, 410, 413):
        yield f"status {answer.status_code}"
    elif answer.mimetype == "application/pdf":
        if not PdfReader(io.BytesIO(answer.get_data()), strict=True).pages:
            yield "a paper without a page"
    elif answer.status_code == 200:
        try:
            page = inspect(answer.text, 200, typed=True)
        except AssertionError as fault:
            yield f"the page: {fault}"
            return
        wide = [name for name, kind, _ in sheet.controls() if kind == "textarea" and name in names]
        if page.errors and wide and not kept(answer, sent):
            yield "what was typed is lost"


@pytest.mark.long_on_postgresql
def test_every_text_in_every_field_gets_an_answer(
    world: World, visitors: dict[str, Visitor], put_back: Callable[[], None], engine: str
) -> None:
    texts = TEXTS if engine == SQLITE else {name: TEXTS[name] for name in TAKEN}
    assert "\n".join(try_everything(world, visitors, put_back, texts)) == ""


@pytest.mark.long
@pytest.mark.sqlite_only
def test_rare_texts_get_an_answer_too(
    world: World, visitors: dict[str, Visitor], put_back: Callable[[], None]
) -> None:
    assert "\n".join(try_everything(world, visitors, put_back, RARE)) == ""
