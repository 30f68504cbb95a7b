"""Lists of sessions a page at a time: nothing is cut off, and the office's come first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from charter.sessions import lists
from tests.builders.commitments import make_scene
from tests.builders.sessions import begun, count, make_session
from tests.builders.venues import make_venue
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only
As = Callable[[int], Visitor]


@dataclass
class City:
    """Two venues, sessions of the own trainer of one, and later ones of the office."""

    officer: int
    champion: int
    venue: int
    other: int
    own: list[int]
    office: list[int]


@pytest.fixture
def city(app: Flask, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setattr(lists, "PAGE", 2)
    with app.app_context():
        scene, other = make_scene(name="The Lantern"), make_venue(name="The Anchor").id
        own = [
            make_session(by=scene.officer, venue=other, course="bystander", language=f"Own {n}")
            for n in range(3)
        ]
        office = [
            make_session(by=scene.officer, language=f"Ours {n}", place=f"Hall {n}")
            for n in range(3)
        ]
        return City(scene.officer, scene.champion, scene.venue, other, own, office)


def pages(ask: Callable[[int | None], lists.Page]) -> Iterator[list[int]]:
    """A list to its end; the last page has nothing after it."""
    last: int | None = None
    while True:
        found = ask(last)
        yield [row.session.id for row in found.rows]
        last = found.next
        if last is None:
            return


def of(key: str, last: int | None) -> dict[str, int]:
    return {} if last is None else {key: last}


def test_every_session_is_on_a_page_and_the_offices_are_not_behind_others(
    app: Flask, city: City
) -> None:
    with app.app_context():
        first, second, third = city.office
        assert list(pages(lambda last: lists.of_office(of("after", last)).to_come)) == [
            [first, second], [third],
        ]  # fmt: skip
        assert list(pages(lambda last: lists.of_office(of("own_after", last)).own_to_come)) == [
            city.own[:2], city.own[2:],
        ]  # fmt: skip
        mine = list(pages(lambda last: lists.of_venue(city.venue, of("after", last)).to_come))
        assert mine == [[first, second], [third]]
        theirs = list(pages(lambda last: lists.of_venue(city.other, of("after", last)).to_come))
        assert theirs == [city.own[:2], [city.own[2], first], [second, third]]
        # A session of another venue's list, or none at all, is no place to go on from.
        for stray in (city.own[1], 10**12):
            again = lists.of_venue(city.venue, {"after": stray}).to_come
            assert [row.session.id for row in again.rows] == [first, second]
    assert [lists.cursor(each) for each in (None, "", "x", "-1", "9" * 40, "\u0663", "7")] == [
        *[None] * 6, 7,
    ]  # fmt: skip


def test_what_was_counted_goes_on_too_the_latest_first(app: Flask, city: City) -> None:
    with app.app_context():
        for session in city.office:
            with begun(session):
                count(session, 0, by=city.officer)
        assert list(pages(lambda last: lists.of_office(of("before", last)).counted)) == [
            city.office[:0:-1], city.office[:1],
        ]  # fmt: skip
        with begun(city.own[0], minutes=600):
            found = lists.of_office({})
            assert (found.to_come.rows, found.to_count.rows) == ([], [])
            waits = lists.of_venue(city.other, {}).to_count
            assert [row.session.id for row in waits.rows] == city.own[:2]
            assert waits.next is not None


def test_the_pages_have_a_way_on_and_back(as_: As, city: City) -> None:
    officer = as_(city.officer)
    page = officer.get("/office/sessions")
    assert "Hall 1" in page.text
    assert "Hall 2" not in page.text
    ways = [each.href for each in page.links if "after=" in each.href]
    assert [each.rpartition("#")[2] for each in ways] == ["to-come", "own"]
    page = officer.get(ways[0].partition("#")[0])
    assert "Hall 2" in page.text
    assert "Hall 1" not in page.text
    assert "Back to the first" in page.text
    assert "Own trainer of The Anchor" in page.text  # the other list stays where it was
    champion = as_(city.champion)
    page = champion.get(f"/venues/{city.venue}/sessions")
    assert "Ours 2" not in page.text
    (way,) = [each.href for each in page.links if "after=" in each.href]
    assert "Ours 2" in champion.get(way.partition("#")[0]).text
