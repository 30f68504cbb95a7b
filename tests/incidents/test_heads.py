"""Heads are kept and mailed once a day, say no more than a number, and find what was cut off."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from charter.cli import run_nightly
from charter.core import clock, letters, trail
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.mail import OutboxMail
from charter.core.trail import TrailEntry
from charter.incidents import chain, following, heads, reading
from charter.incidents.models import BookHead, BookLine, Entry
from tests.builders.accounts import make_member, make_user
from tests.builders.certificates import noon
from tests.builders.incidents import book_lock, make_entry, writer
from tests.builders.venues import make_venue

DAY = date(2026, 11, 20)
SINCE = date(2026, 1, 1)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


def make_team() -> tuple[int, list[str]]:
    """A venue with a champion, a manager and somebody of the staff; the addresses of the first."""
    venue = make_venue(state="working")
    found = [
        make_member(role, venue=venue, starts_on=SINCE).email
        for role in (Role.CHAMPION, Role.MANAGER)
    ]
    make_member(Role.STAFF, venue=venue, starts_on=SINCE)
    make_member(Role.AUDITOR, venue=venue, starts_on=SINCE, ends_on=DAY + timedelta(days=400))
    return venue.id, found


def night(on: date) -> str:
    db.session.rollback()
    with clock.moved_to(noon(on)):
        return run_nightly(after_a_pause=True)


def mails(kind: str) -> list[tuple[str, str]]:
    """Who was sent a mail of a kind, and what it says, in order."""
    rows = db.session.scalars(
        sa.select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)
    ).all()
    found = [(row.recipient or "", f"{row.subject}\n{row.body}") for row in rows]
    db.session.rollback()
    return found


def leads_to(said: str) -> str:
    """The page that the link in a mail opens; fails where there is none."""
    [path] = re.findall(r"https://[^/\s]+(/\S+/books?\S*)", said)
    return str(current_app.url_map.bind("localhost").match(path)[0])


def verified(kept: list[chain.Head] | None = None) -> dict[int, str | None]:
    found = {each.book: each.fault for each in chain.verify(kept=kept or ())}
    db.session.rollback()
    return found


def test_a_head_is_kept_noted_and_mailed_once_a_day(in_app: Flask) -> None:
    here, team = make_team()
    quiet, _ = make_team()
    by = writer(make_user().id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by, said="CANARY")
        make_entry(here, by, relation="in-charge")
    assert "2 books sealed" in night(DAY)
    assert "sealed" not in night(DAY), "once a day, however often it runs"
    with clock.moved_to(noon(DAY)):
        make_entry(here, by)
    assert "sealed" not in night(DAY)
    [row] = db.session.scalars(sa.select(BookHead).where(BookHead.book == here)).all()
    assert (row.on, row.seq, row.entries, len(row.mac)) == (DAY, 1, 1, 32)
    [noted] = [each for each in trail.history(here) if each.verb == "book.head"]
    assert noted.detail == {
        **{"on": "2026-11-20", "lines": 1, "entries": 1},
        "head": row.mac.hex(),
    }
    sent = mails("book-seal")
    assert sorted(to for to, _ in sent) == sorted(team)
    line = f"book {here} on 2026-11-20: 1 lines, 1 entries, seal {chain.seal(row.mac)}"
    for _, said in sent:
        assert line in said
        assert f"/venues/{here}/book" in said
        assert leads_to(said) == "incidents.index"
        assert "CANARY" not in said
    [(to, office)] = mails("book-seals")
    assert leads_to(office) == "office_books.index"
    assert to == "office@charter.example"
    assert [mark.book for mark in letters.marks(office)] == [CITY, here]
    assert line in office
    assert verified() == {CITY: None, here: None}
    assert quiet not in verified()


def test_a_missed_day_is_in_the_next_head_and_a_quiet_book_has_none(in_app: Flask) -> None:
    here, team = make_team()
    by = writer(make_user().id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by)
    night(DAY)
    for days in (1, 2):
        night(DAY + timedelta(days=days))
    with clock.moved_to(noon(DAY + timedelta(days=3))):
        make_entry(here, by)
    night(DAY + timedelta(days=6))
    rows = db.session.execute(sa.select(BookHead.on, BookHead.seq).order_by(BookHead.on)).all()
    assert rows == [(DAY, 1), (DAY + timedelta(days=6), 2)]
    assert len(mails("book-seal")) == 2 * len(team)
    assert len(mails("book-seals")) == 2
    assert verified() == {here: None}


def test_the_office_hears_of_heads_that_a_kill_kept_from_it(in_app: Flask) -> None:
    here, _ = make_team()
    by = writer(make_user().id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by)
        db.session.rollback()
        for _book in heads.nightly():
            commit()  # and then the machine dies
    with clock.moved_to(noon(DAY + timedelta(days=1))):
        make_entry(here, by)
    night(DAY + timedelta(days=1))
    [(_, office)] = mails("book-seals")
    assert [mark.on for mark in letters.marks(office)] == [DAY, DAY + timedelta(days=1)]


def cut(book: int, seq: int) -> None:
    """Take the last line out of a book, with every sign of it that lies in the database."""
    db.session.execute(sa.delete(BookLine).where(BookLine.book == book, BookLine.seq == seq))
    db.session.execute(sa.delete(BookHead).where(BookHead.book == book))
    db.session.execute(sa.delete(TrailEntry).where(TrailEntry.verb == "book.head"))
    db.session.commit()


def test_a_cut_tail_shows_against_the_mail_and_against_nothing_else(
    in_app: Flask, tmp_path: Path
) -> None:
    here, _ = make_team()
    by = writer(make_user().id)
    with clock.moved_to(noon(DAY)):
        make_entry(here, by)
        book_lock(here)
        monday = DAY - timedelta(days=DAY.weekday() + 14)
        following.sign_nil_week(here, monday, by)
        commit()
    night(DAY)
    [_, (_, said)] = mails("book-seal")
    filed = tmp_path / "mails.txt"
    filed.write_text(f"From: us\n\n{said}\n\n-- \nfiled\n", "utf-8")
    command = in_app.test_cli_runner().invoke
    assert command(args=["book", "verify", "--heads", str(filed)]).exit_code == 0
    cut(here, 2)
    plain = command(args=["book", "verify"])
    assert plain.exit_code == 0, "nothing inside can show it"
    held = command(args=["book", "verify", "--heads", str(filed)])
    assert held.exit_code == 1
    assert f"book {here}: BAD: lines after 1 were cut off: a head of line 2 was kept" in held.output
    db.session.execute(sa.delete(BookLine))
    db.session.execute(sa.delete(Entry))
    db.session.commit()
    gone = command(args=["book", "verify", "--heads", str(filed)])
    assert gone.exit_code == 1
    assert "lines after 0 were cut off" in gone.output


def test_the_commands(in_app: Flask, tmp_path: Path) -> None:
    here, _ = make_team()
    other, _ = make_team()
    by = writer(make_user().id)
    for book in (here, other):
        make_entry(book, by)
    make_entry(here, by, relation="in-charge")
    command = in_app.test_cli_runner().invoke
    printed = command(args=["book", "heads"])
    assert [mark.book for mark in letters.marks(printed.output)] == [CITY, here, other]
    filed = tmp_path / "heads.txt"
    filed.write_text(printed.output, "utf-8")
    whole = command(args=["book", "verify", "--heads", str(filed)])
    assert whole.exit_code == 0
    assert "the office's own series: 1 lines, 1 entries, seal " in whole.output
    db.session.execute(
        sa.update(Entry).where(Entry.book == other).values(severity=1, category="theft")
    )
    db.session.commit()
    bad = command(args=["book", "verify"])
    assert bad.exit_code == 1
    assert f"book {other}: BAD: entry 1 was changed: category" in bad.output
    assert "1 books do not verify" in bad.output
    assert command(args=["book", "verify", "--book", str(here)]).exit_code == 0
    filed.write_text("nothing of ours", "utf-8")
    nothing = command(args=["book", "verify", "--heads", str(filed)])
    assert nothing.exit_code == 1
    assert "No head of a book" in nothing.output


def test_an_entry_at_a_venue_that_left_can_be_let_go_of(in_app: Flask) -> None:
    here, _ = make_team()
    by = writer(make_user().id)
    make_entry(here, by)
    book_lock(here)
    entry = reading.entry(here, 1)
    assert entry is not None
    following.hold(entry, by, why="A court")
    commit()
    command = in_app.test_cli_runner().invoke
    assert command(args=["book", "release", str(here), "7", "--why", "x"]).exit_code == 1
    done = command(args=["book", "release", str(here), "1", "--why", "The court is done"])
    assert done.exit_code == 0, done.output
    again = command(args=["book", "release", str(here), "1", "--why", "x"])
    assert again.exit_code == 1
    assert "not kept for longer" in again.output
    db.session.expire_all()
    entry = reading.entry(here, 1)
    assert entry is not None
    assert not entry.is_held
    assert reading.lines(entry, with_words=True)[-1].words == {"why": "The court is done"}
    assert verified() == {here: None}
