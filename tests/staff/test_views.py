"""Pages of a staff list, as its champion, its auditor and the people on it use them."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.staff import pages, service, stints
from charter.staff.models import StaffList
from charter.staff.service import Starter
from charter.venues.models import VenueState
from tests.builders.accounts import make_member, make_user
from tests.builders.staff import messy_list, names, put_people
from tests.builders.venues import make_venue
from tests.page import Page, PageForm
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]
DAY = timedelta(days=1)


class Bar:
    """A venue, its people, and their browsers."""

    def __init__(self, app: Flask, as_: As) -> None:
        self.app = app
        with app.app_context():
            self.today: date = clock.today()
            self.id = make_venue(name="The Lantern", state=VenueState.WORKING).id
            self.by = make_member(Role.CHAMPION, venue=self.id, name="Priya Shah").id
            db.session.remove()
        self.url = f"/venues/{self.id}/staff"
        self.champion = as_(self.by)

    def put(self, *people: Starter) -> dict[str, int]:
        """People on the list; their ids by name."""
        with self.app.app_context():
            return put_people(self.id, *people, by=self.by)

    def here(self) -> dict[str, tuple[str, str]]:
        """Who works here now: their job and employer by name."""
        with self.app.app_context():
            found = {}
            for each in service.present(self.id):
                job = stints.current(each.jobs)
                found[each.name] = (job.job, job.employer) if job else ("", "")
            return found


@pytest.fixture
def bar(app: Flask, as_: As) -> Bar:
    """A venue with nobody on its list."""
    return Bar(app, as_)


def filled(form: PageForm, **answers: object) -> dict[str, Any]:
    """A form as it stands, with these answers; the visitor has a form token of their own."""
    return {name: value for name, value in form.filled(**answers).items() if name != "csrf_token"}


def parts(name: str, day: date) -> dict[str, str]:
    return {f"{name}-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


def test_one_person_after_the_other_is_added_on_one_screen(bar: Bar) -> None:
    first = bar.champion.get(bar.url)
    assert "Nobody is on the list yet" in first.text
    form = bar.champion.get(first.link("Add one person")).form("")
    data = filled(form, name="Sam", job="bar")
    went = bar.champion.post(f"{bar.url}/new", data)
    assert bar.champion.goes_to(went) == f"{bar.url}/new"
    ready = bar.champion.get(f"{bar.url}/new")
    assert "Saved: Sam. Add the next one" in ready.text
    # Sent twice, it is done once.
    bar.champion.post(f"{bar.url}/new", data)
    data = filled(ready.form(""), name="Al", job="door", employer="agency")
    bar.champion.post(f"{bar.url}/new", data)
    # Gone back to and filled in anew, it is somebody else.
    bar.champion.post(f"{bar.url}/new", data | {"name": "Mo"})
    assert list(bar.here()) == ["Al", "Mo", "Sam"]
    assert bar.here()["Al"] == ("door", "agency")
    twin = bar.champion.refused(f"{bar.url}/new", filled(ready.form(""), name="sam", job="bar"))
    assert twin.errors == ["Sam is on the list already. Give this person another badge name"]
    empty = bar.champion.refused(f"{bar.url}/new", {"name": "", "employer": "venue"})
    assert empty.errors == ["Enter a name", "Choose the job"]


def test_a_name_of_somebody_who_left_is_asked_about(bar: Bar) -> None:
    gone = Starter("Sam", "bar", "venue", bar.today - 90 * DAY, bar.today - 9 * DAY)
    sam = bar.put(gone)["Sam"]
    url = f"{bar.url}/new"
    data = filled(bar.champion.get(url).form(""), name="SAM", job="floor")
    asked = bar.champion.refused(url, data)
    assert asked.errors == ["Say if this is the same Sam who left"]
    bar.champion.post(url, filled(asked.form(""), same="back"))
    with bar.app.app_context():
        assert [each.id for each in service.present(bar.id)] == [sam]
    other = bar.put(Starter("Al", "bar", "venue", None, bar.today - 9 * DAY))["Al"]
    asked = bar.champion.refused(url, filled(bar.champion.get(url).form(""), name="Al", job="bar"))
    bar.champion.post(url, filled(asked.form(""), same="new"))
    with bar.app.app_context():
        assert other not in {each.id for each in service.present(bar.id)}
    assert bar.here() == {"Al": ("bar", "venue"), "Sam": ("floor", "venue")}


def test_the_list_says_who_is_here_who_comes_and_who_left(bar: Bar) -> None:
    ids = bar.put(
        Starter("Al", "door", "agency", bar.today - 3 * DAY),
        Starter("Sam", "bar"),
        Starter("Later", "bar", "venue", bar.today + 3 * DAY),
        Starter("Gone", "bar", "venue", None, bar.today - 3 * DAY),
    )
    with bar.app.app_context():
        db.session.get_one(StaffList, bar.id).checked_on = bar.today - 40 * DAY
        db.session.commit()
    page = bar.champion.get(bar.url)
    assert "2 people work here. Last checked on" in page.text
    assert "Starting soon" in page.text
    assert "1 person has left" in page.text
    assert "An agency, since" in page.text
    bar.champion.post(f"{bar.url}/confirm")
    page = bar.champion.get(bar.url)
    assert "This list was checked today" in page.text
    assert "Yes, the list is right" not in page.text
    person = bar.champion.get(page.link("Al"))
    assert person.facts["Who employs them"] == "An agency"
    url = f"{bar.url}/{ids['Al']}"
    data = filled(bar.champion.get(f"{url}/change").form(""), job="supervisor")
    bar.champion.post(f"{url}/change", data)
    history = bar.champion.get(url).text
    assert "Supervisor, an agency" in history
    assert "Door, an agency" in history
    wrong = parts("left_on", bar.today - 30 * DAY)
    assert bar.champion.refused(f"{url}/leave", wrong).errors == [
        "That is before they started. Check the date"
    ]
    bar.champion.post(f"{url}/leave", parts("left_on", bar.today + 2 * DAY))
    assert "leaves on" in bar.champion.get(bar.url).text
    gone = f"{bar.url}/{ids['Gone']}"
    back = bar.champion.get(bar.champion.get(gone).link("They are back")).form("")
    bar.champion.post(f"{gone}/come-back", filled(back))
    assert set(bar.here()) == {"Al", "Gone", "Later", "Sam"}
    # Sent twice it is done once.
    assert bar.champion.goes_to(bar.champion.post(f"{gone}/come-back", filled(back))) == gone
    assert "works here already" in bar.champion.get(f"{gone}/come-back").text
    assert bar.champion.get(f"{bar.url}?find=SA").links
    assert "Nobody who works here has" in bar.champion.get(f"{bar.url}?find=zzz").text


def sheet_of(data: bytes, name: str = "staff.xlsx") -> dict[str, Any]:
    return {"file": (io.BytesIO(data), name), "pasted": ""}


def take(bar: Bar, page: Page) -> str:
    """Say yes to the list that was looked over; where that leads."""
    data = filled(page.form(f"{bar.url}/upload/check"))
    return bar.champion.goes_to(bar.champion.post(f"{bar.url}/upload/check", data))


def test_a_workbook_is_looked_over_and_then_saved(bar: Bar) -> None:
    gone = Starter(names(1)[0], "bar", "venue", None, bar.today - 60 * DAY)
    bar.put(gone, Starter(names(2)[1].upper(), "floor"))
    went = bar.champion.post(f"{bar.url}/upload", sheet_of(messy_list(bar.today)))
    page = bar.champion.get(bar.champion.goes_to(went))
    assert "Nothing is saved yet" in page.text
    assert "58 new1 came back1 on the list already" in page.text
    assert "Stays as it is" in page.text
    assert len(bar.here()) == 1
    assert "not saved yet" in bar.champion.get(f"{bar.url}/upload").text
    assert take(bar, page) == bar.url
    assert "58 new" in bar.champion.get(bar.url).text
    assert len(bar.here()) == 60
    # Sent again it is done once, and there is nothing left to look over.
    assert take(bar, page) == bar.url
    assert "There is no list to look over" in bar.champion.get(f"{bar.url}/upload/check").text


def test_a_list_with_faults_is_refused_whole_and_says_where(bar: Bar) -> None:
    text = "Name,Job\nSam,bar\nAl,juggler\nsam,door\n"
    page = bar.champion.refused(f"{bar.url}/upload", {"pasted": text})
    assert [line[:6] for line in page.errors] == ["Row 3:", "Row 4:"]
    assert page.form("").fields["pasted"].strip() == text.strip()  # type: ignore[union-attr]
    many = "Name,Job\n" + "\n".join(f"P{n},juggler" for n in range(60))
    assert bar.champion.refused(f"{bar.url}/upload", {"pasted": many}).errors[-1] == (
        "and 20 more like these"
    )
    assert bar.champion.refused(f"{bar.url}/upload").errors == ["Choose a file, or paste your list"]
    assert bar.here() == {}


def test_a_list_that_would_do_something_else_by_now_is_shown_again(bar: Bar) -> None:
    bar.champion.post(f"{bar.url}/upload", {"pasted": "Sam,bar"})
    page = bar.champion.get(f"{bar.url}/upload/check")
    bar.put(Starter("Sam", "floor"))
    data = filled(page.form(f"{bar.url}/upload/check"))
    again = bar.champion.refused(f"{bar.url}/upload/check", data)
    assert again.errors == ["Your list changed while you looked. Here is what would happen now"]
    assert "Changes from Floor to Bar" in again.text
    assert take(bar, again) == bar.url
    assert bar.here() == {"Sam": ("bar", "venue")}


def test_a_template_comes_as_a_workbook_and_as_csv(bar: Bar) -> None:
    answer = bar.champion.answer(f"{bar.url}/template")
    assert load_workbook(io.BytesIO(answer.data)).worksheets[0]["B1"].value == "Job"
    assert "Name" in bar.champion.answer(f"{bar.url}/template?format=csv").text


def test_the_champion_puts_themself_on_the_list(bar: Bar) -> None:
    bar.put(Starter("Sam", "bar"))
    page = bar.champion.get(bar.url)
    form = page.form(f"{bar.url}/join")
    assert form.fields["join-name"] == "Priya Shah"
    wrong = bar.champion.refused(f"{bar.url}/join", filled(form))
    assert wrong.errors == ["Choose your job"]
    bar.champion.post(f"{bar.url}/join", filled(form, **{"join-job": "manager"}))
    assert bar.here()["Priya Shah"] == ("manager", "venue")
    assert "You are not on this list" not in bar.champion.get(bar.url).text
    assert "The Lantern" in bar.champion.get("/account/jobs").text


def test_the_champion_finds_themself_on_the_list(bar: Bar) -> None:
    mine = bar.put(Starter("PRIYA SHAH", "bar"))["PRIYA SHAH"]
    page = bar.champion.get(bar.url)
    assert "Is this you?" in page.text
    data = filled(page.form(f"{bar.url}/join"))
    assert data["join-member_id"] == str(mine)
    bar.champion.post(f"{bar.url}/join", data)
    assert "This is you" in bar.champion.get(f"{bar.url}/{mine}").text


def test_a_code_is_shown_once_and_ties_the_job_to_an_account(bar: Bar, as_: As) -> None:
    sam = bar.put(Starter("Sam", "bar"))["Sam"]
    page = bar.champion.refused(f"{bar.url}/{sam}/link")
    code = page.one("p", "govuk-heading-xl").text or ""
    with bar.app.app_context():
        user = make_user(name="Samira Field").id
        name = "Samira Field"
    me = as_(user)
    assert "No job is tied" in me.get("/account/jobs").text
    said = [me.refused("/account/jobs/link", {"code": "WRON-GONE"}).errors[0] for _ in range(4)]
    assert "does not work" in said[0]
    assert "Wait" in said[-1]
    with clock.moved_to(clock.now() + timedelta(minutes=2)):
        me.post("/account/jobs/link", {"code": code})
        mine = me.get(me.get("/account").link("Your jobs"))
        assert "The Lantern Bar" in mine.text
        tied = bar.champion.get(f"{bar.url}/{sam}").text
        assert "This is tied to an account since" in tied
        assert name not in tied
        me.post(f"/account/jobs/{sam}/unlink")
        me.post(f"/account/jobs/{sam}/unlink", status=404)
    assert "It is theirs to enter." in bar.champion.get(f"{bar.url}/{sam}").text


def test_whoever_made_a_code_may_not_enter_it(bar: Bar) -> None:
    sam = bar.put(Starter("Sam", "bar"))["Sam"]
    code = bar.champion.refused(f"{bar.url}/{sam}/link").one("p", "govuk-heading-xl").text
    for _ in range(4):
        said = bar.champion.refused("/account/jobs/link", {"code": code}).errors
        assert said == [
            "You made this code, so it is not yours to enter. Give it to the person it is for"
        ], "nor is it counted as a guess"
    with bar.app.app_context():
        assert service.must(bar.id, sam).user_id is None


def test_somebody_new_on_an_old_list_needs_a_first_day(bar: Bar) -> None:
    bar.put(Starter("Sam", "bar"))
    assert "Your first day here" not in bar.champion.get(bar.url).text
    with bar.app.app_context():
        db.session.get_one(StaffList, bar.id).began_on = bar.today - DAY
        db.session.commit()
    said = "Enter the first day. For somebody who has worked here for long, any day before"
    bare = dict.fromkeys(parts("started_on", bar.today), "")
    page = bar.champion.get(f"{bar.url}/new")
    data = filled(page.form(""), name="Al", job="bar") | bare
    assert bar.champion.refused(f"{bar.url}/new", data).errors[0].startswith(said)
    me = {"join-name": "Priya Shah", "join-job": "manager"}
    page = bar.champion.refused(f"{bar.url}/join", me)
    assert page.errors[0].startswith(said)
    assert "Your first day here" in page.text
    me |= parts("join-started_on", bar.today - 3000 * DAY)
    bar.champion.post(f"{bar.url}/join", me)
    assert set(bar.here()) == {"Sam", "Priya Shah"}


def test_a_long_list_comes_in_pages(bar: Bar) -> None:
    bar.put(*(Starter(f"Night {number}", "bar") for number in range(230)))
    first = bar.champion.get(bar.url)
    assert "230 people work here" in first.text
    second = bar.champion.get(first.link("Next"))
    assert len(second.all("a")) < len(first.all("a"))
    assert "Bar (230)" in second.text


def test_many_who_have_left_come_a_page_at_a_time(bar: Bar) -> None:
    gone = bar.today - DAY
    bar.put(
        Starter("Still here", "bar"),
        *(Starter(f"Gone {n:03}", "bar", left_on=gone - (n // 3) * DAY) for n in range(230)),
    )
    first = bar.champion.get(bar.url)
    assert "230 people have left" in first.text
    assert first.text.count("left on") == pages.LEAVERS_SHOWN
    whole = bar.champion.get(first.link("Show everybody who has left"))
    rest = bar.champion.get(whole.link("Next"))
    shown = [re.findall(r"Gone \d{3}", each.text) for each in (whole, rest)]
    assert [len(each) for each in shown] == [pages.AT_ONCE, 30]
    assert len({*shown[0], *shown[1]}) == 230
    assert "230 people have left" in whole.text
    assert [each.text for each in rest.all("a") if "Next" in (each.text or "")] == []
    found = bar.champion.get(f"{bar.url}?find=Gone+00&left=99999")
    assert re.findall(r"Gone \d{3}", found.text) == [
        f"Gone {n:03}" for third in (0, 3, 6, 9) for n in (third + 2, third + 1, third) if n < 10
    ]


def test_whose_list_it_is_not_finds_nothing(bar: Bar, as_: As) -> None:
    sam = bar.put(Starter("Sam", "bar"))["Sam"]
    with bar.app.app_context():
        other = make_venue(state=VenueState.WORKING).id
        ids = [
            make_member(role, venue=venue).id
            for role, venue in (
                (Role.STAFF, bar.id),
                (Role.AUDITOR, bar.id),
                (Role.MANAGER, other),
            )
        ]
    staff, auditor, stranger = map(as_, ids)
    for path in ("", "/new", "/upload", "/upload/check", "/template", f"/{sam}", f"/{sam}/leave"):
        for nobody in (staff, stranger):
            nobody.get(f"{bar.url}{path}", 404)
    for verb in ("change", "leave", "come-back", "link"):
        stranger.post(f"/venues/{other}/staff/{sam}/{verb}", status=404)
    stranger.get(f"/venues/{other}/staff/{sam}", 404)
    page = auditor.get(bar.url)
    assert "Add one person" not in page.text
    assert "They leave" not in auditor.get(page.link("Sam")).text
    auditor.get(f"{bar.url}/new", 404)
    auditor.post(f"{bar.url}/confirm", status=404)
