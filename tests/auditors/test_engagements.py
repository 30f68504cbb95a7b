"""Audits: granted, opened and ended by their dates."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from charter.accounts import invitations
from charter.accounts.models import Invitation, User
from charter.auditors import service, work
from charter.auditors.models import Engagement
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.mail import OutboxMail
from tests.builders.accounts import (
    TOTP_SECRET,
    last_link,
    make_member,
    make_user,
    password_hash,
)
from tests.builders.auditors import engage, make_auditor, proof_of
from tests.builders.certificates import in_city, make_ready, noon
from tests.builders.commitments import make_scene
from tests.visitor import Visitor

DAY = timedelta(days=1)
As = Callable[..., Visitor]


def test_the_office_draws_a_sample_and_engages_an_auditor(app: Flask, as_: As) -> None:
    with app.app_context():
        scenes = [make_scene(name=f"Venue {n}") for n in range(12)]
        admin = make_member(Role.OFFICE_ADMIN).id
        today = clock.today()
        db.session.rollback()
    office = as_(admin)
    page = office.get("/office/engagements/new")
    form = {
        "title": "Spring audit", "name": "Ines Rowe", "email": "ines@outside.example",
        "from_on-day": today.day, "from_on-month": today.month, "from_on-year": today.year,
        "to_on-day": today.day, "to_on-month": today.month, "to_on-year": today.year + 1,
        "how": "drawn", "size": "5", "seed": "one seed",
        "once": re.search(r'name="once"[^>]*value="(\w+)"', page.html)[1],  # type: ignore[index]  # it is there
    }  # fmt: skip
    offered = page.form().filled()
    last = today + 28 * DAY
    assert [offered["from_on-day"], offered["to_on-day"]] == [str(today.day), str(last.day)]
    # Radios that nobody touched, in a browser: nothing is sent.
    unsaid = {key: value for key, value in form.items() if key != "how"}
    assert (
        "Enter a number from 1"
        in office.refused("/office/engagements/new", {**form, "size": "x"}).text
    )
    assert (
        "Choose one venue or more"
        in office.refused("/office/engagements/new", {**form, "how": "named"}).text
    )
    assert "Choose how venues are picked" in office.refused("/office/engagements/new", unsaid).text
    seen = office.refused("/office/engagements/new", {**form, "step": "look"})
    assert "5 venues of 12" in seen.text
    with app.app_context():
        assert db.session.scalar(select(Engagement.id)) is None
        db.session.rollback()
    late = {**form, "step": "grant", "to_on-year": today.year + 2}
    assert "An audit ends within a year" in office.refused("/office/engagements/new", late).text
    office.post("/office/engagements/new", {**form, "step": "grant"})
    office.post("/office/engagements/new", {**form, "step": "grant"})
    with app.app_context():
        [row] = db.session.scalars(select(Engagement)).all()
        units, population = service.drawn(5, "one seed")
        assert service.venue_ids(row.id) == [unit.venue_id for unit in units]
        assert row.sample is not None
        assert (row.sample["seed"], row.sample["population"]) == ("one seed", population)
        [invitation] = db.session.scalars(select(Invitation)).all()
        assert invitation.venue_ids == service.venue_ids(row.id)
        verbs = [each.verb for each in trail.history(units[0].venue_id)]
        assert "engagement.granted" in verbs
        assert len(scenes) == 12
        db.session.rollback()
    assert "Spring audit" in office.get("/office/engagements").text
    assert "seed one seed" in office.get("/office/engagements/1").text


def test_access_opens_on_the_first_day_and_nothing_opens_after_the_last(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene = make_ready()
        auditor = make_auditor()
        start = clock.today() + 3 * DAY
        number = engage(auditor, scene.venue, from_on=start, to_on=start + 4 * DAY)
        proof = proof_of(scene)
    addresses = [
        "/audit", f"/audit/{number}/venues/{scene.venue}", f"/office/venues/{scene.venue}",
        f"/venues/{scene.venue}/requirements/message.posters-up",
        f"/audit/{number}/venues/{scene.venue}/seen/{proof}",
    ]  # fmt: skip
    for day, status in ((0, 404), (2, 404), (3, 200), (7, 200), (8, 404), (60, 404)):
        with clock.moved_to(noon(start + (day - 3) * DAY)):
            visitor = as_(auditor)
            for address in addresses:
                assert visitor.answer(address).status_code == status, (day, address)


def test_an_audit_that_is_ended_early_opens_nothing_more(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        auditor = make_auditor()
        number = engage(auditor, scene.venue, other.venue)
        engage(auditor, other.venue)
        admin = make_member(Role.OFFICE_ADMIN).id
        officer = scene.officer
    visitor = as_(auditor)
    case = f"/audit/{number}/venues/{scene.venue}"
    assert visitor.get(case).status == 200
    as_(officer).post(f"/office/engagements/{number}", {}, 404)
    as_(admin).post(f"/office/engagements/{number}")
    visitor.get(case, 404)
    visitor.get(f"/office/venues/{scene.venue}", 404)
    assert visitor.get(f"/office/venues/{other.venue}").status == 200
    assert "This engagement is over" in as_(admin).refused(f"/office/engagements/{number}").text


def invite(address: str, *venues: int, **overrides: object) -> tuple[int, str]:
    """Engage somebody who has no account: the engagement, and the token that was mailed."""
    stranger = make_auditor()
    number = engage(stranger, *venues, email=address, **overrides)
    return number, last_link("invitation", address).rpartition("/")[2]


def take_up(token: str) -> int:
    """Take up an invitation with a new account that has its second factor; its number."""
    db.session.rollback()
    row = invitations.found(token)[1]
    assert row is not None
    venues = tuple(row.venue_ids or ())
    db.session.rollback()
    lock(CITY, *venues)
    user = invitations.accept_as_new(token, name="Ines Rowe", password_hash=password_hash())
    user.totp_sealed = make_user(totp=TOTP_SECRET).totp_sealed
    number = user.id
    commit()
    db.session.rollback()
    return number


def test_an_audit_ended_early_opens_nothing_for_whoever_was_invited_to_it(
    app: Flask, as_: As
) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        first, token = invite("ines@outside.example", scene.venue)
        late, unread = invite("late@outside.example", other.venue)
        auditor = take_up(token)
        admin = make_member(Role.OFFICE_ADMIN).id
        db.session.rollback()
    visitor = as_(auditor)
    assert visitor.get(f"/audit/{first}/venues/{scene.venue}").status == 200
    assert visitor.get(f"/office/venues/{scene.venue}").status == 200
    as_(admin).post(f"/office/engagements/{first}")
    as_(admin).post(f"/office/engagements/{late}")
    visitor.get(f"/audit/{first}/venues/{scene.venue}", 404)
    visitor.get(f"/office/venues/{scene.venue}", 404)
    with app.app_context():
        assert db.session.get_one(Engagement, first).auditor_id == auditor
        assert invitations.found(unread)[0] is not invitations.LinkState.OPEN
        db.session.rollback()


def test_two_audits_of_one_venue_open_on_their_own_days_and_no_others(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        auditor, today = make_auditor(), clock.today()
        first = engage(auditor, scene.venue, to_on=today + 20 * DAY)
        engage(auditor, scene.venue, from_on=today + 40 * DAY, to_on=today + 50 * DAY)
        engage(auditor, scene.venue, to_on=today + 3 * DAY)
        admin = make_member(Role.OFFICE_ADMIN).id
    page = f"/office/venues/{scene.venue}"
    for day, status in ((0, 200), (10, 200), (20, 200), (21, 404), (39, 404), (40, 200), (51, 404)):
        with clock.moved_to(noon(today + day * DAY)):
            assert as_(auditor).answer(page).status_code == status, day
    as_(admin).post(f"/office/engagements/{first}")
    for day, status in ((0, 200), (3, 200), (4, 404), (20, 404), (40, 200), (50, 200), (51, 404)):
        with clock.moved_to(noon(today + day * DAY)):
            assert as_(auditor).answer(page).status_code == status, day


def test_two_audits_of_somebody_invited_each_open_their_own_venues(app: Flask, as_: As) -> None:
    with app.app_context():
        one, other = make_ready(), make_ready()
        first, token = invite("ines@outside.example", one.venue)
        second, again = invite("ines@outside.example", other.venue)
        auditor = take_up(token)
        lock(CITY, other.venue)
        invitations.accept(again, by=db.session.get_one(User, auditor))
        commit()
        db.session.rollback()
    visitor = as_(auditor)
    assert visitor.get(f"/audit/{first}/venues/{one.venue}").status == 200
    assert visitor.get(f"/audit/{second}/venues/{other.venue}").status == 200


def test_an_auditor_who_changes_their_address_keeps_their_audit(app: Flask, as_: As) -> None:
    with app.app_context():
        scene = make_ready()
        number, token = invite("ines@outside.example", scene.venue)
        auditor = take_up(token)
        lock(CITY)
        assert service.know_auditors() == 1
        db.session.get_one(User, auditor).email = "rowe@outside.example"
        commit()
        db.session.rollback()
    assert as_(auditor).get(f"/audit/{number}/venues/{scene.venue}").status == 200


def test_a_question_is_mailed_once_even_after_nights_that_were_missed(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        number = engage(make_auditor(), scene.venue)
        row = db.session.get_one(Engagement, number)
        in_city(scene.venue, lambda: work.ask(row, scene.venue, "", "Why?", by=row.auditor_id or 0))
        told = []
        for days in (3, 4, 5):
            db.session.rollback()
            with clock.moved_to(clock.now() + days * DAY):
                lock(CITY)
                work.tell()
                commit()
            mails = select(OutboxMail.user_id).where(
                OutboxMail.kind == "something-waits", OutboxMail.user_id == scene.champion
            )
            told.append(len(db.session.scalars(mails).all()))
        assert told == [1, 1, 1]
        db.session.rollback()


def test_one_auditor_does_not_reach_the_audit_of_another(app: Flask, as_: As) -> None:
    with app.app_context():
        scene, other = make_ready(), make_ready()
        mine, theirs = make_auditor(), make_auditor()
        first = engage(mine, scene.venue)
        second = engage(theirs, scene.venue, other.venue)
    visitor = as_(mine)
    assert visitor.get(f"/audit/{first}/venues/{scene.venue}").status == 200
    for address in (
        f"/audit/{second}/venues/{scene.venue}",
        f"/audit/{first}/venues/{other.venue}",
        f"/audit/{second}/venues/{other.venue}/ask",
    ):
        visitor.get(address, 404)
