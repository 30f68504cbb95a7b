"""After the purge nothing that people wrote is anywhere: F105, with a sweep that can find it.

The sweep looks for words in the clear, and for the sealed bytes and the wrapped keys that open
them: in the database's file with its free pages, in its write-ahead log, and in everything else
that lies in the city's folder.
"""

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from charter.cli import run_nightly
from charter.core import clock, mail, sealed
from charter.core.access import Role
from charter.core.db import commit, db
from charter.core.mail import OutboxMail
from charter.incidents import amending, chain, drafts, following, people, reading, sealing
from charter.incidents.choices import Cctv
from charter.incidents.models import BookLine, Entry, EntryDraft, EntryPerson
from charter.incidents.people import Somebody
from charter.venues.models import Venue, Zone
from tests.builders.accounts import make_member
from tests.builders.certificates import noon
from tests.builders.incidents import book_lock, make_entry, make_zone, writer
from tests.builders.venues import make_venue

pytestmark = pytest.mark.sqlite_only
WORDS = "CANARY-SPOKE"
NAME = "CANARY-BY-NAME"
SINCE = date(2026, 1, 1)
WRITTEN, PURGED = date(2026, 11, 20), date(2028, 11, 21)
CHUNK = 24


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


def places(app: Flask) -> dict[str, bytes]:
    """Everything that lies in the city's folder, with the database, by its name."""
    database = Path(str(db.engine.url.database))
    folder = app.extensions["charter.settings"].folder
    found = {*database.parent.glob(database.name + "*"), *folder.rglob("*")}
    return {each.name: each.read_bytes() for each in found if each.is_file()}


def where(app: Flask, secrets: dict[str, bytes]) -> set[str]:
    """Which secrets lie where: any stretch of one counts, for a row may lie on two pages."""
    found = set()
    for name, content in places(app).items():
        for what, secret in secrets.items():
            pieces = (
                secret[at : at + CHUNK] for at in range(0, max(1, len(secret) - CHUNK), CHUNK)
            )
            if any(piece in content for piece in pieces):
                found.add(f"{what} in {name.removeprefix(Path(str(db.engine.url.database)).name)}")
    return found


def write_a_book() -> int:
    """A book in which the canaries stand wherever a person can write; the venue's id."""
    venue_id = make_venue(state="working").id
    champion = make_member(
        Role.CHAMPION, venue=db.session.get_one(Venue, venue_id), starts_on=SINCE
    ).id
    by = writer(champion)
    entry = make_entry(
        venue_id, by, said=f"{WORDS} " * 300, camera=WORDS, because=WORDS, acted_who=WORDS,
        licence_words={"bag-number": WORDS}, hours_ago=40, late_why=WORDS,
    )  # fmt: skip
    number, place = entry.number, db.session.get_one(Venue, venue_id)
    book_lock(venue_id)
    entry = reading.entry(venue_id, number)
    assert entry is not None
    people.add_people(entry, [Somebody("harmed", "18-24", NAME, NAME)], by)
    amending.amend(entry, place, {}, {"said": WORDS}, by, corrects=[1], why=WORDS)
    amending.set_cctv(entry, Cctv.SAVED, by, camera=WORDS, who=NAME)
    following.follow_up(entry, WORDS, champion, clock.today(), by, owners=[champion])
    following.close(entry, "ban", by, texts={"because": WORDS, "told": WORDS})
    following.share_with_police(entry, ("facts", "words"), by, to=NAME, reference=WORDS)
    drafts.keep(venue_id, "d" * 32, {"said": [WORDS]}, by)
    commit()
    return venue_id


def sealed_away() -> dict[str, bytes]:
    """Every wrapped key and every sealed text of the book, by what it is."""
    found = {}
    for entry in db.session.scalars(sa.select(Entry)):
        found |= {"words key": entry.words_key_sealed, "names key": entry.names_key_sealed}
    for line in db.session.scalars(sa.select(BookLine).where(BookLine.words.is_not(None))):
        found[f"line {line.seq}"] = line.words
    for person in db.session.scalars(sa.select(EntryPerson)):
        found[f"person {person.n}"] = person.who
    for draft in db.session.scalars(sa.select(EntryDraft)):
        found["draft"] = draft.typed_sealed
    db.session.rollback()
    return {what: bytes(each or b"") for what, each in found.items()}


def opened_from(raw: bytes, secrets: dict[str, bytes]) -> str:
    """What a thief who has the city's keys reads out of a file: its words, opened."""
    entry = db.session.scalars(sa.select(Entry)).one()
    place, book = f"entry/words_key_sealed/{entry.seal_name}", entry.book
    db.session.rollback()
    at = raw.index(secrets["words key"])
    key = sealed.unseal(raw[at : at + len(secrets["words key"])], place).decode()
    at = raw.index(secrets["line 4"])
    words = raw[at : at + len(secrets["line 4"])]
    return str(sealing.unseal(key, words, sealing.line_place(book, 4)))


def test_the_sweep_finds_a_canary_and_after_the_purge_there_is_none(
    in_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with clock.moved_to(noon(WRITTEN)):
        venue_id = write_a_book()
        in_the_clear = {"words": WORDS.encode(), "name": NAME.encode()}
        room = make_zone(venue_id, name=WORDS)
        secrets = sealed_away()
        assert len(secrets) == 10
        log = next(each for name, each in places(in_app).items() if name.endswith("-wal"))
        assert WORDS in opened_from(log, secrets), "the sweep sees what is in the log"
        assert where(in_app, secrets) >= {f"{what} in -wal" for what in secrets}
        assert where(in_app, in_the_clear) == {"words in -wal"}
        db.session.execute(sa.delete(Zone).where(Zone.id == room))
        db.session.commit()
        run_nightly()
    database = Path(str(db.engine.url.database))
    assert WORDS in opened_from(database.read_bytes(), secrets), "and what is in the file"
    assert where(in_app, secrets) == {f"{what} in " for what in secrets}
    assert where(in_app, in_the_clear) == set()
    with clock.moved_to(noon(PURGED)):
        told = run_nightly(after_a_pause=True)
        assert "words or names of 1 entries deleted" in told
        assert where(in_app, secrets | in_the_clear) == set()
        [check] = chain.verify()
        db.session.rollback()
        assert (check.fault, check.entries) == (None, 1)
    for mail_ in db.session.scalars(sa.select(OutboxMail)):
        said = f"{mail_.subject} {mail_.body}"
        assert WORDS not in said
        assert NAME not in said
        assert mail.address(mail_.recipient or "")
    assert WORDS not in caplog.text
    assert NAME not in caplog.text


def test_names_go_first_and_the_words_still_open(in_app: Flask) -> None:
    with clock.moved_to(noon(WRITTEN)):
        venue_id = write_a_book()
        secrets = sealed_away()
    with clock.moved_to(noon(date(2027, 11, 21))):
        run_nightly(after_a_pause=True)
    gone = {what for what in secrets if what in ("names key", "person 1", "draft")}
    assert where(in_app, {what: secrets[what] for what in gone}) == set()
    entry = reading.entry(venue_id, 1)
    assert entry is not None
    assert WORDS in str(reading.lines(entry, with_words=True)[0].words)
