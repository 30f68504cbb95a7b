"""What people do with the notice board: once each, moderated, told by mail, and forgotten."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from charter.accounts.models import Membership, User
from charter.core import clock, files
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.files import StoredFile
from charter.core.trail import TrailEntry
from charter.network import board, service
from charter.network.models import Notice, NoticeReply
from charter.network.rules import MOST_WAITING, Kind, State
from tests.builders.accounts import last_link, mails
from tests.builders.commitments import received
from tests.builders.network import in_city, make_circle, make_notice, make_reply

ONCE = "0123456789abcdef" * 2
one_engine = pytest.mark.sqlite_only


def refusal(verb: Callable[[], Any]) -> str:
    """The words of a refusal, under the city's lock."""
    with pytest.raises(Refused) as caught:
        in_city(verb)
    return caught.value.words


def state_of(model: type[Notice | NoticeReply], row_id: int) -> str:
    return str(db.session.get_one(model, row_id, populate_existing=True).state)


def seen(notice: int, by: int, is_office: bool = False) -> bool:
    return board.shown(notice, by=by, is_office=is_office) is not None


def test_a_post_waits_then_shows_and_comes_down(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        notice = make_notice(by=circle.robin)
        assert state_of(Notice, notice) == State.WAITING
        assert [seen(notice, who) for who in (circle.robin, circle.sam)] == [True, False]
        assert seen(notice, circle.officer, is_office=True)
        assert service.count_waiting() == 1
        assert [row.id for row in service.waiting()] == [notice]
        in_city(lambda: service.decide(notice, show=True, by=circle.officer))
        assert seen(notice, circle.sam)
        assert [line.title for line in board.board().lines] == ["Does a lanyard count?"]
        assert service.count_waiting() == 0
        in_city(lambda: service.take_down(notice, "It names a venue.", by=circle.officer))
        assert [seen(notice, who) for who in (circle.robin, circle.sam)] == [True, False]
        assert board.board().lines == []
        mine = board.own(circle.robin)
        assert [(line.status, line.because) for line in mine] == [
            ("Not shown", "It names a venue.")
        ]
        assert [row.id for row in service.not_shown()] == [notice]
        in_city(lambda: service.decide(notice, show=True, by=circle.officer))
        assert seen(notice, circle.sam)
        verbs = db.session.scalars(select(TrailEntry.verb).order_by(TrailEntry.id)).all()
        assert verbs == ["notice.posted", "notice.shown", "notice.taken-down", "notice.shown"]


@one_engine
def test_not_showing_needs_a_reason_and_nobody_judges_their_own(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        notice = make_notice(by=circle.robin)
        assert "Say why" in refusal(lambda: service.decide(notice, show=False, by=circle.officer))
        assert "yourself" in refusal(lambda: service.decide(notice, show=True, by=circle.robin))
        in_city(lambda: service.decide(notice, show=False, because="No.", by=circle.officer))
        # The same press again, and somebody else who comes too late.
        in_city(lambda: service.decide(notice, show=False, because="No.", by=circle.officer))
        late = refusal(lambda: service.decide(notice, show=False, because="No.", by=circle.sam))
        assert "already" in late
        gone = refusal(lambda: service.take_down(notice, "Why", by=circle.sam))
        assert "not on the board" in gone
        count = db.session.query(TrailEntry).filter_by(verb="notice.not-shown").count()
        assert count == 1


@one_engine
def test_a_reply_waits_too_and_hangs_on_its_post(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        notice = make_notice(by=circle.robin)
        early = refusal(lambda: service.reply(notice, "Yes.", by=circle.robin, from_office=False))
        assert "not on the board" in early
        in_city(lambda: service.decide(notice, show=True, by=circle.officer))
        reply = make_reply(notice, by=circle.sam)
        for who, wanted in ((circle.robin, []), (circle.sam, [reply])):
            found = board.shown(notice, by=who, is_office=False)
            assert found is not None
            assert [said.id for said in found.replies] == wanted
        assert service.count_waiting() == 1
        in_city(lambda: service.take_down(notice, "Twice here.", by=circle.officer))
        assert (service.count_waiting(), service.waiting()) == (0, [])
        in_city(lambda: service.decide(notice, show=True, by=circle.officer))
        in_city(lambda: service.decide_reply(notice, reply, show=True, by=circle.officer))
        assert board.board().lines[0].status == "1\N{NO-BREAK SPACE}answer"
        other = make_notice(by=circle.robin, title="Another")
        wrong = refusal(lambda: service.take_down_reply(other, reply, "Why", by=circle.officer))
        assert "no such reply" in wrong
        in_city(lambda: service.take_down_reply(notice, reply, "Rude.", by=circle.officer))
        assert state_of(NoticeReply, reply) == State.HIDDEN
        assert board.board().lines[0].status == "No answer"


def test_the_same_form_twice_is_one_post_and_other_words_are_another(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        first = make_notice(by=circle.robin, once=ONCE, received=received())
        assert make_notice(by=circle.robin, once=ONCE, received=received()) == first
        other = make_notice(by=circle.robin, once=ONCE, title="Another question")
        stolen = make_notice(by=circle.sam, once=ONCE, received=received())
        assert len({first, other, stolen}) == 3
        in_city(lambda: service.decide(first, show=True, by=circle.officer))
        reply = make_reply(first, by=circle.sam, once=ONCE)
        assert make_reply(first, by=circle.sam, once=ONCE) == reply
        assert make_reply(first, by=circle.sam, once=ONCE, body="No.") != reply


def test_two_officers_at_once_decide_once(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        second = make_circle().officer
        notice = make_notice(by=circle.robin)
        db.session.remove()
    ended: list[str] = []

    def judge(officer: int, show: bool) -> None:
        with app.app_context():
            try:
                in_city(lambda: service.decide(notice, show=show, because="No.", by=officer))
                ended.append("done")
            except Refused as refused:
                ended.append(refused.words)
            db.session.remove()

    # Both say no: whoever comes second is told, and the first reason stands.
    work = [threading.Thread(target=judge, args=(each, False)) for each in (circle.officer, second)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert sorted(ended) == ["Somebody has decided this already.", "done"]


@one_engine
def test_one_person_cannot_fill_the_offices_day(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        board_post = make_notice(by=circle.officer, from_office=True)
        for number in range(MOST_WAITING - 1):
            last = make_notice(by=circle.robin, title=f"Question {number}")
        reply = make_reply(board_post, by=circle.robin)
        flood = refusal(
            lambda: service.post(
                Kind.NEWS, "One more", "Words", None, by=circle.robin, from_office=False
            )
        )
        assert f"{MOST_WAITING} of your posts wait" in flood
        in_city(lambda: service.take_back_reply(board_post, reply, by=circle.robin))
        make_notice(by=circle.robin, title="Room again")
        not_mine = refusal(lambda: service.take_back(last, by=circle.sam))
        assert "Only whoever wrote this" in not_mine


@one_engine
def test_what_is_taken_back_is_gone_with_its_file_and_what_was_judged_stays(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        notice = make_notice(by=circle.robin, received=received())
        stored = db.session.get_one(Notice, notice).file_id
        in_city(lambda: service.take_back(notice, by=circle.robin))
        assert db.session.get(Notice, notice) is None
        assert db.session.get_one(StoredFile, stored, populate_existing=True).erased_at is not None
        shown = make_notice(by=circle.robin, show_by=circle.officer)
        assert "has looked at this" in refusal(lambda: service.take_back(shown, by=circle.robin))


@one_engine
def test_who_asked_is_told_of_an_answer_with_a_link_and_no_word(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        asker = db.session.get_one(User, circle.robin).email
        question = make_notice(by=circle.robin, show_by=circle.officer)
        reply = make_reply(question, by=circle.sam)
        assert mails("something-waits") == []
        in_city(lambda: service.decide_reply(question, reply, show=True, by=circle.officer))
        assert mails("something-waits") == [asker]
        assert last_link("something-waits", asker) == f"/network/{question}"
        make_reply(question, by=circle.officer, from_office=True)  # the same day: no second mail
        make_reply(question, by=circle.robin, show_by=circle.officer)  # one's own words
        news = make_notice(by=circle.robin, kind=Kind.NEWS, show_by=circle.officer)
        make_reply(news, by=circle.officer, from_office=True)
        assert mails("something-waits") == [asker]


@one_engine
@pytest.mark.parametrize("gone", ["disabled", "ended", "address"])
def test_nobody_is_told_who_cannot_open_the_board(app: Flask, gone: str) -> None:
    with app.app_context():
        circle = make_circle()
        question = make_notice(by=circle.robin, show_by=circle.officer)
        user = db.session.get_one(User, circle.robin)
        if gone == "disabled":
            user.is_disabled = True
        elif gone == "address":
            user.email = "robin@nowhere@mail"
        else:
            role = db.session.query(Membership).filter_by(user_id=user.id).one()
            role.ends_on = clock.today() - timedelta(days=1)
        db.session.commit()
        make_reply(question, by=circle.officer, from_office=True)
        assert mails("something-waits") == []
        db.session.rollback()
        who = board.shown(question, by=circle.sam, is_office=False)
        assert who is not None
        # A closed account keeps its role until that ends; it is told of no more.
        assert who.post.who == ("Robin" if gone == "ended" else "Robin, champion")


def test_what_is_old_is_forgotten_with_its_replies_and_files(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        old = clock.now() - timedelta(days=37 * 31)
        unseen = clock.now() - timedelta(days=13 * 31)
        with clock.moved_to(old):
            forgotten = make_notice(by=circle.robin, received=received(), show_by=circle.officer)
            make_reply(forgotten, by=circle.sam, show_by=circle.officer)
        with clock.moved_to(unseen):
            waits = make_notice(by=circle.robin, received=received())
            kept = make_notice(by=circle.robin, show_by=circle.officer, received=received())
            reply_kept = make_reply(kept, by=circle.sam, show_by=circle.officer)
            reply_gone = make_reply(kept, by=circle.sam)
        young = make_notice(by=circle.robin)
        paths = {each: db.session.get_one(Notice, each).file_id for each in (waits, kept)}
        assert in_city(service.forget) == 4
        assert set(db.session.scalars(select(Notice.id))) == {kept, young}
        assert set(db.session.scalars(select(NoticeReply.id))) == {reply_kept}
        assert reply_gone not in set(db.session.scalars(select(NoticeReply.id)))
        erased = {row.id for row in db.session.query(StoredFile) if row.erased_at is not None}
        assert paths[waits] in erased
        assert paths[kept] not in erased
        assert len(erased) == 2
        files.sweep()
        assert files.read(db.session.get_one(StoredFile, paths[kept]))
        assert in_city(service.forget) == 0


@one_engine
def test_pages_of_the_board_hold_everything_once(app: Flask) -> None:
    with app.app_context():
        circle = make_circle()
        made = []
        # Many in the same moment: their order is told by their ids.
        with clock.moved_to(clock.now()):
            for number in range(board.PAGE + 3):
                kind = Kind.NEWS if number % 2 else Kind.MATERIAL
                made.append(make_notice(by=circle.officer, from_office=True, kind=kind))
        make_notice(by=circle.robin, title="Waits")
        first = board.board()
        assert [line.notice_id for line in first.lines] == made[:-21:-1]
        second = board.board(before=first.next)
        assert [line.notice_id for line in second.lines] == made[2::-1]
        assert second.next is None
        news = board.board(kind=Kind.NEWS)
        assert {line.what for line in news.lines} == {"News"}
        for nonsense in ("", "~", "x~1", "2026-01-01T00:00:00+00:00~x", "2026-01-01~3", "~" * 9):
            assert board.board(before=nonsense).lines == first.lines, nonsense
