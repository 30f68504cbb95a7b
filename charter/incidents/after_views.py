"""Pages on what comes after an entry: closing, things to do, keeping it longer, sharing it."""

from collections.abc import Callable

from flask import abort, flash, redirect, url_for

from charter.accounts import service as accounts
from charter.core.access import Permission, Role, requires
from charter.core.db import commit
from charter.incidents import following, reading
from charter.incidents.blueprint import (
    Answer,
    back_to,
    bp,
    form_page,
    is_current,
    the_entry,
    writer,
)
from charter.incidents.book_forms import (
    CloseForm,
    DoneForm,
    EntryForm,
    ShareForm,
    ToDoForm,
    WhyForm,
)

# Each module of this blueprint takes it from the one before: whoever has the last has all.
__all__ = ["bp"]
MANAGE, SHARE = Permission.INCIDENTS_MANAGE, Permission.INCIDENTS_SHARE


def _page(
    venue_id: int, number: int, page: str, form: EntryForm, verb: Callable[[], object], words: str,
    **more: int,
) -> Answer:  # fmt: skip
    """A form about one entry, or what it does; an entry whose words are gone takes nothing more."""
    found = the_entry(venue_id, number)
    if found.words_key_sealed is None and page != "release":
        flash("The words of this entry are deleted, so it cannot be changed any more")
        return redirect(url_for(".entry", venue_id=venue_id, number=number), 303)
    if form.validate_on_submit() and is_current(form, found) and form.takes(verb):
        commit()
        return back_to(venue_id, number, words)
    return form_page(f"incidents/{page}.html", venue_id, number, form, **more)


@bp.route("/<int:number>/close", methods=["GET", "POST"])
@requires(MANAGE)
def close(venue_id: int, number: int) -> Answer:
    """Say how an entry ended."""
    found, form = the_entry(venue_id, number), CloseForm()

    def verb() -> None:
        outcome = form.outcome.data or ""
        following.close(found, outcome, writer(venue_id), texts=form.texts())

    return _page(venue_id, number, "close", form, verb, "Closed")


@bp.route("/<int:number>/reopen", methods=["GET", "POST"])
@requires(MANAGE)
def reopen(venue_id: int, number: int) -> Answer:
    """Open a closed entry again."""
    found, form = the_entry(venue_id, number), WhyForm()
    return _page(
        venue_id, number, "reopen", form,
        lambda: following.reopen(found, writer(venue_id), why=form.why.data or ""),
        "This entry is open again",
    )  # fmt: skip


@bp.route("/<int:number>/to-do", methods=["GET", "POST"])
@requires(MANAGE)
def to_do(venue_id: int, number: int) -> Answer:
    """Write down something to be done, by whom and until when."""
    found, form = the_entry(venue_id, number), ToDoForm()
    team = _team(venue_id)
    form.offer(team.items())

    def verb() -> None:
        what, owner = form.what.data or "", form.owner.data or 0
        if form.due_on.data is not None:
            due_on, by = form.due_on.data, writer(venue_id)
            following.follow_up(found, what, owner, due_on, by, owners=team)

    return _page(venue_id, number, "to_do", form, verb, "Saved. It is on the list of the week")


def _team(venue_id: int) -> dict[int, str]:
    """Who may be asked to do something: everybody with a role at the venue, once."""
    found: dict[int, str] = {}
    for row in accounts.team(venue_id):
        found.setdefault(row.user_id, f"{row.user.name}, {Role(row.role).label}")
    return found


@bp.route("/<int:number>/to-do/<int:n>/done", methods=["GET", "POST"])
@requires(MANAGE)
def done(venue_id: int, number: int, n: int) -> Answer:
    """Say that something is done, and how."""
    found, form = the_entry(venue_id, number), DoneForm()
    if n not in {row.n for row in reading.follow_ups(found)}:
        abort(404)
    return _page(
        venue_id, number, "done", form,
        lambda: following.done(found, n, writer(venue_id), how=form.how.data or ""),
        "Done",
        n=n,
    )  # fmt: skip


@bp.route("/<int:number>/keep", methods=["GET", "POST"])
@requires(MANAGE)
def hold(venue_id: int, number: int) -> Answer:
    """Keep an entry beyond its time."""
    found, form = the_entry(venue_id, number), WhyForm()
    return _page(
        venue_id, number, "hold", form,
        lambda: following.hold(found, writer(venue_id), why=form.why.data or ""),
        "Kept until you say otherwise",
    )  # fmt: skip


@bp.route("/<int:number>/keep/end", methods=["GET", "POST"])
@requires(MANAGE)
def release(venue_id: int, number: int) -> Answer:
    """Let an entry's time run again."""
    found, form = the_entry(venue_id, number), WhyForm()
    return _page(
        venue_id, number, "release", form,
        lambda: following.release(found, writer(venue_id), why=form.why.data or ""),
        "It is kept as long as every other entry",
    )  # fmt: skip


@bp.route("/<int:number>/share", methods=["GET", "POST"])
@requires(SHARE)
def share(venue_id: int, number: int) -> Answer:
    """Let the night office read an entry: facts, or facts and words; never names."""
    found, form = the_entry(venue_id, number), ShareForm()
    return _page(
        venue_id, number, "share", form,
        lambda: following.share_with_office(found, form.what.data or "", writer(venue_id)),
        "Shared with the night office",
    )  # fmt: skip
