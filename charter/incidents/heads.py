"""The daily heads: how far each book has come, kept by us, by the venue, and by the office.

Each night every book that moved since its last head gets a new one: a row, an entry in the book's
own trail, and a mail to the venue's champions and managers. The office gets all of the night in one
mail. A mail says a number and a seal and nothing of what is in the book. Whoever rewrites or cuts a
book afterwards, with or without its keys, cannot rewrite what was mailed (`chain.verify`).
"""

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import literal, select, union_all

from charter import config
from charter.accounts import notices
from charter.core import clock, letters, mail, trail
from charter.core.db import CITY, CityValue, db, lock
from charter.core.errors import Refused
from charter.core.letters import Mark, Value
from charter.incidents import chain
from charter.incidents.chain import Head
from charter.incidents.models import BookHead, BookLine
from charter.venues.models import Venue

TOLD = "book-seals"


def nightly() -> Iterator[int]:
    """Keep and mail a head of every book that moved; yields each book, for the caller to commit.

    Once a day for each book, however often it runs; a day that was missed is in the next head.
    Begins outside a transaction.
    """
    today = clock.today()
    moved = _moved()
    db.session.rollback()
    for book in moved:
        lock(book)
        if _keep(book, today):
            yield book
        else:
            db.session.rollback()


def _moved() -> list[int]:
    series = union_all(select(Venue.id.label("book")), select(literal(CITY))).subquery()
    last, kept = (
        select(table.seq)
        .where(table.book == series.c.book)
        .order_by(by.desc())
        .limit(1)
        .scalar_subquery()
        for table, by in ((BookLine, BookLine.seq), (BookHead, BookHead.on))
    )
    query = select(series.c.book, last, kept)
    return sorted(book for book, seq, known in db.session.execute(query) if seq and seq != known)


def _keep(book: int, today: date) -> bool:
    newest = db.session.execute(
        select(BookHead.on, BookHead.seq)
        .where(BookHead.book == book)
        .order_by(BookHead.on.desc())
        .limit(1)
    ).first()
    head = chain.head(book)
    if newest is not None and (newest.on >= today or newest.seq == head.seq):
        return False
    db.session.add(BookHead(book=book, on=today, seq=head.seq, entries=head.entries, mac=head.mac))
    thing, number = ("office-book", None) if book == CITY else ("venue", book)
    trail.note(
        "book.head",
        thing,
        number,
        venue_id=number,
        on=today.isoformat(),
        lines=head.seq,
        entries=head.entries,
        head=head.mac.hex(),
    )
    if book != CITY:
        _tell(book, mark(head, today))
    return True


def _tell(venue_id: int, shown: Mark) -> None:
    for user in notices.keepers(venue_id):
        post(
            "book-seal",
            user.email,
            user_id=user.id,
            dedupe=f"book-seal/{venue_id}/{user.id}/{shown.on}",
            link=f"{config.current().public_url}/venues/{venue_id}/book",
            marks=(shown,),
        )


def post(
    kind: str, to: str, *, user_id: int | None = None, dedupe: str | None = None, **values: Value
) -> bool:
    """Post a mail of the night; an address that no mail goes to stops nothing."""
    try:
        return (
            mail.post(kind, to, user_id=user_id, dedupe=dedupe, due_at=None, **values) is not None
        )
    except Refused:
        return False


def tell_office() -> bool:
    """Mail the office every head that it was not told yet; whether there were any.

    Takes the city's lock itself, so it begins outside a transaction; the caller commits.
    """
    lock(CITY)
    today = clock.today()
    told = db.session.get(CityValue, TOLD) or CityValue(name=TOLD, number=0)
    rows = db.session.scalars(
        select(BookHead)
        .where(BookHead.on > date.fromordinal(max(1, told.number)))
        .order_by(BookHead.book, BookHead.on)
    ).all()
    if not rows:
        return False
    told.number = today.toordinal()
    db.session.add(told)
    marks = tuple(mark(Head(row.book, row.seq, row.entries, row.mac), row.on) for row in rows)
    return post(
        "book-seals",
        config.current().city.office_email,
        link=f"{config.current().public_url}/office/books",
        marks=marks,
    )


def mark(head: Head, on: date) -> Mark:
    """A head as it is mailed and filed."""
    return Mark(head.book, on, head.seq, head.entries, head.seal)


def today() -> Iterable[Mark]:
    """How far every book has come now, in the order of the books."""
    on = clock.today()
    for book in chain.books():
        yield mark(chain.head(book), on)


def read(text: str) -> list[Head]:
    """The heads that stand in mails, or in what `flask book heads` printed, as text."""
    return [
        Head(each.book, each.lines, each.entries, bytes.fromhex(each.seal.replace("-", "")))
        for each in letters.marks(text)
    ]
