"""What the pages of the network read: the board, one post with its replies, what is one's own.

Every page costs the same number of statements however much is on the board.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, or_, select

from charter.accounts.models import Membership, User
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.core.files import StoredFile
from charter.core.text import is_number
from charter.network import rules, service
from charter.network.models import Notice, NoticeReply
from charter.network.rules import Kind, Piece, State
from charter.sessions.models import TrainingSession
from charter.training import courses

PAGE = 20
MOST_OWN = 10
NEXT_SESSIONS = 5
POST_KEY = "post"
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Line:
    """A post as one line of the board; a reply in a list names the post it belongs to."""

    notice_id: int
    reply_id: int | None
    title: str
    what: str
    who: str
    on: date
    status: str
    because: str


@dataclass(frozen=True, slots=True)
class Board:
    """One page of the board, and where the next one begins."""

    lines: Sequence[Line]
    next: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A post or a reply in full, for somebody who may see it; `key` tells its form from others."""

    id: int
    key: str
    pieces: Sequence[Piece]
    who: str
    at: datetime
    state: State
    because: str
    from_office: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with its replies, as one person sees them."""

    id: int
    kind: Kind
    title: str
    file: StoredFile | None
    post: Said
    replies: Sequence[Said]

    def reply(self, reply_id: int) -> Said | None:
        """One of its replies, or None."""
        return next((said for said in self.replies if said.id == reply_id), None)

    @property
    def undecided(self) -> Sequence[str]:
        """Keys of what waits here for the office and is not the reader's own."""
        waits = [self.post, *(self.replies if self.post.state == State.SHOWN else ())]
        return [s.key for s in waits if s.state == State.WAITING and not s.is_own]


@dataclass(frozen=True, slots=True)
class NextSession:
    """A session that the office runs soon."""

    id: int
    title: str
    starts_at: datetime
    place: str


def board(*, kind: Kind | None = None, before: str | None = None) -> Board:
    """What is on the board, newest first, from `before` on (the `next` of the page before).

    Nonsense in `before` is the start. Three statements.
    """
    query = select(Notice).where(Notice.state == State.SHOWN)
    if kind is not None:
        query = query.where(Notice.kind == kind)
    cursor = _read(before)
    if cursor is not None:
        at, last = cursor
        query = query.where(or_(Notice.at < at, (Notice.at == at) & (Notice.id < last)))
    query = query.order_by(Notice.at.desc(), Notice.id.desc()).limit(PAGE + 1)
    rows = db.session.scalars(query).all()
    following = _write(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Board(_lines(rows[:PAGE]), following)


def _write(row: Notice) -> str:
    return _SEPARATOR.join((row.at.astimezone(UTC).isoformat(), str(row.id)))


def _read(before: str | None) -> tuple[datetime, int] | None:
    """A cursor from an address, or None for none and for nonsense."""
    moment, _, number = (before or "").partition(_SEPARATOR)
    if not is_number(number):
        return None
    try:
        at = datetime.fromisoformat(moment.replace(" ", "+"))
        return (at.astimezone(UTC), int(number)) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def own(by: int) -> Sequence[Line]:
    """What somebody wrote that others do not see: what waits, and what is not shown and why."""
    notices = select(Notice).where(Notice.author_id == by, Notice.state != State.SHOWN)
    replies = (
        select(NoticeReply)
        .join(NoticeReply.notice)
        .where(
            NoticeReply.author_id == by,
            NoticeReply.state != State.SHOWN,
            Notice.state == State.SHOWN,
        )
    )
    found = service.some(
        notices.order_by(Notice.at.desc(), Notice.id.desc()).limit(MOST_OWN),
        replies.order_by(NoticeReply.at.desc(), NoticeReply.id.desc()).limit(MOST_OWN),
    )
    found.sort(key=lambda row: row.at, reverse=True)
    return [_line(row, "", State(row.state).label) for row in found[:MOST_OWN]]


def queue(state: State) -> Sequence[Line]:
    """What waits for the office, or what it keeps off the board, with who wrote it."""
    rows = service.waiting() if state == State.WAITING else service.not_shown()
    roles = _authors(rows)
    return [_line(row, _signature(row, roles), "") for row in rows]


def _lines(rows: Sequence[Notice]) -> Sequence[Line]:
    names = _authors(rows)
    query = (
        select(NoticeReply.notice_id, func.count())
        .where(
            NoticeReply.notice_id.in_([row.id for row in rows]), NoticeReply.state == State.SHOWN
        )
        .group_by(NoticeReply.notice_id)
    )
    counts = {notice_id: number for notice_id, number in db.session.execute(query)}
    return [
        _line(row, _signature(row, names), Kind(row.kind).replies(counts.get(row.id, 0)))
        for row in rows
    ]


def _line(row: Notice | NoticeReply, who: str, status: str) -> Line:
    notice = row if isinstance(row, Notice) else row.notice
    return Line(
        notice_id=notice.id,
        reply_id=None if isinstance(row, Notice) else row.id,
        title=notice.title,
        what=Kind(notice.kind).label if row is notice else "Reply",
        who=who,
        on=clock.local(row.at).date(),
        status=status,
        because=row.decided_because or "",
    )


Authors = dict[int, tuple[str, set[Role]]]


def _authors(rows: Iterable[Notice | NoticeReply]) -> Authors:
    """Names and today's roles of whoever wrote these; one statement."""
    today = clock.today()
    holds = (
        (Membership.user_id == User.id)
        & (Membership.starts_on <= today)
        & (Membership.ends_on.is_(None) | (Membership.ends_on >= today))
    )
    query = (
        select(User.id, User.name, Membership.role)
        .outerjoin(Membership, holds)
        .where(User.id.in_({row.author_id for row in rows}))
    )
    found: Authors = {}
    for user_id, name, role in db.session.execute(query):
        roles = found.setdefault(user_id, (name, set()))[1]
        if role is not None:
            roles.add(Role(role))
    return found


def _signature(row: Notice | NoticeReply, authors: Authors) -> str:
    name, roles = authors[row.author_id]
    return rules.signature(name, roles, from_office=row.from_office)


def shown(notice_id: int, *, by: int, is_office: bool) -> Shown | None:
    """A post with those of its replies that somebody sees; None if they may not see the post.

    Three statements, four with a file.
    """
    notice = visible(notice_id, by=by, is_office=is_office)
    if notice is None:
        return None
    query = select(NoticeReply).where(NoticeReply.notice_id == notice_id)
    if not is_office:
        query = query.where(or_(NoticeReply.state == State.SHOWN, NoticeReply.author_id == by))
    replies = db.session.scalars(query.order_by(NoticeReply.at, NoticeReply.id)).all()
    authors = _authors([notice, *replies])
    return Shown(
        id=notice.id,
        kind=Kind(notice.kind),
        title=notice.title,
        file=notice.file,
        post=_said(notice, authors, by),
        replies=[_said(row, authors, by) for row in replies],
    )


def visible(notice_id: int, *, by: int, is_office: bool) -> Notice | None:
    """A post if somebody may see it, else None."""
    notice = db.session.get(Notice, notice_id)
    if notice is None:
        return None
    is_author = notice.author_id == by
    may = rules.sees(notice.state, is_author=is_author, is_office=is_office)
    return notice if may else None


def _said(row: Notice | NoticeReply, authors: Authors, by: int) -> Said:
    return Said(
        id=row.id,
        key=POST_KEY if isinstance(row, Notice) else f"reply-{row.id}",
        pieces=rules.pieces(row.body),
        who=_signature(row, authors),
        at=row.at,
        state=State(row.state),
        because=row.decided_because or "",
        from_office=row.from_office,
        is_own=row.author_id == by,
    )


def next_sessions() -> Sequence[NextSession]:
    """The sessions that the office runs next, for every venue; one statement."""
    rows = db.session.scalars(
        select(TrainingSession)
        .where(
            TrainingSession.venue_id.is_(None),
            TrainingSession.starts_at > clock.now(),
            TrainingSession.cancelled_at.is_(None),
        )
        .order_by(TrainingSession.starts_at, TrainingSession.id)
        .limit(NEXT_SESSIONS)
    )
    return [
        NextSession(row.id, courses.title(row.course_key), row.starts_at, row.place or "Online")
        for row in rows
    ]
