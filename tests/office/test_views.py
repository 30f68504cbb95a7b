"""The office's pages as its people see them: where each is sent, what they find and decide."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts.models import Membership
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.editions import service as editions
from charter.editions.models import EditionRow, ThresholdOverride
from charter.office import board, sheet, thresholds
from charter.office.totals import totals
from charter.signup.models import SignUp, SignUpState
from charter.venues.models import Venue, VenueState
from tests.builders.accounts import make_member, make_user
from tests.builders.certificates import issue, make_ready, propose
from tests.builders.commitments import hand_in, load_charter, make_scene, restate
from tests.builders.edition import make_commitment_data
from tests.builders.office import make_city
from tests.builders.venues import make_venue
from tests.counting import counted, forget_answers
from tests.page import text_of
from tests.visitor import Visitor

As = Callable[..., Visitor]
MOST_STATEMENTS = 8
MOST_BYTES = 60_000


def officer(app: Flask, role: Role = Role.OFFICER) -> int:
    with app.app_context():
        return make_member(role).id


def make_sign_up(**overrides: object) -> int:
    """A confirmed sign-up of a venue that is new to the city; its id."""
    values: dict[str, object] = {
        "state": SignUpState.WAITING,
        "place": {"name": "The Blue Note", "street": "1 Quay Street", "town": "Testbury",
                  "postcode": "AA3 1AB", "kind": "bar"},
        "signer_name": "Pat Signer", "signer_role": "owner",
        "signer_email": "pat@bluenote.example", "signer_phone": "01632 960 123",
        "champion_name": "Kim Champion", "champion_email": "kim@bluenote.example",
        "edition_key": load_charter(), "confirmed_at": clock.now(),
    }  # fmt: skip
    row = SignUp(**values | overrides)
    db.session.add(row)
    db.session.commit()
    return row.id


# Where each person is sent


@pytest.mark.sqlite_only
def test_home_sends_each_person_to_where_they_work(app: Flask, as_: As) -> None:
    with app.app_context():
        one, two = make_venue().id, make_venue().id
        champion = make_member(Role.CHAMPION, venue=one)
        people = {
            make_member(Role.OFFICER).id: "/office/",
            make_member(Role.OFFICE_ADMIN).id: "/office/",
            make_member(Role.SYSTEM_ADMIN).id: "/status",
            champion.id: f"/venues/{one}/",
        }
        nobody = make_user().id
        both = make_member(Role.MANAGER, venue=one)
        make_member(Role.STAFF, venue=two, user=both)
        both_id = both.id
        auditor = make_member(Role.AUDITOR, venue=two).id
    for person, where in people.items():
        visitor = as_(person)
        answer = visitor.answer("/home")
        assert (answer.status_code, visitor.goes_to(answer)) == (303, where)
    page = as_(both_id).get("/home")
    assert {link.href for link in page.links} >= {f"/venues/{one}/", f"/venues/{two}/"}
    assert f"/office/venues/{two}" in {link.href for link in as_(auditor).get("/home").links}
    assert "invite you" in as_(nobody).get("/home").text


@pytest.mark.sqlite_only
def test_the_status_page_tells_no_secret(app: Flask, as_: As) -> None:
    person = officer(app, Role.SYSTEM_ADMIN)
    page = as_(person).get("/status")
    assert "Heads of the trail" in page.text
    secrets = app.extensions["charter.settings"].secrets
    assert secrets.session not in page.html
    assert secrets.trail.hex() not in page.html
    as_(officer(app, Role.OFFICE_ADMIN)).get("/status", 404)


# The first page


def test_the_first_page_counts_what_stands_today_and_costs_the_same_for_any_city(
    app: Flask, as_: As
) -> None:
    person = officer(app)
    costs = []
    for number in (40, 160):
        with app.app_context():
            make_city(number)
        visitor = as_(person)
        visitor.get("/office/")
        forget_answers(app)  # or another worker's write decides what is remembered
        with counted(app) as seen:
            page = visitor.get("/office/")
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 12
    with app.app_context():
        found = totals(board.Filters())
        signed = sum(n for state, n in found.items() if state not in sheet.UNSIGNED)
        lacking = board.page(board.Filters(no_champion=True)).rows
    figures = {text_of(item).split(" ", 1)[1]: text_of(item).split()[0]
               for item in page.all("li", "totals__item")}  # fmt: skip
    assert int(figures["signed the charter"]) == signed
    assert int(figures["without a champion"]) == len(lacking)


def test_what_runs_out_is_seen_without_the_nightly_work(app: Flask, as_: As) -> None:
    person = officer(app)
    with app.app_context():
        scene = make_ready(valid_to=clock.today() + timedelta(days=10))
    assert "Holds until" in as_(person).get("/office/").text
    with clock.moved_to(clock.now() + timedelta(days=11)):
        visitor = as_(person)
        page = visitor.get("/office/")
        assert "Held until" in page.text
        met = [text_of(row) for row in page.all("tr") if text_of(row).startswith("1 ")]
        assert met[0].endswith("00010 %")
        row = visitor.get("/office/venues").one("table").find(".//{*}tbody/{*}tr")
        assert row is not None
        assert text_of(row).count("Lapsed") == 8
        assert "Lapsed" in visitor.get(f"/office/venues/{scene.venue}").text


# The table


@pytest.mark.slow
def test_the_table_costs_the_same_for_any_city_and_stays_small(app: Flask, as_: As) -> None:
    person = officer(app, Role.OFFICE_ADMIN)
    costs, sizes = [], []
    for number in (60, 200):
        with app.app_context():
            make_city(number)
        visitor = as_(person)
        visitor.get("/office/venues")
        forget_answers(app)
        with counted(app) as seen:
            page = visitor.get("/office/venues")
        costs.append(len(seen))
        sizes.append(len(page.html.encode()))
        for sort in board.SORTS:
            visitor.get(f"/office/venues?sort={sort}")
            with counted(app) as seen:
                visitor.get(f"/office/venues?sort={sort}&needs=review")
            assert len(seen) <= MOST_STATEMENTS + 1, sort
    assert costs[0] == costs[1] <= MOST_STATEMENTS
    assert max(sizes) < MOST_BYTES


@pytest.mark.sqlite_only
def test_a_row_reads_as_words_under_the_names_of_the_commitments(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready(name="The Lantern")
        make_venue(name="A quiet place")
        edition = editions.current()
    page = as_(officer(app)).get("/office/venues")
    heads = [text_of(head) for head in page.all("th") if head.get("scope") == "col"]
    assert heads[3:-3] == [f"{each.number} {each.name}" for each in edition.commitments]
    rows = {text_of(row.find("{*}th/{*}a")): row for row in page.one("tbody")}
    cells = [text_of(cell) for cell in rows["The Lantern"]]
    assert cells[2] == "Working towards"
    assert cells[3:-3] == ["Met"] * len(edition.commitments)
    assert "Has not signed" in text_of(rows["A quiet place"])
    link = rows["The Lantern"].find("{*}th/{*}a")
    assert link is not None
    assert link.get("href") == f"/office/venues/{scene.venue}"


@pytest.mark.sqlite_only
def test_an_edition_of_eight_widens_the_table_and_no_more(app: Flask, as_: As) -> None:
    with app.app_context():
        old, new = make_ready(name="Seven"), make_ready(name="Eight")
        key = load_eight()
        db.session.get_one(VenueStanding, new.venue).edition_key = key
        db.session.add(
            CommitmentStanding(
                venue_id=new.venue, commitment_key="c8", number=8, state="partly-met",
                essentials_met=1, essentials=2,
            )
        )  # fmt: skip
        db.session.commit()
    page = as_(old.officer).get("/office/venues")
    heads = [text_of(head) for head in page.all("th") if head.get("scope") == "col"]
    assert heads[3] == "1 Champion"
    assert heads[10] == "8 Way home"
    rows = {text_of(row.find("{*}th/{*}a")): [text_of(c) for c in row] for row in page.one("tbody")}
    assert rows["Eight"][3:11] == ["Met"] * 7 + ["Partly met"]
    assert rows["Seven"][3:11] == ["Met"] * 7 + [""]
    table = list(csv.DictReader(io.StringIO(
        as_(old.officer).answer("/office/venues.csv").get_data(as_text=True)
    )))  # fmt: skip
    assert {row["venue"]: row["8 Way home"] for row in table} == {
        "Seven": "",
        "Eight": "partly met",
    }


def load_eight() -> str:
    """A second edition in the database: the first one's commitments, and an eighth."""
    row = db.session.get_one(EditionRow, load_charter())
    more = make_commitment_data(8, name="Way home")
    body = {**row.body, "edition": "eight-2027", "commitment": [*row.body["commitment"], more]}
    db.session.add(
        EditionRow(
            key="eight-2027", title="Eight", effective_from=row.effective_from, meaning="x",
            body=body,
        )
    )  # fmt: skip
    db.session.commit()
    return "eight-2027"


@pytest.mark.sqlite_only
def test_filters_stay_in_the_address_and_nonsense_is_left_out(app: Flask, as_: As) -> None:
    with app.app_context():
        make_city(160)
    visitor = as_(officer(app))
    page = visitor.get("/office/venues?kind=pub&needs=review&sort=waiting&state=working+towards")
    form = next(form for form in page.forms if form.method == "get")
    assert form.fields["kind"] == "pub"
    assert form.fields["needs"] == "review"
    assert (form.fields["state"], form.fields["sort"]) == ("working towards", "waiting")
    sorts = [a.get("href") or "" for a in page.all("a", "sort")]
    assert all("kind=pub" in href and "needs=review" in href for href in sorts)
    everything = visitor.get("/office/venues")
    odd = "kind=castle&state=odd&lapses=soon&needs=x&sort=id%3Bdrop&after=0~%00~1&area=%00&find=%00"
    assert visitor.get(f"/office/venues?{odd}").text == everything.text
    nothing = visitor.get("/office/venues?find=zzzz")
    assert "No venue fits" in nothing.text


@pytest.mark.sqlite_only
def test_the_next_page_follows_and_the_previous_leads_back(app: Flask, as_: As) -> None:
    with app.app_context():
        make_city(120)
    visitor = as_(officer(app))
    first = visitor.get("/office/venues?sort=lapse")
    following = {link.text: link.href for link in first.links}["Next page"]
    second = visitor.get(following)
    names = [text_of(row) for row in second.one("tbody")]
    assert not set(names) & {text_of(row) for row in first.one("tbody")}
    back = visitor.get({link.text: link.href for link in second.links}["Previous page"])
    assert [text_of(r) for r in back.one("tbody")] == [text_of(r) for r in first.one("tbody")]


def test_the_spreadsheet_holds_every_venue_that_fits_and_no_formula(app: Flask, as_: As) -> None:
    with app.app_context():
        make_city(60)
        make_venue(name="=HYPERLINK(1)", kind="pub", state=VenueState.WAITING)
        asked = board.Filters(state="waiting")
        number = totals(board.Filters())["waiting"]
        assert len(list(board.everything(asked))) == number
    visitor = as_(officer(app))
    answer = visitor.answer("/office/venues.csv?state=waiting")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == number + 1
    assert rows[0][0] == "venue"
    cells = [cell for row in rows for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    every = visitor.answer("/office/venues.csv").get_data(as_text=True)
    table = list(csv.DictReader(io.StringIO(every)))
    assert {row["state"] for row in table} >= {"known", "working towards", "certified"}
    assert {row["1 Champion"] for row in table} >= {"met", "partly met", ""}


# One venue


def test_a_venues_page_shows_what_waits_first_then_people_and_history(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene(name="The Lantern")
        first = next(r for r in editions.current().requirements if r.kind == "statement")
        hand_in(scene.venue, first.key, by=scene.champion)
    visitor = as_(scene.officer)
    page = visitor.get(f"/office/venues/{scene.venue}")
    assert page.h1 == "The Lantern"
    words = page.text
    assert words.index("Waits for the office") < words.index("Commitments")
    assert first.task in words
    assert "Proof handed in: " + f"{first.number} {first.task}" in words
    proof = [link for link in page.links if "/proofs/" in link.href]
    assert len(proof) == 1
    assert "This venue has no champion" not in words


@pytest.mark.sqlite_only
def test_a_venues_history_is_paged_by_key(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.rollback()
        lock(CITY, scene.venue)
        for _ in range(120):
            trail.note("venue.changed", "venue", scene.venue, venue_id=scene.venue, by=None)
        commit()
    visitor = as_(scene.officer)
    page = visitor.get(f"/office/venues/{scene.venue}")
    seen = 0
    while True:
        seen += len(page.all("li", "history__item"))
        more = [link.href for link in page.links if "before=" in link.href]
        if not more:
            break
        page = visitor.get(more[0].partition("#")[0])
    assert seen == 120
    visitor.get(f"/office/venues/{scene.venue}?before=99999999999999999999")


@pytest.mark.sqlite_only
def test_the_buttons_of_a_certificate_follow_what_a_person_may(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        admin = make_member(Role.OFFICE_ADMIN).id
        auditor = make_member(Role.AUDITOR, venue=scene.venue).id
        other = make_venue().id
    url = f"/office/venues/{scene.venue}"
    assert any("/propose" in link.href for link in as_(scene.officer).get(url).links)
    assert not any("/propose" in link.href for link in as_(auditor).get(url).links)
    as_(auditor).get(f"/office/venues/{other}", 404)
    as_(auditor).get("/office/venues", 404)
    with app.app_context():
        propose(scene)
    assert any("/issue" in link.href for link in as_(admin).get(url).links)
    assert not any("/issue" in link.href for link in as_(scene.officer).get(url).links)


def test_an_unknown_venue_is_a_plain_404(app: Flask, as_: As) -> None:
    visitor = as_(officer(app))
    for number in ("999999", "99999999999"):
        assert visitor.answer(f"/office/venues/{number}").status_code == 404


# Sign-ups


def test_a_sign_up_is_approved_once_the_office_made_sure(app: Flask, as_: As) -> None:
    with app.app_context():
        number = make_sign_up()
    person = officer(app)
    visitor = as_(person)
    url = f"/office/sign-ups/{number}"
    assert "The Blue Note" in visitor.get("/office/sign-ups").text
    assert "Pat Signer" in visitor.get(url).text
    assert "Choose whether to approve" in visitor.refused(url).text
    approve = {"verdict": "approve", "confirmed_through": "licence"}
    typed = visitor.refused(url, {**approve, "confirmed_how": "rang 01632 960123 and asked"})
    assert "typed into the form" in typed.text
    visitor.refused(url, {"verdict": "approve"})
    done = visitor.post(url, {**approve, "confirmed_how": "Rang the number in the register"})
    assert visitor.goes_to(done) == "/office/sign-ups"
    with app.app_context():
        row = db.session.get_one(SignUp, number)
        assert (row.state, row.decided_by) == (SignUpState.APPROVED, person)
        venue_id = row.venue_id
        assert db.session.get_one(Venue, venue_id).state == VenueState.WORKING
    assert "Rang the number in the register" in visitor.get(f"/office/venues/{venue_id}").text
    assert "decided already" in visitor.refused(url, {"verdict": "decline", "words": "No"}).text


@pytest.mark.sqlite_only
def test_the_office_asks_or_declines_with_words(app: Flask, as_: As) -> None:
    with app.app_context():
        asked, declined = make_sign_up(), make_sign_up(signer_email="kay@bell.example")
    visitor = as_(officer(app))
    assert (
        "Write what you want to know"
        in visitor.refused(f"/office/sign-ups/{asked}", {"verdict": "ask"}).text
    )
    visitor.post(f"/office/sign-ups/{asked}", {"verdict": "ask", "words": "Which door is yours?"})
    visitor.post(f"/office/sign-ups/{declined}", {"verdict": "decline", "words": "Not our city."})
    assert "Which door is yours?" in visitor.get(f"/office/sign-ups/{asked}").text
    with app.app_context():
        states = {row.id: row.state for row in db.session.scalars(select(SignUp))}
    assert states == {asked: SignUpState.ASKED, declined: SignUpState.DECLINED}
    visitor.get("/office/sign-ups/999999", 404)


# Thresholds


@pytest.mark.sqlite_only
def test_a_threshold_is_set_from_a_day_to_come(app: Flask, as_: As) -> None:
    with app.app_context():
        load_charter()
        now = clock.today()
    as_(officer(app)).get("/office/thresholds", 404)
    visitor = as_(officer(app, Role.OFFICE_ADMIN))
    day = now + timedelta(days=3)
    form = {"name": "share_trained", "value": "85", "from_on-day": str(day.day),
            "from_on-month": str(day.month), "from_on-year": str(day.year)}  # fmt: skip
    refused = visitor.refused("/office/thresholds", {**form, "value": "many"})
    assert "Enter the new value as a number" in refused.text
    today = {"from_on-day": str(now.day), "from_on-month": str(now.month)}
    visitor.refused("/office/thresholds", {**form, **today})
    visitor.post("/office/thresholds", form)
    assert "85 from" in visitor.get("/office/thresholds").text
    with app.app_context():
        row = db.session.scalars(select(ThresholdOverride)).one()
        assert (row.name, row.value, row.from_on) == ("share_trained", 85, day)


@pytest.mark.sqlite_only
def test_every_threshold_of_the_charter_has_words(app: Flask) -> None:
    with app.app_context():
        load_charter()
        edition = editions.current()
        assert set(edition.thresholds) == set(thresholds.WORDS)
        assert [row.default for row in thresholds.thresholds(edition)] == list(
            edition.thresholds.values()
        )


@pytest.mark.sqlite_only
def test_a_certified_venue_without_its_champion_is_named_at_once(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready(name="The Lantern")
        issue(scene)
    visitor = as_(scene.officer)
    assert "The Lantern" not in visitor.get("/office/venues?needs=champion").text
    with app.app_context():
        lock(CITY, scene.venue)
        query = select(Membership).where(Membership.user_id == scene.champion)
        member = db.session.scalars(query).one()
        member.ends_on = clock.today() - timedelta(days=1)
        restate(scene.venue)
    page = visitor.get("/office/venues?needs=champion")
    assert "The Lantern" in page.text
    assert "No champion" in page.text
