"""What whoever runs the machine may see: settings that are no secret, mail, heads of the trail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from charter import config
from charter.core import mail
from charter.core.db import CITY, db
from charter.core.text import in_words
from charter.core.trail import TrailEntry
from charter.office import retention


@dataclass(frozen=True, slots=True)
class Trail:
    """How long the trail is and where it ends.

    `heads` is one number for the heads of all chains, to write down somewhere else: it changes
    when any chain grows, and a chain that was cut no longer gives it.
    """

    chains: int
    entries: int
    city_head: str
    heads: str
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of this installation: no secret, no name, no text of anybody's."""

    settings: Sequence[tuple[str, str]]
    mail_waiting: int
    mail_in_trouble: Sequence[tuple[int, str, datetime]]
    trail: Trail


def machine() -> Machine:
    """The state of this installation now."""
    troubled = [(each.id, each.kind, each.created_at) for each in mail.in_trouble()]
    return Machine(_settings(config.current()), mail.waiting(), troubled, _trail())


def _settings(now: config.Settings) -> list[tuple[str, str]]:
    city, smtp, swept = now.city, now.smtp, retention.last_run()
    return [
        ("Kind of installation", "A demo: everything is made up" if now.demo else "A city"),
        ("Address", now.public_url),
        ("Database", db.engine.dialect.name),
        ("Mail server", f"{smtp.host}:{smtp.port} ({smtp.security})" if smtp else "Not set"),
        ("Proxies before us", str(now.proxies)),
        ("Largest upload", f"{now.upload_bytes // 1024 // 1024} MB"),
        ("Key that seals new records", now.secrets.current),
        ("Time zone", str(city.timezone)),
        ("A night ends at", f"{city.night_ends_hour:02}:00"),
        ("Edition of the charter", city.edition or "The newest in force"),
        ("Share of renewals that are looked at", f"{city.review_share:.0%}"),
        ("A certificate runs for", f"{city.certificate_months} months"),
        ("Days to answer an appeal", str(city.appeal_days)),
        ("Days of grace before it is suspended", str(city.grace_days)),
        ("Old records were last deleted", in_words(swept) if swept else "Not yet"),
    ]


def _trail() -> Trail:
    last = (
        select(TrailEntry.chain, func.max(TrailEntry.number).label("number"))
        .group_by(TrailEntry.chain)
        .subquery()
    )
    heads = db.session.execute(
        select(TrailEntry.chain, TrailEntry.number, TrailEntry.mac, TrailEntry.at)
        .join(last, (last.c.chain == TrailEntry.chain) & (last.c.number == TrailEntry.number))
        .order_by(TrailEntry.chain)
    ).all()
    whole = hashlib.sha256()
    for row in heads:
        whole.update(f"{row.chain}:{row.number}:{row.mac.hex()}\n".encode())
    return Trail(
        chains=len(heads),
        entries=sum(row.number for row in heads),
        city_head=next((row.mac.hex() for row in heads if row.chain == CITY), ""),
        heads=whole.hexdigest() if heads else "",
        last_at=max((row.at for row in heads), default=None),
    )
