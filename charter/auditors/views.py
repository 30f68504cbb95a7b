"""Pages of audits: the office engages, the auditor works, the venue answers."""

import secrets
from datetime import timedelta
from typing import cast

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from charter.accounts.models import User
from charter.auditors import casework, service
from charter.auditors.forms import EndForm, EngagementForm
from charter.auditors.models import Engagement
from charter.auditors.sampling import Unit
from charter.core import access, clock
from charter.core.access import Permission, requires
from charter.core.db import commit, lock
from charter.core.text import is_number
from charter.editions import service as editions
from charter.venues import service as venues

bp = Blueprint("engagements", __name__)
Answer = str | AnyResponse | Response


def _me() -> User:
    return cast(User, current_user)


@bp.get("/office/engagements")
@requires(Permission.OFFICE_READ)
def index() -> Answer:
    """Every audit: to come, running, over."""
    return render_template(
        "auditors/index.html", rows=service.all_of_them(), today=clock.today(), years=_years()
    )


def _years() -> list[int]:
    """The years that there is something to tell of, the newest first, five at most."""
    newest = (clock.today() - timedelta(days=1)).year
    return list(range(newest, newest - 5, -1))


@bp.route("/office/engagements/new", methods=["GET", "POST"])
@requires(Permission.PEOPLE_MANAGE, late=True)
def new() -> Answer:
    """Engage an auditor: look at the venues first, then grant."""
    form = _form()
    units: list[Unit] = []
    population = 0
    if form.validate_on_submit():
        units, population = _units(form)
        grants = request.form.get("step") == "grant"
        if units and grants and form.takes(lambda: _granted(form, units, population)):
            commit()
            flash("Granted. Access opens on the first day and ends after the last, by itself.")
            return redirect(url_for(".index"), 303)
    found = {unit.venue_id: unit.stratum for unit in units}
    return render_template(
        "auditors/new.html",
        form=form,
        drawn=venues.named(found),
        strata=found,
        population=population,
        words=request.args.get("find", ""),
    )


def _form() -> EngagementForm:
    first = clock.today()
    begins = {
        "once": secrets.token_hex(16), "how": "drawn", "size": "20", "seed": secrets.token_hex(8),
        "from_on": first, "to_on": first + timedelta(days=28),
    }  # fmt: skip
    form = EngagementForm(**begins)
    form.commitments.choices = [
        (each.key, f"{each.number} {each.name}") for each in editions.current().commitments
    ]
    chosen = [int(each) for each in request.form.getlist("venues") if is_number(each)]
    rows = {row.id: row for row in venues.search(request.args.get("find", ""))}
    rows |= {row.id: row for row in venues.named(chosen[: service.MOST_VENUES])}
    form.venues.choices = [(str(row.id), row.name) for row in rows.values()]
    return form


def _units(form: EngagementForm) -> tuple[list[Unit], int]:
    """The venues that the form asks for; with a complaint beside its field, none."""
    if form.how.data == "named":
        units = service.chosen(int(each) for each in form.venues.data or () if is_number(each))
        if not units:
            field = form.venues if form.venues.choices else form.how
            field.errors = ["Choose one venue or more"]
        return units, 0
    size = form.size.data or ""
    if not size.isdecimal() or not 1 <= int(size) <= service.MOST_VENUES:
        form.size.errors = [f"Enter a number from 1 to {service.MOST_VENUES}"]
        return [], 0
    if not form.seed.data:
        form.seed.errors = ["Enter a seed: any letters and numbers"]
        return [], 0
    return service.drawn(int(size), form.seed.data)


def _granted(form: EngagementForm, units: list[Unit], population: int) -> Engagement:
    access.enter()
    lock(*(unit.venue_id for unit in units))
    wish = service.Grant(
        title=form.title.data or "",
        email=form.email.data or "",
        name=form.name.data or "",
        scope=form.scope.data or "",
        commitments=tuple(form.commitments.data or ()),
        from_on=form.from_on.data or clock.today(),
        to_on=form.to_on.data or clock.today(),
        units=tuple(units),
        seed=form.seed.data or "" if form.how.data == "drawn" else "",
        population=population,
        once=(form.once.data or secrets.token_hex(16))[:32],
    )
    return service.grant(wish, by=_me())


@bp.route("/office/engagements/<int:engagement_id>", methods=["GET", "POST"])
@requires(Permission.OFFICE_READ, late=True)
def engagement(engagement_id: int) -> Answer:
    """One audit, how far it has come, and a way to end it early."""
    row = service.one(engagement_id) or abort(404)
    form = EndForm()
    if request.method == "POST":
        if not access.can(Permission.PEOPLE_MANAGE):
            abort(404)
        ids = service.venue_ids(engagement_id)
        access.enter()
        lock(*ids)
        if form.validate_on_submit() and form.takes(
            lambda: service.end(engagement_id, by=current_user.id)
        ):
            commit()
            flash("Ended. From now on nothing of it opens.")
            return redirect(url_for(".index"), 303)
    return render_template(
        "auditors/engagement.html",
        form=form,
        row=row,
        progress=casework.progress(row),
        today=clock.today(),
        asked=casework.asked(row),
    )
