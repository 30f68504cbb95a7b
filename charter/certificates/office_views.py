"""The office's lists of certificates, and renewals proposed and issued many at a time."""

from collections.abc import Iterator

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.certificates import together
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.fields import Form
from charter.core.text import is_number

bp = Blueprint("certificates_office", __name__)


class TogetherForm(Form):
    """A button; the ticked venues stand in the request."""


@bp.get("/office/certificates")
@requires(Permission.OFFICE_READ)
def index() -> str:
    """Who is in grace, suspended, to renew, ready, or waits for a second person."""
    which = request.args.get("show", together.WAITING)
    which = which if which in together.LISTS else together.WAITING
    return render_template(
        "certificates/together.html",
        which=which,
        lists=together.LISTS,
        counts=together.counts(),
        found=together.page(which, after=request.args.get("after", "")[:200]),
        form=TogetherForm(formdata=None),
        is_first="after" not in request.args,
    )


@bp.post("/office/certificates/propose")
@requires(Permission.OFFICE_READ, late=True)
def propose() -> AnyResponse:
    """Propose to renew every ticked certificate."""
    return _together(
        together.propose(_ticked(), by=current_user.id, web_session=current_user.session_id),
        "proposed. An administrator who is not you can now issue them",
        together.RENEW,
    )


@bp.post("/office/certificates/issue")
@requires(Permission.PEOPLE_MANAGE, late=True)
def issue() -> AnyResponse:
    """Issue every ticked renewal."""
    return _together(
        together.issue(_ticked(), by=current_user.id, web_session=current_user.session_id),
        "issued",
        together.WAITING,
    )


def _ticked() -> list[int]:
    given = request.form.getlist("venue")[: together.PAGE]
    return [int(each) for each in given if is_number(each) and len(each) < 10]


def _together(steps: Iterator[together.Done], word: str, back: str) -> AnyResponse:
    done = together.Done()
    if TogetherForm().validate_on_submit():
        for so_far in steps:
            commit()
            done = so_far
    if not done.number and not done.refused:
        flash("Nothing was ticked, so nothing was done.")
    if done.number:
        flash(f"{done.number} {word}.")
    if done.refused:
        flash(f"{done.refused} not done. {done.why}")
    return redirect(url_for(".index", show=back), 303)
