"""Pages of a venue's staff list: who works here, one person, and a whole list read in."""

from typing import cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts.models import User
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.staff import links, pages, service, stints
from charter.staff.forms import (
    BackForm,
    ChangeForm,
    ConfirmForm,
    JoinForm,
    LeaveForm,
    PersonForm,
)
from charter.staff.import_views import bp, page_number, the_venue
from charter.staff.models import StaffMember

__all__ = ["bp"]
Answer = str | Response
READ, WRITE = Permission.STAFF_READ, Permission.STAFF_WRITE


def _me() -> User:
    return cast(User, current_user._get_current_object())


def _member(venue_id: int, member_id: int) -> StaffMember:
    found = service.member(venue_id, member_id)
    if found is None or found.forgotten_on is not None:
        abort(404)
    return found


def _done(words: str, venue_id: int, member_id: int | None = None) -> Response:
    commit()
    flash(words)
    if member_id is None:
        return redirect(url_for(".index", venue_id=venue_id), 303)
    return redirect(url_for(".person", venue_id=venue_id, member_id=member_id), 303)


@bp.get("")
@requires(READ)
def index(venue_id: int) -> Answer:
    """Who works here, by job; who is to come; who has left."""
    return _list(venue_id)


def _list(venue_id: int, confirm: ConfirmForm | None = None, join: JoinForm | None = None) -> str:
    """The list, with a form that was sent and refused in place of a fresh one."""
    venue, find = the_venue(venue_id), request.args.get("find", "")[:80]
    found = pages.overview(
        venue_id, _me(), find=find, page=page_number(), left=request.args.get("left")
    )
    return render_template(
        "staff/index.html",
        venue=venue,
        found=found,
        find=find,
        search_from=pages.SEARCH_FROM,
        all_left="left" in request.args,
        wrong_form=confirm or join,
        join=join or JoinForm(formdata=None, name=current_user.name),
    )


@bp.post("/confirm")
@requires(WRITE)
def confirm(venue_id: int) -> Answer:
    """Say that the list is right as it stands today."""
    form = ConfirmForm()
    if form.validate_on_submit() and form.takes(
        lambda: service.confirm(venue_id, by=current_user.id)
    ):
        return _done("Thank you. The list is right today", venue_id)
    return _list(venue_id, confirm=form)


@bp.post("/join")
@requires(WRITE, city=True)
def join(venue_id: int) -> Answer:
    """Put oneself on the list: as somebody who is on it, or with a job."""
    form = JoinForm()
    claimed = form.claimed
    if claimed is not None and form.takes(lambda: links.claim(venue_id, _me(), claimed)):
        return _done("That is you. Courses can be booked for you now", venue_id)
    if claimed is None and form.validate_on_submit():
        who = service.Starter(form.name.data or "", form.job.data, started_on=form.started_on.data)
        if form.takes(lambda: links.join(venue_id, _me(), who)):
            return _done("You are on the list. Courses can be booked for you now", venue_id)
    return _list(venue_id, join=form)


@bp.route("/new", methods=["GET", "POST"])
@requires(WRITE)
def add(venue_id: int) -> Answer:
    """Put one person on the list, and be ready for the next."""
    form, venue = PersonForm(), the_venue(venue_id)
    before = None
    if form.validate_on_submit():
        before = service.left_before(venue_id, form.starter.name)
        if _takes_person(venue_id, form, before):
            commit()
            flash(f"Saved: {form.starter.name}. Add the next one")
            return redirect(url_for(".add", venue_id=venue_id), 303)
    left = pages.left_words(before) if before else ""
    return render_template("staff/add.html", venue=venue, form=form, before=left)


def _takes_person(venue_id: int, form: PersonForm, before: StaffMember | None) -> bool:
    """Add them, or have somebody who left back; which of the two is asked when it could be both."""
    who, by = form.starter, current_user.id
    if before is None or form.same.data == "new":
        return form.takes(lambda: service.add(venue_id, who, by=by, once=form.once.data))
    if form.same.data == "back":
        return form.takes(lambda: service.come_back(venue_id, before.id, who, by=by))
    form.refuse(Refused(f"Say if this is the same {before.name} who left", "same"))
    return False


@bp.get("/<int:member_id>")
@requires(READ)
def person(venue_id: int, member_id: int) -> Answer:
    """One person: the job they have, and every job they had here."""
    found = _member(venue_id, member_id)
    return render_template(
        "staff/person.html",
        venue=the_venue(venue_id),
        person=found,
        **pages.person(found),
        is_me=found.user_id == current_user.id,
    )


@bp.route("/<int:member_id>/change", methods=["GET", "POST"])
@requires(WRITE)
def change(venue_id: int, member_id: int) -> Answer:
    """Change somebody's name, or their job from a day on."""
    found = _member(venue_id, member_id)
    job = stints.current(found.jobs)
    if job is None:
        return redirect(url_for(".come_back", venue_id=venue_id, member_id=member_id), 303)
    form = ChangeForm(name=found.name, job=job.job, employer=job.employer)
    if form.validate_on_submit() and (day := form.since.data):
        name, kept = form.name.data or "", (form.job.data, form.employer.data)
        if form.takes(
            lambda: service.change(venue_id, member_id, name, *kept, day, by=current_user.id)
        ):
            return _done("Saved", venue_id, member_id)
    member = _member(venue_id, member_id)
    return render_template("staff/change.html", venue=the_venue(venue_id), person=member, form=form)


@bp.route("/<int:member_id>/leave", methods=["GET", "POST"])
@requires(WRITE)
def leave(venue_id: int, member_id: int) -> Answer:
    """Say which day is somebody's last."""
    found, form = _member(venue_id, member_id), LeaveForm()
    name = found.name
    if stints.current(found.jobs) is None:
        return redirect(url_for(".person", venue_id=venue_id, member_id=member_id), 303)
    if (
        form.validate_on_submit()
        and (day := form.left_on.data)
        and form.takes(lambda: service.leave(venue_id, member_id, day, by=current_user.id))
    ):
        return _done(f"Saved: {name}’s last day is {in_words(day)}", venue_id)
    member = _member(venue_id, member_id)
    starts = stints.current(member.jobs)
    return render_template(
        "staff/leave.html",
        venue=the_venue(venue_id),
        person=member,
        form=form,
        is_to_come=starts in stints.to_come(member.jobs),
    )


@bp.route("/<int:member_id>/come-back", methods=["GET", "POST"])
@requires(WRITE)
def come_back(venue_id: int, member_id: int) -> Answer:
    """Somebody who left works here again."""
    found = _member(venue_id, member_id)
    is_here = stints.current(found.jobs) is not None
    if is_here and request.method == "POST":
        return redirect(url_for(".person", venue_id=venue_id, member_id=member_id), 303)
    last = stints.in_order(found.jobs)[-1:]
    form = BackForm(data={"job": last[0].job, "employer": last[0].employer} if last else None)
    if form.validate_on_submit():
        who = form.starter(found.name)
        if form.takes(lambda: service.come_back(venue_id, member_id, who, by=current_user.id)):
            return _done(f"Saved: {who.name} is back", venue_id)
    member = _member(venue_id, member_id)
    return render_template(
        "staff/come_back.html",
        venue=the_venue(venue_id),
        person=member,
        form=form,
        left="" if is_here else pages.left_words(member),
    )


@bp.post("/<int:member_id>/link")
@requires(WRITE)
def link(venue_id: int, member_id: int) -> Answer:
    """Make a code for somebody to tie this row to their own account; it is shown this once."""
    _member(venue_id, member_id)
    form, codes = ConfirmForm(), list[str]()
    if form.validate_on_submit() and form.takes(
        lambda: codes.append(links.make_code(venue_id, member_id, by=current_user.id))
    ):
        commit()
    found = _member(venue_id, member_id)
    return render_template(
        "staff/link.html", venue=the_venue(venue_id), person=found, form=form, code="".join(codes)
    )
