"""Tables of the notice board."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from charter.core import clock
from charter.core.db import Model
from charter.core.files import StoredFile


class Notice(Model):
    """Something on the board; `kind` and `state` are of `rules`, with words for its author."""

    __table_args__ = (
        Index("ix_notice_state_at_id", "state", "at", "id"),
        Index("ix_notice_kind_state_at_id", "kind", "state", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    from_office: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    state: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_because: Mapped[str | None] = mapped_column(String(300))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    file: Mapped[StoredFile | None] = relationship()


class NoticeReply(Model):
    """An answer to something on the board; the office looks at it first, like at a notice."""

    __table_args__ = (Index("ix_notice_reply_state_at_id", "state", "at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    from_office: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    state: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_because: Mapped[str | None] = mapped_column(String(300))
    once: Mapped[str | None] = mapped_column(String(32), unique=True)

    notice: Mapped[Notice] = relationship()
