"""Tables of training: what each person did, and what was done with somebody else's course."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model
from charter.core.files import StoredFile


class TrainingRecord(Model):
    """One person did one course on one day; it counts from `done_on` to `lasts_until`, included.

    `lasts_until` is what the course said on the day it was recorded. `source` is one of
    `records.SOURCES`; `session_id` is the session it was done at, where there was one (no foreign
    key: sessions stand on a floor above). `recorded_at` is server time. A wrong row is taken
    back: `withdrawn_at` ends it from then on, and it can still be read.
    """

    __table_args__ = (
        Index("ix_training_record_venue_id_course_key", "venue_id", "course_key"),
        Index("ix_training_record_member_id_course_key", "member_id", "course_key"),
        Index("ix_training_record_session_id", "session_id"),
        CheckConstraint("lasts_until >= done_on", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    course_key: Mapped[str] = mapped_column(String(60))
    course_version: Mapped[str] = mapped_column(String(20))
    done_on: Mapped[date]
    lasts_until: Mapped[date]
    source: Mapped[str] = mapped_column(String(12))
    session_id: Mapped[int | None]
    outside_id: Mapped[int | None] = mapped_column(ForeignKey("outside_training.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_because: Mapped[str | None] = mapped_column(String(200))


class OutsideCourse(Model):
    """Somebody else's course, and which of our courses the office says that it counts for.

    `counts_for` is None until the office has decided, and empty when it counts for nothing.
    `provider_key` and `title_key` are folded for comparing.
    """

    __table_args__ = (UniqueConstraint("provider_key", "title_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(80))
    provider_key: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(120))
    title_key: Mapped[str] = mapped_column(String(120))
    counts_for: Mapped[list[str] | None] = mapped_column(JSON)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class OutsideTraining(Model):
    """A venue says that some of its people did somebody else's course on a day, and shows proof.

    It makes training rows once the office has said which of our courses the course counts for
    (`state` counted), or none (`returned`, with words). `once` is the token of its form.
    """

    __table_args__ = (Index("ix_outside_training_state_handed_in_at", "state", "handed_in_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("outside_course.id"), index=True)
    done_on: Mapped[date]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    state: Mapped[str] = mapped_column(String(12))
    words: Mapped[str | None] = mapped_column(Text)
    handed_in_at: Mapped[datetime] = mapped_column(default=clock.now)
    handed_in_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    course: Mapped[OutsideCourse] = relationship()
    file: Mapped[StoredFile] = relationship()
    people: Mapped[list["OutsidePerson"]] = relationship(order_by="OutsidePerson.id")


class OutsidePerson(Model):
    """Somebody who did an outside training."""

    __table_args__ = (UniqueConstraint("outside_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    outside_id: Mapped[int] = mapped_column(ForeignKey("outside_training.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"), index=True)


class TeamCount(Model):
    """How many of a venue's people stand how with a course, as numbers to be added up by date.

    The rows of `from_on` = `tally.AS_COUNTED` hold what was counted; each later row, what changes
    by itself on that day. On a day, the sum of all rows up to it is true, until the `holds_until`
    of the first row of the course, the one of everybody (`job` and `employer` empty: a person of
    two jobs once). `course_key` is the first of a course and its variants. Counts, nobody's name.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)

    course_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    employer: Mapped[str] = mapped_column(String(16), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True, index=True)
    people: Mapped[int]
    trained: Mapped[int]
    due: Mapped[int]
    lapsed: Mapped[int]
    never: Mapped[int]
    new: Mapped[int]
    holds_until: Mapped[date | None]


class StarterLack(Model):
    """So many new starters of a venue lack the same thing, from one day to another, included.

    `lack` is one of `tally.LACKS`; `until_on` is `date.max` as long as nothing is known to end it.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)

    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    lack: Mapped[str] = mapped_column(String(12), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    until_on: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]
