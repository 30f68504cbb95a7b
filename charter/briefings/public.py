"""The briefing as the team reads it, without an account; for a new starter it is the first one."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from charter.briefings import readers, service
from charter.briefings.forms import ReadForm
from charter.briefings.models import BriefingNight
from charter.core.access import public
from charter.core.db import commit
from charter.rooms import pages as rooms
from charter.staff.service import short_name
from charter.venues import service as venues

bp = Blueprint("tonight", __name__, url_prefix="/tonight")
Answer = str | Response | tuple[str, int]


@bp.get("/<token>")
@public
def read(token: str) -> Answer:
    """Tonight's page, and below it the names of those who are new."""
    night = service.found(token)
    if night is None or service.is_over(night):
        return _ended(night)
    return _page(night, token, ReadForm(formdata=None))


@bp.post("/<token>")
@public
def done(token: str) -> Answer:
    """Somebody on the list has read it."""
    night = service.found(token)
    if night is None or service.is_over(night):
        return _ended(night)
    form = ReadForm()
    form.offer(service.needs_briefing(night.venue_id))
    who = form.member_id
    if who is not None and readers.has_read(night.venue_id, night.night, who):
        return redirect(url_for(".ready", token=token), 303)
    if form.validate_on_submit() and form.takes(
        lambda: service.acknowledge(token, who, form.name.data or "")
    ):
        commit()
        return redirect(url_for(".ready", token=token), 303)
    return _page(night, token, form)


@bp.get("/<token>/ready")
@public
def ready(token: str) -> Answer:
    """Thanks, and who is on tonight once more."""
    night = service.found(token)
    if night is None or service.is_over(night):
        return _ended(night)
    return render_template("tonight/ready.html", night=night, token=token)


def _page(night: BriefingNight, token: str, form: ReadForm) -> str:
    waiting = service.needs_briefing(night.venue_id)
    form.offer(waiting)
    return render_template(
        "tonight/read.html",
        venue=venues.venue(night.venue_id),
        saved=service.page(night.venue_id),
        night=night,
        token=token,
        form=form,
        waiting=waiting,
        rooms=rooms.plain_tonight(night.venue_id),
        lead=[(short_name(name), stands_in) for name, stands_in in service.lead(night.venue_id)],
    )


def _ended(night: BriefingNight | None) -> tuple[str, int]:
    """A link that worked once is gone; one that there never was is not found."""
    return render_template("tonight/ended.html"), 410 if night else 404
