"""Certificates follow their facts: since when, why in words, mails, a venue's own sentence."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from charter import config
from charter.certificates import following, reading, remarks, reminders
from charter.certificates.models import Certificate, CertificateEvent
from charter.certificates.rules import State
from charter.commitments import lapses, standing
from charter.core import clock
from charter.core.access import Role
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.mail import OutboxMail
from charter.core.text import in_words
from charter.editions import service as editions
from charter.proofs.models import Evidence
from tests.builders.accounts import make_member
from tests.builders.certificates import holds_until, in_city, issue, make_ready, noon
from tests.builders.commitments import EDITION, Scene, make_proof, restate
from tests.page import Page
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
DAY = timedelta(days=1)
As = Callable[..., Visitor]


def take_again(scene: Scene) -> Certificate:
    """What the night does for one venue; its certificate as it is then."""
    db.session.rollback()
    restate(scene.venue)
    db.session.rollback()
    return reading.of_venue(scene.venue)[0].certificate


def pull_back(scene: Scene, key: str) -> None:
    """Have the proof of a requirement end yesterday, as if it had never been meant for longer."""
    db.session.rollback()
    row = db.session.scalars(
        select(Evidence).where(Evidence.venue_id == scene.venue, Evidence.requirement_key == key)
    ).one()
    row.valid_from = row.happened_on = row.valid_to = clock.today() - DAY
    db.session.commit()


def test_each_check_keeps_the_day_since_which_it_does_not_hold(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        start = clock.today()
        edition = editions.edition(EDITION)
        lost = {
            key: edition.requirement(key).lost_words  # type: ignore[union-attr]  # a key of its own
            for key in ("respond.front-of-house", "message.posters-up")
        }
        assert lost["respond.front-of-house"] == "training cover is below 90 %"
        pull_back(scene, "respond.front-of-house")
        row = take_again(scene)
        assert row.unmet == {"respond.front-of-house": start.isoformat()}
        assert row.unmet_because == (f"Since {in_words(start)}: {lost['respond.front-of-house']}.")
        with clock.moved_to(noon(start + 5 * DAY)):
            pull_back(scene, "message.posters-up")
            row = take_again(scene)
            assert row.unmet_since == start
            assert row.unmet == {
                "respond.front-of-house": start.isoformat(),
                "message.posters-up": (start + 5 * DAY).isoformat(),
            }
            assert f"Since {in_words(start + 5 * DAY)}: {lost['message.posters-up']}." in (
                row.unmet_because or ""
            )
        # The first is mended on its ninth day: the second's own fourteen days go on from there.
        with clock.moved_to(noon(start + 9 * DAY)):
            make_proof(scene.venue, "respond.front-of-house", by=scene.champion)
            row = take_again(scene)
            assert row.unmet == {"message.posters-up": (start + 5 * DAY).isoformat()}
            verdict = reading.of_venue(scene.venue)[0].verdict
            assert (verdict.in_grace, verdict.until) == (True, start + 18 * DAY)
        with clock.moved_to(noon(start + 19 * DAY)):
            verdict = reading.of_venue(scene.venue)[0].verdict
            assert (verdict.state, verdict.since) == (State.SUSPENDED, start + 19 * DAY)
            row = take_again(scene)
            assert row.suspended_on == start + 19 * DAY
            make_proof(scene.venue, "message.posters-up", by=scene.champion)
            row = take_again(scene)
            assert (row.unmet, row.unmet_since, row.suspended_on) == ({}, None, None)
        turns = [each.what for each in reading.history(row.id)]
        assert turns == ["grace", "grace", "suspended", "restored"]
        db.session.rollback()


def test_a_night_that_comes_late_dates_nothing_later(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        end = holds_until(scene.venue)
        with clock.moved_to(noon(end + 40 * DAY)):
            row = take_again(scene)
            assert row.unmet_since == end + DAY
            assert row.suspended_on == end + 15 * DAY
            db.session.rollback()


def test_trouble_of_a_day_leaves_no_mark_on_the_page(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        row = issue(scene)
        pull_back(scene, "respond.front-of-house")
        take_again(scene)
        assert [each.what for each in reading.history(row.id)] == ["grace"]
        make_proof(scene.venue, "respond.front-of-house", by=scene.champion)
        take_again(scene)
        assert reading.history(row.id) == []
        kept = db.session.scalars(select(CertificateEvent.what)).all()
        assert kept == ["grace", "restored"]
        db.session.rollback()


def test_no_grace_suspends_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        end = holds_until(scene.venue)
        monkeypatch.setattr("charter.config.City.grace_days", property(lambda _: 0), raising=True)
        with clock.moved_to(noon(end + DAY)):
            row = take_again(scene)
            assert row.suspended_on == end + DAY
            db.session.rollback()


def test_many_reasons_are_told_in_three_sentences_and_a_number(app: Flask) -> None:
    with app.app_context():
        make_ready()
        keys = [each.key for each in editions.edition(EDITION).requirements[:6]]
        days = {key: date(2026, 5, 1 + n) for n, key in enumerate(keys)}
        words = reading.unmet_words(days, EDITION)
        assert words.count("Since ") == 3
        assert words.endswith("And 3 more checks do not hold.")
        assert "And 1 more check does not hold." in reading.unmet_words(
            dict(list(days.items())[:4]), EDITION
        )
        gone = reading.unmet_words({"no.such-key": date(2026, 5, 1)}, EDITION)
        assert "something the charter asked for" in gone
        db.session.rollback()


# Mails


def night() -> None:
    """Take every standing, then tell, as the nightly run does."""
    db.session.rollback()
    for _ in standing.nightly():
        commit()
    troubled = reminders.remind()
    lapses.tell(but_not=troubled)
    commit()


def mails() -> list[str]:
    """The kinds of every mail about a certificate or a lapse, in order."""
    db.session.rollback()
    kinds = db.session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id)).all()
    return [kind for kind in kinds if kind.startswith(("certificate-", "something-lapsed"))]


def test_mails_tell_of_grace_its_end_a_suspension_and_of_its_end_each_once(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        make_member(Role.STAFF, venue=scene.venue)
        issue(scene)
        end = holds_until(scene.venue)
        said = {
            end: [],
            end + DAY: ["certificate-grace"],
            end + 2 * DAY: [],
            end + 7 * DAY: ["certificate-grace-near"],
            end + 8 * DAY: [],
            end + 15 * DAY: ["certificate-suspended"],
            end + 16 * DAY: [],
        }
        before: list[str] = []
        for day, new in said.items():
            with clock.moved_to(noon(day)):
                night()
                night()
                assert [each for each in mails()][len(before) :] == new, day
                before = mails()
        mail = db.session.scalars(
            select(OutboxMail).where(OutboxMail.kind == "certificate-grace")
        ).one()
        assert mail.user_id == scene.champion
        assert in_words(end + 14 * DAY) in (mail.body or "")
        assert in_words(end + 14 * DAY) in mail.subject
        assert f"/venues/{scene.venue}/certificates" in (mail.body or "")
        with clock.moved_to(noon(end + 20 * DAY)):
            for key in reading.of_venue(scene.venue)[0].certificate.unmet:
                make_proof(scene.venue, key, by=scene.champion)
            db.session.rollback()
            restate(scene.venue)
            night()
            night()
            new = mails()[len(before) :]
            assert new == ["certificate-restored"]
            db.session.rollback()


def test_a_new_lapse_in_the_days_of_grace_is_told_too(app: Flask) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        start = clock.today()
        pull_back(scene, "respond.front-of-house")
        night()
        with clock.moved_to(noon(start + 2 * DAY)):
            pull_back(scene, "message.posters-up")
            night()
            assert mails() == ["certificate-grace", "certificate-grace"]


# One sentence of the venue's own


def page_of(client: Visitor, app: Flask, scene: Scene) -> Page:
    with app.app_context():
        code = reading.of_venue(scene.venue)[0].code
        db.session.rollback()
    return client.get(f"/verify/{code}")


def test_a_venue_adds_one_sentence_and_the_office_may_take_it_away(
    app: Flask, as_: As, client: Visitor
) -> None:
    with app.app_context():
        scene = make_ready()
        number = issue(scene).id
    home = f"/venues/{scene.venue}/certificates"
    champion, office = as_(scene.champion), as_(scene.officer)
    link = f"{home}/{number}/sentence"
    assert any(each.href == link for each in champion.get(home).links)
    assert not any(each.href == link for each in office.get(home).links)
    assert "200" in champion.refused(link, {"words": "x" * 201}).text
    for words in ("We train the new team on Monday.", "The training is done."):
        champion.post(link, {"words": words})
        assert f"The venue says: {words}" in page_of(client, app, scene).text
    page = page_of(client, app, scene)
    assert "We train" not in page.text
    away = f"/office/venues/{scene.venue}/certificates/{number}/sentence/take-away"
    assert "Write why" in office.refused(away).text
    office.post(away, {"because": "It names a person."})
    assert "The venue says" not in page_of(client, app, scene).text
    assert "It names a person." not in page_of(client, app, scene).text
    assert "It names a person." in champion.get(home).text
    office.get(away, 404)
    office.refused(away, {"because": "Again"}, 404)
    champion.post(link, {"words": "New staff are trained on Monday."})
    champion.post(link, {"words": ""})
    assert "The venue says" not in page_of(client, app, scene).text
    with app.app_context():
        newer = issue(scene)
        with pytest.raises(Refused, match="not your current one"):
            in_city(scene.venue, lambda: remarks.say(scene.venue, number, "Old", by=scene.champion))
        db.session.rollback()
        assert reading.remark(newer.id) is None
        db.session.rollback()


def test_the_page_lists_what_became_of_it(app: Flask, client: Visitor) -> None:
    with app.app_context():
        scene = make_ready()
        issue(scene)
        end = holds_until(scene.venue)
    assert "What became of it" not in page_of(client, app, scene).text
    with clock.moved_to(noon(end + 15 * DAY)):
        with app.app_context():
            take_again(scene)
            db.session.rollback()
        text = page_of(client, app, scene).text
        assert f"{in_words(end + 15 * DAY)}: suspended." in text


def test_following_costs_the_same_for_many_that_hold(app: Flask) -> None:
    """One statement for venues whose facts hold, however many; the failing are judged together."""
    from tests.counting import counted

    with app.app_context():
        scenes = [make_ready() for _ in range(3)]
        for scene in scenes:
            issue(scene)
        ids = [scene.venue for scene in scenes]
        costs = []
        for number in (1, 3):
            db.session.rollback()
            lock(CITY, *ids)
            with counted(app) as seen:
                following.follow(ids[:number])
            costs.append(len(seen))
        assert costs[0] == costs[1] <= 2
        for scene in scenes:
            pull_back(scene, "respond.front-of-house")
        costs = []
        for number in (1, 3):
            db.session.rollback()
            lock(CITY, *ids)
            for each in ids:
                standing.restand([each])
            with counted(app) as seen:
                standing.unmet(ids[:number])
            costs.append(len(seen))
        assert costs[0] == costs[1]
        assert config.current().city.grace_days == 14
        db.session.rollback()
