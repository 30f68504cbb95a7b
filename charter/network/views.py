"""The notice board's pages: for champions and whoever runs a venue, and for the office."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.core import access, files, retention
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.fields import Form
from charter.core.files import Received
from charter.core.filetypes import PAPERS, PICTURES
from charter.network import board, forms, service
from charter.network.models import Notice, NoticeReply
from charter.network.rules import Kind, State

bp = Blueprint("network", __name__, url_prefix="/network")
Answer = str | Response
NOTICE = "/<int:notice_id>"
REPLY = f"{NOTICE}/replies/<int:reply_id>"

__all__ = ["Notice", "bp"]


@bp.get("")
@requires(Permission.NETWORK_READ)
def index() -> Answer:
    """The board, newest first; on its first page also what is one's own, and sessions to come."""
    wanted = request.args.get("kind", "")
    kind = Kind(wanted) if wanted in set(Kind) else None
    before = request.args.get("before")
    is_first = before is None
    return render_template(
        "network/index.html",
        board=board.board(kind=kind, before=before),
        kind=kind,
        kinds=list(Kind),
        own=board.own(current_user.id) if is_first else [],
        sessions=board.next_sessions() if is_first else [],
        session_link=_session_link(),
        is_first=is_first,
    )


def _session_link() -> Callable[[int], str]:
    """Where a session leads the person here: to its page at the office, or at their one venue."""
    if access.can(Permission.SESSIONS_RUN):
        return lambda session_id: url_for("sessions_office.session", session_id=session_id)
    here = {
        m.venue_id
        for m in current_user.memberships_now
        if m.venue_id is not None and access.can(Permission.SESSIONS_READ, m.venue_id)
    }
    if len(here) != 1:
        return lambda session_id: ""
    (venue_id,) = here
    return lambda session_id: url_for("sessions.session", venue_id=venue_id, session_id=session_id)


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.NETWORK_POST, late=True)
def new() -> Answer:
    """Write a post. Its file is received before the lock is taken."""
    form = forms.NoticeForm()
    received = _received(form) if form.validate_on_submit() else None
    if received is not None:
        access.enter()
        posted: list[Notice] = []
        if form.takes(lambda: posted.append(_post(form, received))):
            commit()
            _thank(posted[0].state, "Your post")
            return redirect(url_for(".notice", notice_id=posted[0].id), 303)
    return render_template("network/new.html", form=form, hints={k.value: k.hint for k in Kind})


def _received(form: forms.NoticeForm) -> list[Received] | None:
    """The form's file, if it has one; None for a refused file, which is said beside it."""
    if not form.file.data:
        return []
    try:
        return [files.receive(form.file.data, allow=PICTURES | PAPERS)]
    except Refused as refused:
        form.refuse(refused)
        return None


def _post(form: forms.NoticeForm, received: list[Received]) -> Notice:
    return service.post(
        Kind(form.kind.data),
        form.title.data or "",
        form.body.data or "",
        received[0] if received else None,
        by=current_user.id,
        from_office=access.can(Permission.NETWORK_MODERATE),
        once=form.once.data,
    )


def _thank(state: str, what: str) -> None:
    if state == State.SHOWN:
        flash(f"{what} is on the board.")
    else:
        flash(f"Thank you. {what} is with the night office, which looks at it before others do.")


@bp.get(NOTICE)
@requires(Permission.NETWORK_READ)
def notice(notice_id: int) -> Answer:
    """One post with its replies, and a form to reply."""
    return _notice_page(notice_id)


def _notice_page(notice_id: int, **sent: Form) -> str:
    """The page, with the form that was sent and refused in place of a fresh one."""
    found = _found(notice_id)
    fresh: dict[str, Form] = {"reply": forms.ReplyForm(formdata=None)}
    if access.can(Permission.NETWORK_MODERATE):
        for key in found.undecided:
            fresh[key] = forms.DecisionForm(formdata=None, prefix=f"{key}-")
    return render_template(
        "network/notice.html",
        found=found,
        forms_by_key=fresh | sent,
        wrong_form=next((form for form in sent.values() if form.errors), None),
    )


def _found(notice_id: int) -> board.Shown:
    """A post as the person here sees it; aborts with 404 if they may not."""
    is_office = access.can(Permission.NETWORK_MODERATE)
    return board.shown(notice_id, by=current_user.id, is_office=is_office) or abort(404)


@bp.get(f"{NOTICE}/file")
@requires(Permission.NETWORK_READ)
def file(notice_id: int) -> Response:
    """The file of a post, for whoever may see the post."""
    return files.answer(_found(notice_id).file or abort(404))


@bp.post(f"{NOTICE}/replies")
@requires(Permission.NETWORK_POST)
def reply(notice_id: int) -> Answer:
    """Reply to a post."""
    _found(notice_id)
    form = forms.ReplyForm()
    sent: list[NoticeReply] = []
    if form.validate_on_submit() and form.takes(lambda: sent.append(_reply(notice_id, form))):
        commit()
        _thank(sent[0].state, "Your reply")
        return redirect(url_for(".notice", notice_id=notice_id), 303)
    return _notice_page(notice_id, reply=form)


def _reply(notice_id: int, form: forms.ReplyForm) -> NoticeReply:
    return service.reply(
        notice_id,
        form.body.data or "",
        by=current_user.id,
        from_office=access.can(Permission.NETWORK_MODERATE),
        once=form.once.data,
    )


@bp.post(f"{NOTICE}/take-back")
@requires(Permission.NETWORK_POST)
def take_back(notice_id: int) -> Answer:
    """Take back one's own post while it waits."""
    _found(notice_id)
    form = forms.ConfirmForm()
    if form.takes(lambda: service.take_back(notice_id, by=current_user.id)):
        commit()
        flash("Taken back. Your post is deleted.")
        return redirect(url_for(".index"), 303)
    return _notice_page(notice_id, confirm=form)


@bp.post(f"{REPLY}/take-back")
@requires(Permission.NETWORK_POST)
def take_back_reply(notice_id: int, reply_id: int) -> Answer:
    """Take back one's own reply while it waits."""
    _found(notice_id).reply(reply_id) or abort(404)
    form = forms.ConfirmForm()
    if form.takes(lambda: service.take_back_reply(notice_id, reply_id, by=current_user.id)):
        commit()
        flash("Taken back. Your reply is deleted.")
        return redirect(url_for(".notice", notice_id=notice_id), 303)
    return _notice_page(notice_id, confirm=form)


@bp.get("/waiting")
@requires(Permission.NETWORK_MODERATE)
def queue() -> Answer:
    """What waits for the office, or what it keeps off the board."""
    state = State.HIDDEN if request.args.get("only") == State.HIDDEN else State.WAITING
    return render_template(
        "network/queue.html",
        rows=board.queue(state),
        state=state,
        waiting=service.count_waiting(),
        kept=retention.NETWORK_UNSEEN,
    )


@bp.post(f"{NOTICE}/decide")
@requires(Permission.NETWORK_MODERATE)
def decide(notice_id: int) -> Answer:
    """Show a post, or say why not."""

    def verb(show: bool, because: str) -> None:
        service.decide(notice_id, show=show, because=because, by=current_user.id)

    return _decide(notice_id, board.POST_KEY, verb)


@bp.post(f"{REPLY}/decide")
@requires(Permission.NETWORK_MODERATE)
def decide_reply(notice_id: int, reply_id: int) -> Answer:
    """Show a reply, or say why not."""

    def verb(show: bool, because: str) -> None:
        service.decide_reply(notice_id, reply_id, show=show, because=because, by=current_user.id)

    found = _found(notice_id).reply(reply_id) or abort(404)
    return _decide(notice_id, found.key, verb)


def _decide(notice_id: int, key: str, verb: Callable[[bool, str], None]) -> Answer:
    """What the buttons "Show" and "Do not show" do; then on to what waits next."""
    _found(notice_id)
    form = forms.DecisionForm(prefix=f"{key}-")
    decision = request.form.get("decision", "")
    if decision not in _SAID:
        form.refuse(Refused("Choose whether others may see this."))
    elif form.validate_on_submit() and form.takes(
        lambda: verb(decision == "show", form.because.data or "")
    ):
        commit()
        flash(_SAID[decision])
        return redirect(url_for(".queue"), 303)
    return _notice_page(notice_id, **{key: form})


_SAID = {
    "show": "It is on the board.",
    "hide": "It is not shown. Its writer can read why.",
}


@bp.route(f"{NOTICE}/take-down", methods=["GET", "POST"])
@requires(Permission.NETWORK_MODERATE)
def take_down(notice_id: int) -> Answer:
    """Take a post off the board, with a reason."""
    found = _found(notice_id)
    return _take_down(
        found,
        found.post,
        lambda because: service.take_down(notice_id, because, by=current_user.id),
    )


@bp.route(f"{REPLY}/take-down", methods=["GET", "POST"])
@requires(Permission.NETWORK_MODERATE)
def take_down_reply(notice_id: int, reply_id: int) -> Answer:
    """Take a reply off the board, with a reason."""
    found = _found(notice_id)
    return _take_down(
        found,
        found.reply(reply_id) or abort(404),
        lambda because: service.take_down_reply(notice_id, reply_id, because, by=current_user.id),
    )


def _take_down(found: board.Shown, said: board.Said, verb: Callable[[str], object]) -> Answer:
    form = forms.TakeDownForm()
    if form.validate_on_submit() and form.takes(lambda: verb(form.because.data or "")):
        commit()
        flash("It is off the board. Its writer can read why.")
        return redirect(url_for(".notice", notice_id=found.id), 303)
    return render_template("network/take_down.html", found=found, said=said, form=form)
