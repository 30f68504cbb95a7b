"""What venues have to mend, as the office sees it: in order, filtered, page by page, and as CSV."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from charter.audits.models import Action
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.office import board, mending
from charter.office.mending import Asked
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.audits import make_walk, weak
from tests.builders.commitments import Scene, make_scene
from tests.builders.floorplans import make_rooms
from tests.counting import counted
from tests.visitor import Visitor

As = Callable[[int], Visitor]


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A venue that found a lot, with due days on half of it; and one that left."""
    with app.app_context():
        made = make_scene(name="The Lantern", area="Harbour", postcode="SM1 2AB")
        make_rooms(made, [("door", "Door"), ("main-bar", "Bar"), ("dance-floor", "Floor")])
        make_walk(made.venue, made.champion, say=weak, is_quick=False)
        gone = make_scene(name="Gone")
        make_walk(gone.venue, gone.champion, say=weak)
        db.session.execute(update(Venue).where(Venue.id == gone.venue).values(state="left"))
        rows = db.session.scalars(select(Action).where(Action.venue_id == made.venue)).all()
        for n, row in enumerate(rows):
            if n % 2:
                row.due_on = clock.today() + timedelta(days=5 - n // 3)
                row.owner_id = made.champion
                row.moved = n % 3
        db.session.commit()
        return made


def found(**asked: str) -> list[tuple[int, int]]:
    """Everything that is asked for, page by page, as venue and number."""
    rows, after = [], ""
    while True:
        page = mending.page(Asked(**asked, after=after))
        rows += [(row.venue_id, row.number) for row in page.rows]
        after = page.after
        if not after:
            db.session.rollback()
            return rows


def test_pages_hold_everything_once_what_is_due_first_on_top(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        whole = found()
        rows = db.session.scalars(select(Action).where(Action.venue_id == scene.venue)).all()
        dated = sorted(
            (each for each in rows if each.due_on), key=lambda each: (each.due_on, each.id)
        )
        bare = sorted((each for each in rows if not each.due_on), key=lambda each: each.id)
        assert whole == [(scene.venue, each.number) for each in (*dated, *bare)]
        for size in (1, 3, len(dated), len(dated) + 1):
            monkeypatch.setattr(board, "PAGE", size)
            assert found() == whole
        late = [each for each in dated if each.due_on < clock.today()]
        assert found(show="overdue") == [(scene.venue, each.number) for each in late]
        assert len(found(show="unplanned")) == len(bare)
        assert len(found(show="put-off")) == sum(each.moved > 0 for each in rows)
        assert len(found(mends="people")) == sum(each.mends == "people" for each in rows)
        assert found(find="lantern") == found(area="Harbour") == whole
        assert found(find="nobody") == []
        first = [row.id for row in mending.page(Asked()).rows]
        for wrong in ("x", "2026-99-99~1", "~", "2026-01-01~x", "~99999999999"):
            assert [row.id for row in mending.page(Asked(after=wrong)).rows] == first


def test_an_address_asks_for_what_is_offered_and_nothing_else() -> None:
    asked = Asked.read({"show": "everything", "mends": "walls", "find": " lan ", "after": "\x00"})
    assert asked == Asked(find="lan")


def test_the_page_and_its_csv_say_the_same(app: Flask, scene: Scene, as_: As) -> None:
    with app.app_context():
        officer = make_member(Role.OFFICER).id
        db.session.scalars(select(Action).where(Action.due_on.is_not(None))).first().wrong = "=1+1"  # type: ignore[union-attr]  # there are some
        db.session.commit()
    desk = as_(officer)
    page = desk.get("/office/to-mend")
    assert "The Lantern" in page.text
    assert "Gone" not in page.text
    assert "overdue" in page.text
    rows = list(csv.reader(io.StringIO(desk.answer("/office/to-mend.csv").text)))
    with app.app_context():
        assert len(rows) - 1 == len(found())
    assert rows[0][:3] == ["venue", "postcode", "area"]
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert "Nothing fits" in desk.get("/office/to-mend?find=nobody").text
    as_(scene.champion).get("/office/to-mend", 404)


def test_a_page_asks_no_more_for_many(app: Flask, scene: Scene) -> None:
    with app.app_context():
        mending.page(Asked())
        db.session.rollback()
        with counted(app) as few:
            mending.page(Asked(show="overdue"))
        assert len(few) <= 3
