"""Tables of the incident book: its lines, what they come to, and what is sealed.

`book` is the number of a series: a venue's id, or `CITY` for the office's own series. A line is
never changed; an entry is what its lines come to, kept so that pages can ask for it, and the
check of the book puts the lines together again and compares.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model
from charter.core.sealed import Sealable, SealedText


class Entry(Sealable, Model):
    """One numbered entry of a book: what its lines come to today.

    `happened_wall` is what the clock on the wall showed ("2026-10-25T01:30") and `fold` which pass
    of a repeated hour; `night` is the date on which that night began, `weekday` its day (0 is
    Monday) and `part` its part of the night (`rules.Part`). `team` is the writer's: `rules.Team`.
    `since_on` is the day on which a person last wrote about it, from which the time it is kept is
    counted. The two keys open what is sealed of it and are destroyed when that time is over.
    """

    __table_args__ = (
        UniqueConstraint("book", "number"),
        Index("ix_entry_book_night", "book", "night", "zone_id", "category", "part"),
        Index("ix_entry_book_made_at", "book", "made_at", "is_late", "is_complete", "team"),
        Index("ix_entry_book_by_user_id", "book", "by_user_id", "number"),
        Index("ix_entry_book_read_at", "book", "read_at", "number"),
        Index("ix_entry_book_state", "book", "state", "number"),
        Index("ix_entry_book_cctv", "book", "cctv", "cctv_until"),
        Index("ix_entry_venue_id_shared", "venue_id", "shared", "number"),
        Index("ix_entry_since_on", "since_on"),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[int]
    number: Mapped[int]
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    once: Mapped[str] = mapped_column(String(32), unique=True)
    made_at: Mapped[datetime]
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    by_member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    team: Mapped[str] = mapped_column(String(12))
    category: Mapped[str] = mapped_column(String(20))
    kinds: Mapped[list[str]] = mapped_column(JSON)
    severity: Mapped[int]
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    spot_x: Mapped[int | None]
    spot_y: Mapped[int | None]
    happened_at: Mapped[datetime]
    happened_wall: Mapped[str] = mapped_column(String(16))
    fold: Mapped[int] = mapped_column(default=0)
    is_around: Mapped[bool] = mapped_column(default=False)
    night: Mapped[date]
    weekday: Mapped[int]
    part: Mapped[str] = mapped_column(String(12))
    is_late: Mapped[bool]
    is_complete: Mapped[bool]
    late_hours: Mapped[int]
    has_words: Mapped[bool]
    acted: Mapped[str | None] = mapped_column(String(8))
    relation: Mapped[str | None] = mapped_column(String(16))
    known_by: Mapped[str | None] = mapped_column(String(16))
    wish: Mapped[list[str]] = mapped_column(JSON)
    actions: Mapped[list[str]] = mapped_column(JSON)
    who_left: Mapped[str | None] = mapped_column(String(16))
    licence: Mapped[dict[str, Any]] = mapped_column(JSON)
    cctv: Mapped[str] = mapped_column(String(12))
    cctv_until: Mapped[date | None]
    cctv_saved_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str | None] = mapped_column(String(20))
    closed_at: Mapped[datetime | None]
    shared: Mapped[str] = mapped_column(String(8), default="")
    is_held: Mapped[bool] = mapped_column(default=False)
    paper_page_id: Mapped[int | None] = mapped_column(ForeignKey("paper_page.id"), unique=True)
    since_on: Mapped[date]
    words_wiped_on: Mapped[date | None]
    names_wiped_on: Mapped[date | None]
    words_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    names_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    words_key = SealedText("words_key_sealed")
    names_key = SealedText("names_key_sealed")


class BookLine(Model):
    """One line of a book, chained to the line before it; never changed and never deleted.

    `facts` are what can stay for ever: keys, numbers, dates. `words` are what people wrote,
    encrypted with the entry's own key; when its time is over they are taken away and
    `words_digest`, which the chain covers, stays.
    """

    __table_args__ = (
        UniqueConstraint("book", "seq"),
        Index("ix_book_line_entry_id_seq", "entry_id", "seq"),
        Index("ix_book_line_book_kind_seq", "book", "kind", "seq"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[int]
    seq: Mapped[int]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entry.id"))
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    by_member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    words: Mapped[bytes | None] = mapped_column(LargeBinary)
    words_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class EntryPerson(Model):
    """Somebody an entry is about: their part and age band are facts, who they are is sealed.

    `who` holds a name and a description under the entry's second key; the line that added the
    person carries its digest. `is_struck`: a later line says that this was wrong.
    """

    __table_args__ = (UniqueConstraint("entry_id", "n"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    n: Mapped[int]
    part: Mapped[str] = mapped_column(String(12))
    age: Mapped[str] = mapped_column(String(12))
    who: Mapped[bytes | None] = mapped_column(LargeBinary)
    who_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    is_struck: Mapped[bool] = mapped_column(default=False)


class FollowUp(Model):
    """Something to be done after an entry, by whom and by when; what it is stands in its line."""

    __table_args__ = (
        UniqueConstraint("entry_id", "n"),
        Index("ix_follow_up_book_done_on_due_on", "book", "done_on", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    n: Mapped[int]
    seq: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    due_on: Mapped[date]
    done_on: Mapped[date | None]


class EntryDraft(Sealable, Model):
    """What somebody has typed of an entry and not saved yet, sealed; one for each form opened.

    It is theirs alone: found by the form's own token together with who opened it.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    once: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"), index=True)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    typed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    typed = SealedText("typed_sealed")


class PaperPage(Model):
    """A blank numbered page that was printed for the door, with the code it carries.

    `spoiled_on`: it was torn, lost or not used, and nothing will be typed in from it.
    """

    __table_args__ = (UniqueConstraint("venue_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    number: Mapped[int]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    printed_at: Mapped[datetime] = mapped_column(default=clock.now)
    printed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    spoiled_on: Mapped[date | None]
    spoiled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class BookHead(Model):
    """How far a book had come at the end of a day, and its seal, as it was mailed out."""

    __table_args__ = (UniqueConstraint("book", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[int]
    on: Mapped[date]
    seq: Mapped[int]
    entries: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class BookTerms(Model):
    """What a venue's own licence asks of its book: the records that are switched on, by key."""

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    records: Mapped[list[str]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
