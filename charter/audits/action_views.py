"""What a venue has to mend: its board, the plan for each thing, and that it is done."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from charter.accounts import service as accounts
from charter.audits import actions, pages, walks
from charter.audits.forms import ActionDropForm, DoneForm, PlanForm
from charter.audits.models import Action
from charter.audits.rules import COSTS, Kind, State
from charter.audits.template import Mends
from charter.audits.views import READ, WRITE, bp
from charter.audits.walk_views import Answer, the_venue
from charter.core import access, clock, files
from charter.core.access import requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.fields import Form
from charter.core.text import is_number

__all__ = ["bp"]
ACTION = "/actions/<int:number>"


@bp.get("/actions")
@requires(READ)
def board(venue_id: int) -> Answer:
    """What is to be mended, what was, and what never will be."""
    asked = request.args.get("state", "")
    state = State(asked) if asked in list(State) else State.OPEN
    typed = request.args.get("page", "1")
    page = max(1, int(typed)) if is_number(typed) and len(typed) < 6 else 1
    return render_template(
        "audits/board.html",
        venue=the_venue(venue_id),
        found=pages.board(venue_id, state, page),
        needs={each.value: each.label for each in Mends},
    )


def _action(venue_id: int, number: int) -> Action:
    return actions.action(venue_id, number) or abort(404)


@bp.get(ACTION)
@requires(READ)
def action(venue_id: int, number: int) -> Answer:
    """One thing to mend: what was found, the plan, the photos."""
    row = _action(venue_id, number)
    return _page("audits/action.html", venue_id, row)


def _page(template: str, venue_id: int, row: Action, form: Form | None = None) -> str:
    ids = {each for each in (row.owner_id, row.ended_by) if each}
    people = accounts.people(ids) if ids else {}
    return render_template(
        template,
        venue=the_venue(venue_id),
        row=row,
        people={user_id: user.name for user_id, user in people.items()},
        costs=COSTS,
        needs=Mends(row.mends).label,
        today=clock.today(),
        has_before=row.before_photo_id is not None
        and walks.photo(venue_id, row.before_photo_id, [Kind.OWN]) is not None,
        after=actions.after_photo(venue_id, row.number),
        **({} if form is None else {"form": form}),
    )


@bp.route(f"{ACTION}/plan", methods=["GET", "POST"])
@requires(WRITE)
def plan(venue_id: int, number: int) -> Answer:
    """Give a thing to mend a person, a day and a way."""
    row, team = _action(venue_id, number), accounts.team(venue_id)
    known = accounts.people({row.owner_id}) if row.owner_id else {}
    gone = next((user.name for user in known.values()), "")
    form = PlanForm.of(row, team, gone)

    def verb() -> None:
        actions.plan(
            row,
            wrong=form.wrong.data or "",
            fix=form.fix.data or "",
            owner_id=form.owner.data,
            owners={each.user_id for each in team},
            due_on=form.due_on.data,
            cost=form.cost.data or "",
            by=current_user.id,
        )

    if form.validate_on_submit() and form.takes(verb):
        following = _following(venue_id, row)
        commit()
        if following is None:
            flash("Saved. Everything to mend has a person and a day.")
            return redirect(url_for(".board", venue_id=venue_id), 303)
        flash("Saved. Here is the next one without a person and a day.")
        return redirect(url_for(".plan", venue_id=venue_id, number=following), 303)
    return _page("audits/plan.html", venue_id, _action(venue_id, number), form)


def _following(venue_id: int, row: Action) -> int | None:
    """The next open action without a plan."""
    found = actions.board(venue_id, State.OPEN)
    bare = (each for each in found if each.owner_id is None or each.due_on is None)
    return next((each.number for each in bare if each.number != row.number), None)


@bp.route(f"{ACTION}/done", methods=["GET", "POST"])
@requires(WRITE, late=True)
def done(venue_id: int, number: int) -> Answer:
    """Say that it is mended, with a photo from after."""
    form, row = DoneForm(), _action(venue_id, number)
    if form.validate_on_submit() and form.receive():
        access.enter()
        row = _action(venue_id, number)
        words = form.words.data or ""
        if form.takes(lambda: actions.done(row, words, form.received, by=current_user.id)):
            commit()
            flash("Mended. Well done.")
            return redirect(url_for(".board", venue_id=venue_id), 303)
    return _page("audits/done.html", venue_id, _action(venue_id, number), form)


@bp.route(f"{ACTION}/drop", methods=["GET", "POST"])
@requires(WRITE)
def drop_action(venue_id: int, number: int) -> Answer:
    """Say that nothing will be done about it, and why."""
    row, form = _action(venue_id, number), ActionDropForm()
    if form.validate_on_submit() and form.takes(
        lambda: actions.drop(row, form.words.data or "", by=current_user.id)
    ):
        commit()
        flash("It is noted that nothing will be done, and why.")
        return redirect(url_for(".action", venue_id=venue_id, number=number), 303)
    return _page("audits/drop_action.html", venue_id, _action(venue_id, number), form)


@bp.post(f"{ACTION}/reopen")
@requires(WRITE)
def reopen(venue_id: int, number: int) -> Answer:
    """Open one again that was closed."""
    row = _action(venue_id, number)
    try:
        actions.reopen(row, by=current_user.id)
    except Refused as refused:
        flash(refused.words)
    else:
        commit()
        flash("It is open again. Give it a new day.")
    return redirect(url_for(".action", venue_id=venue_id, number=number), 303)


@bp.get(f"{ACTION}/after")
@requires(READ)
def after(venue_id: int, number: int) -> Response:
    """The photo from after."""
    return files.answer(actions.after_photo(venue_id, number) or abort(404))
