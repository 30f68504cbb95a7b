"""A person's own jobs: which rows of which lists are them, by their own word alone."""

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts.models import User
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.staff import links
from charter.staff.forms import CodeForm
from charter.staff.jobs import words

bp = Blueprint("own_jobs", __name__, url_prefix="/account/jobs")
Answer = str | Response
OWN = Permission.ACCOUNT_OWN


@bp.get("")
@requires(OWN)
def index() -> Answer:
    """The jobs that are tied to this account, and the way to tie another."""
    return _page(CodeForm(formdata=None))


def _page(form: CodeForm) -> str:
    return render_template(
        "own_jobs/index.html", form=form, rows=links.own(current_user.id), job_words=words
    )


@bp.post("/link")
@requires(OWN)
def link() -> Answer:
    """Enter the code that a venue handed over; a wrong one is counted."""
    form = CodeForm()
    if form.validate_on_submit():
        user = cast(User, current_user._get_current_object())
        done = links.enter_code(user, form.code.data or "")
        commit()
        if not isinstance(done, str):
            flash("Saved. This job is yours now")
            return redirect(url_for(".index"), 303)
        form.refuse(Refused(done, "code"))
    return _page(form)


@bp.post("/<int:member_id>/unlink")
@requires(OWN)
def unlink(member_id: int) -> Answer:
    """Untie one of one's own jobs."""
    try:
        links.unlink(current_user.id, member_id)
    except Refused:
        abort(404)
    commit()
    flash("Saved. That job is no longer tied to your account")
    return redirect(url_for(".index"), 303)
