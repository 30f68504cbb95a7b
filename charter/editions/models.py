"""Tables of the editions of the charter, and of the office's own thresholds."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from charter.core import clock
from charter.core.db import Model


class EditionRow(Model):
    """One edition of the charter as loaded from its seed file; `meaning` may never change."""

    __tablename__ = "edition"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    effective_from: Mapped[date]
    meaning: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    loaded_at: Mapped[datetime] = mapped_column(default=clock.now)


class ThresholdOverride(Model):
    """The office's own value for one of an edition's thresholds, from a day on."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_key: Mapped[str] = mapped_column(ForeignKey("edition.key"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[float]
    from_on: Mapped[date]
    set_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    set_at: Mapped[datetime] = mapped_column(default=clock.now)
