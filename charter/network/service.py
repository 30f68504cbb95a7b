"""What people do with the notice board: post, reply, look at what waits, take down, take back.

Every verb needs the city's lock and notes the city's trail with ids and states; none commits. A
file is received before the lock (`core.files.receive`) and handed over here. Pages read from
`board`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import contains_eager

from charter import config
from charter.accounts import service as accounts
from charter.core import clock, files, mail, retention, trail
from charter.core.access import GRANTS, Permission
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import Received
from charter.network.models import Notice, NoticeReply
from charter.network.rules import (
    BECAUSE_LIMIT,
    MOST_REPLIES,
    MOST_WAITING,
    Kind,
    State,
    first_state,
)

QUEUE_PAGE = 50


def post(
    kind: Kind,
    title: str,
    body: str,
    received: Received | None,
    *,
    by: int,
    from_office: bool,
    once: str | None = None,
) -> Notice:
    """Put something on the board. A venue's waits for the office; the office's own is shown.

    The same words and file with the same `once` are one post. Refuses no words, and too many from
    one person that wait.
    """
    title, body = title.strip(), body.strip()
    if not title:
        raise Refused("Write a title, so that others find it", "title")
    if not body:
        raise Refused("Write your post", "body")
    known = db.session.scalar(select(Notice).where(Notice.once == once)) if once else None
    if known is not None:
        if (known.author_id, known.title, known.body, _digest(known)) == (
            (by, title, body, received.sha256 if received else None)
        ):
            return known
        once = None  # other words behind a used token are another post
    _refuse_flood(by, from_office)
    notice = Notice(
        kind=Kind(kind),
        title=title,
        body=body,
        file=files.keep(received) if received else None,
        author_id=by,
        from_office=from_office,
        state=first_state(from_office=from_office),
        once=once or None,
    )
    db.session.add(notice)
    db.session.flush()
    trail.note("notice.posted", "notice", notice.id, by=by, kind=notice.kind, state=notice.state)
    return notice


def _digest(notice: Notice) -> bytes | None:
    return notice.file.sha256 if notice.file else None


def _refuse_flood(by: int, from_office: bool) -> None:
    """The office looks at everything: one person gives it only so much at a time."""
    if from_office:
        return
    waiting = [
        select(func.count()).where(model.author_id == by, model.state == State.WAITING)
        for model in (Notice, NoticeReply)
    ]
    if sum(db.session.scalar(query) or 0 for query in waiting) >= MOST_WAITING:
        raise Refused(
            f"{MOST_WAITING} of your posts wait for the night office. "
            "Wait until it has looked at them, or take one back."
        )


def reply(
    notice_id: int, body: str, *, by: int, from_office: bool, once: str | None = None
) -> NoticeReply:
    """Reply to what is on the board. A venue's reply waits for the office, which answers at once.

    Whoever asked a question is told by mail when an answer can be read. The same words with the
    same `once` are one reply. Refuses no words, and what is not on the board.
    """
    notice = must_find(notice_id)
    body = body.strip()
    if not body:
        raise Refused("Write your reply", "body")
    known = db.session.scalar(select(NoticeReply).where(NoticeReply.once == once)) if once else None
    if known is not None:
        if (known.notice_id, known.author_id, known.body) == (notice_id, by, body):
            return known
        once = None
    if notice.state != State.SHOWN:
        raise Refused("This is not on the board, so nobody can reply to it.")
    _refuse_flood(by, from_office)
    if _replies(notice_id) >= MOST_REPLIES:
        raise Refused("This has as many replies as a page can hold. Write a new post instead.")
    row = NoticeReply(
        notice_id=notice_id,
        body=body,
        author_id=by,
        from_office=from_office,
        state=first_state(from_office=from_office),
        once=once or None,
    )
    db.session.add(row)
    db.session.flush()
    trail.note("reply.posted", "notice_reply", row.id, by=by, notice=notice_id, state=row.state)
    if row.state == State.SHOWN:
        _tell_asker(notice, row)
    return row


def _replies(notice_id: int) -> int:
    query = select(func.count()).where(NoticeReply.notice_id == notice_id)
    return db.session.scalar(query) or 0


def must_find(notice_id: int) -> Notice:
    """A post by its id, for verbs. Raises Refused for none."""
    notice = db.session.get(Notice, notice_id, populate_existing=True)
    if notice is None:
        raise Refused("There is no such post.")
    return notice


def _must_find_reply(notice_id: int, reply_id: int) -> NoticeReply:
    row = db.session.get(NoticeReply, reply_id, populate_existing=True)
    if row is None or row.notice_id != notice_id:
        raise Refused("There is no such reply.")
    return row


def decide(notice_id: int, *, show: bool, because: str = "", by: int) -> Notice:
    """Show a post that waits, or say why not; show one after all that was not shown.

    Refuses one's own, and not showing without a reason.
    """
    notice = must_find(notice_id)
    if _judge(notice, show, because, by):
        verb = "notice.shown" if show else "notice.not-shown"
        trail.note(verb, "notice", notice.id, by=by, kind=notice.kind)
    return notice


def decide_reply(
    notice_id: int, reply_id: int, *, show: bool, because: str = "", by: int
) -> NoticeReply:
    """As `decide`, for a reply; whoever asked is told when an answer can be read."""
    row = _must_find_reply(notice_id, reply_id)
    if _judge(row, show, because, by):
        verb = "reply.shown" if show else "reply.not-shown"
        trail.note(verb, "notice_reply", row.id, by=by, notice=notice_id)
        if show:
            _tell_asker(must_find(notice_id), row)
    return row


def _judge(row: Notice | NoticeReply, show: bool, because: str, by: int) -> bool:
    """Decide, and say whether anything changed: the same decision sent twice is one."""
    wanted = State.SHOWN if show else State.HIDDEN
    if row.author_id == by:
        raise Refused("You wrote this yourself, so somebody else has to look at it.")
    if row.state == wanted and row.decided_by == by:
        return False
    if row.state != State.WAITING and not (show and row.state == State.HIDDEN):
        raise Refused("Somebody has decided this already.")
    _settle(row, wanted, None if show else _reason(because), by)
    return True


def _settle(row: Notice | NoticeReply, state: State, because: str | None, by: int) -> None:
    row.state, row.decided_because = state, because
    row.decided_at, row.decided_by = clock.now(), by
    db.session.flush()


def _reason(because: str) -> str:
    words = because.strip()
    if not words:
        raise Refused("Say why, so that its writer knows what to change", "because")
    if len(words) > BECAUSE_LIMIT:
        raise Refused(f"Say it in {BECAUSE_LIMIT} characters or fewer", "because")
    return words


def take_down(notice_id: int, because: str, *, by: int) -> Notice:
    """Take a post off the board, with the reason that its writer reads. Refuses what is not on."""
    notice = must_find(notice_id)
    if _lower(notice, because, by):
        trail.note("notice.taken-down", "notice", notice.id, by=by, kind=notice.kind)
    return notice


def take_down_reply(notice_id: int, reply_id: int, because: str, *, by: int) -> NoticeReply:
    """Take a reply off the board, with the reason that its writer reads."""
    row = _must_find_reply(notice_id, reply_id)
    if _lower(row, because, by):
        trail.note("reply.taken-down", "notice_reply", row.id, by=by, notice=notice_id)
    return row


def _lower(row: Notice | NoticeReply, because: str, by: int) -> bool:
    words = _reason(because)
    if row.state == State.HIDDEN and row.decided_by == by:
        return False
    if row.state != State.SHOWN:
        raise Refused("This is not on the board any more.")
    _settle(row, State.HIDDEN, words, by)
    return True


def take_back(notice_id: int, *, by: int) -> None:
    """Take back one's own post while it waits: it is deleted, and its file with it."""
    notice = must_find(notice_id)
    _refuse_taking_back(notice, by)
    trail.note("notice.taken-back", "notice", notice.id, by=by, kind=notice.kind)
    _delete([notice.id])


def take_back_reply(notice_id: int, reply_id: int, *, by: int) -> None:
    """Take back one's own reply while it waits: it is deleted."""
    row = _must_find_reply(notice_id, reply_id)
    _refuse_taking_back(row, by)
    trail.note("reply.taken-back", "notice_reply", row.id, by=by, notice=notice_id)
    db.session.delete(row)
    db.session.flush()


def _refuse_taking_back(row: Notice | NoticeReply, by: int) -> None:
    if row.author_id != by:
        raise Refused("Only whoever wrote this can take it back.")
    if row.state != State.WAITING:
        raise Refused("The night office has looked at this. Ask the office to take it down.")


def _tell_asker(notice: Notice, row: NoticeReply) -> None:
    """Mail whoever asked a question that something waits, at most once a day for each question.

    Nobody is told who cannot open the board any more, nor of their own words.
    """
    asker = accounts.person(notice.author_id)
    if notice.kind != Kind.QUESTION or row.author_id == notice.author_id or asker is None:
        return
    may = any(Permission.NETWORK_READ in GRANTS[role] for role in asker.roles_anywhere)
    if asker.is_disabled or not may or notice.state != State.SHOWN:
        return
    try:
        mail.post(
            "something-waits",
            asker.email,
            user_id=asker.id,
            dedupe=f"network/{notice.id}/{asker.id}/{clock.today()}",
            link=f"{config.current().public_url}/network/{notice.id}",
        )
    except Refused:
        # An address that no mail goes to does not keep an answer off the board.
        return


def waiting() -> list[Notice | NoticeReply]:
    """What waits for the office, oldest first, at most a page of it; two statements.

    A reply to what is off the board does not wait: nobody would see it.
    """
    found = some(
        select(Notice).where(Notice.state == State.WAITING).order_by(Notice.at, Notice.id),
        _waiting_replies().order_by(NoticeReply.at, NoticeReply.id),
    )
    return sorted(found, key=_order)[:QUEUE_PAGE]


def not_shown() -> list[Notice | NoticeReply]:
    """What the office keeps off the board, newest first, at most a page of it; two statements."""
    found = some(
        select(Notice)
        .where(Notice.state == State.HIDDEN)
        .order_by(Notice.at.desc(), Notice.id.desc()),
        select(NoticeReply)
        .join(NoticeReply.notice)
        .where(NoticeReply.state == State.HIDDEN)
        .order_by(NoticeReply.at.desc(), NoticeReply.id.desc()),
    )
    return sorted(found, key=_order, reverse=True)[:QUEUE_PAGE]


def some(notices: Select[Notice], replies: Select[NoticeReply]) -> list[Notice | NoticeReply]:
    """Posts, then replies that are joined with their post, at most a page of each."""
    with_titles = replies.options(contains_eager(NoticeReply.notice))
    return [
        *db.session.scalars(notices.limit(QUEUE_PAGE)),
        *db.session.scalars(with_titles.limit(QUEUE_PAGE)),
    ]


def _order(row: Notice | NoticeReply) -> tuple[datetime, bool, int]:
    return row.at, isinstance(row, NoticeReply), row.id


def _waiting_replies() -> Select[NoticeReply]:
    return (
        select(NoticeReply)
        .join(NoticeReply.notice)
        .where(NoticeReply.state == State.WAITING, Notice.state == State.SHOWN)
    )


def count_waiting() -> int:
    """How many posts and replies wait for the office; one statement."""
    notices = select(func.count()).where(Notice.state == State.WAITING)
    replies = _waiting_replies().with_only_columns(func.count())
    query = select(notices.scalar_subquery() + replies.scalar_subquery())
    return db.session.scalar(query) or 0


def forget() -> int:
    """Delete posts and replies that are kept no longer, their files too; how many.

    What waits or is not shown goes before everything else does. Needs the city's lock; bytes of
    files go with the next `files.sweep`.
    """
    spans = retention.NETWORK_POST, retention.NETWORK_UNSEEN
    old, unseen = (span.oldest_moment(clock.now(), clock.zone()) for span in spans)
    over = [
        select(model.id).where(
            or_(model.at < old, (model.at < unseen) & (model.state != State.SHOWN))
        )
        for model in (Notice, NoticeReply)
    ]
    gone = _delete(db.session.scalars(over[0]).all())
    replies = db.session.scalars(over[1]).all()
    db.session.execute(delete(NoticeReply).where(NoticeReply.id.in_(replies)))
    return gone + len(replies)


def _delete(notice_ids: Sequence[int]) -> int:
    """Delete posts with their replies, and mark their files as erased; how many rows."""
    of_them = Notice.id.in_(notice_ids)
    kept = select(Notice.file_id).where(of_them, Notice.file_id.is_not(None))
    file_ids = db.session.scalars(kept).all()
    replies = db.session.scalars(
        delete(NoticeReply).where(NoticeReply.notice_id.in_(notice_ids)).returning(NoticeReply.id)
    ).all()
    db.session.execute(delete(Notice).where(of_them))
    files.erase([each for each in file_ids if each is not None])
    return len(notice_ids) + len(replies)
