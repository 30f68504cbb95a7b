"""Pages on which an entry is added to or corrected: words, facts, people and the cameras."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, url_for
from werkzeug.wrappers import Response

from charter.core import clock
from charter.core.access import Permission, requires
from charter.core.db import commit
from charter.core.errors import Refused
from charter.core.text import in_words
from charter.incidents import amending, people, reading, record, service, words
from charter.incidents.after_views import bp
from charter.incidents.blueprint import (
    Answer,
    back_to,
    form_page,
    is_current,
    reads_all,
    the_entry,
    the_venue,
    writer,
)
from charter.incidents.book_forms import (
    CctvForm,
    ChangeForm,
    PeopleForm,
    WhyForm,
    change_form,
    licence_name,
)
from charter.incidents.choices import Cctv
from charter.incidents.models import Entry
from charter.incidents.rules import State
from charter.incidents.service import Writer
from charter.incidents.words import LicenceField
from charter.venues import places
from charter.venues.models import Venue

__all__ = ["bp"]
WRITE = Permission.INCIDENTS_WRITE
MANAGE = Permission.INCIDENTS_MANAGE
EXCERPT = 60


def _too_late(venue_id: int, found: Entry) -> Response | None:
    """Back to the entry, with a reason, where nobody may add to it any more; else None."""
    if found.words_key_sealed is None:
        flash("The words of this entry are deleted, so it cannot be changed any more")
    elif not amending.may_amend(found, writer(venue_id)):
        flash("You can add to an entry for 24 hours. Ask your manager to write this down")
    else:
        return None
    return redirect(url_for(".entry", venue_id=venue_id, number=found.number), 303)


@bp.route("/<int:number>/change", methods=["GET", "POST"])
@requires(WRITE)
def change(venue_id: int, number: int) -> Answer:
    """Add to an entry or correct it; what stood before stays to be read."""
    venue, found = the_venue(venue_id), the_entry(venue_id, number)
    if (away := _too_late(venue_id, found)) is not None:
        return away
    form = _change_form(found)
    if (
        form.validate_on_submit()
        and is_current(form, found)
        and form.takes(lambda: _change(found, venue, form, writer(venue_id)))
    ):
        commit()
        return back_to(venue_id, number, "Saved. What stood there before can still be read")
    return form_page("incidents/change.html", venue_id, number, form)


def _change_form(found: Entry) -> ChangeForm:
    """The form with what stands now."""
    wall = datetime.fromisoformat(found.happened_wall)
    is_twice = clock.is_ambiguous(wall)
    asked = _asked(found)
    form = change_form(asked)(
        data={
            **{licence_name(e): found.licence.get(e.key) for e in asked if e.is_fact},
            **{key: getattr(found, key) for key in _SAME},
            "zone": found.zone_id,
            "on": wall.date(),
            "at": f"{wall:%H:%M}",
            "fold": str(found.fold) if is_twice else None,
        }
    )
    rooms = {room.id: room.name for room in places.rooms(found.venue_id)}
    if found.zone_id is not None and found.zone_id not in rooms:
        rooms[found.zone_id] = "The place it has now, which you no longer have"
    form.offer(rooms.items(), _wrong(found), found.kinds, is_twice=is_twice, cctv=Cctv(found.cctv))
    return form


def _asked(found: Entry) -> list[LicenceField]:
    """What the venue's licence asks of an entry of these kinds."""
    known = words.words()
    of_kinds = {known.kinds[key].licence for key in found.kinds if key in known.kinds}
    switched_on = reading.records(found.venue_id) if of_kinds != {None} else ()
    return [
        each
        for key in switched_on
        if key in of_kinds and key in known.records
        for each in known.records[key].fields
    ]


_SAME = (
    *("kinds", "relation", "known_by", "wish", "actions", "acted", "who_left", "cctv"),
    *("severity", "is_around"),
)


def _wrong(found: Entry) -> list[tuple[int, str]]:
    """The lines whose words can be said to be wrong, each with how it begins."""
    mine = writer(found.venue_id)
    return [
        (each.line.seq, f"{in_words(clock.local(each.line.at).date())}: {_excerpt(text)}")
        for each in reading.lines(found, with_words=True)
        if (text := each.words.get("said", ""))
        and each.corrected_by is None
        and (reads_all(found.venue_id) or each.line.by_user_id == mine.user_id)
    ]


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= EXCERPT else f"“{line[:EXCERPT].rstrip()} …”"


def _change(found: Entry, venue: Venue, form: ChangeForm, by: Writer) -> None:
    before = service.state(found)
    texts = {"said": form.said.data or "", "acted_who": form.acted_who.data or ""}
    if form.acted.data != "other":
        texts["acted_who"] = ""
    nothing = {key for key, each in words.words().actions.items() if each.because}
    if nothing & set(form.actions.data or ()) - set(before["actions"]):
        texts["because"] = form.because.data or ""
    licence, more = form.licence()
    texts |= more
    wanted = _wanted(before, form)
    if form.asked:
        asked = {each.key for each in form.asked}
        kept = {k: v for k, v in before["licence"].items() if k not in asked}
        wanted["licence"] = kept | licence
    why, corrects = form.why.data or "", form.corrects.data or []
    if not amending.amend(found, venue, wanted, texts, by, corrects=corrects, why=why):
        raise Refused("Nothing is changed yet. Write something, or change an answer")


def _wanted(before: State, form: ChangeForm) -> State:
    """The facts as the form has them; the order in which boxes were ticked is no difference."""
    wanted: State = {
        "zone_id": form.zone.data,
        "relation": form.relation.data,
        "known_by": form.known_by.data,
        "acted": form.acted.data,
        "who_left": form.who_left.data,
        "severity": form.severity.data,
    }
    for key in ("kinds", "wish", "actions"):
        chosen = form[key].data or []
        wanted[key] = before[key] if set(chosen) == set(before[key]) else chosen
    if form.asks_cctv and form.cctv.data:
        wanted["cctv"] = form.cctv.data
    return wanted | _of_kinds(before, wanted) | _when(before, form)


def _of_kinds(before: State, wanted: Mapping[str, Any]) -> State:
    """What follows from what happened: the group it is of, and how serious that is by itself."""
    known = words.kinds()
    kinds = [key for key in wanted["kinds"] if key in known]
    if kinds == before["kinds"] or not kinds:
        return {}
    usual = max((known[key].severity for key in before["kinds"] if key in known), default=1)
    found: State = {"category": known[kinds[0]].category}
    if wanted["severity"] == before["severity"] == usual:
        found["severity"] = max(known[key].severity for key in kinds)
    return found


def _when(before: State, form: ChangeForm) -> State:
    wall = datetime.fromisoformat(before["happened_wall"])
    typed = (form.at.data or "").replace(".", ":").rjust(5, "0")
    fold = int(form.fold.data) if form.fold.data else 0
    now = (form.on.data, typed, fold, bool(form.is_around.data))
    if now == (wall.date(), f"{wall:%H:%M}", before["fold"], before["is_around"]):
        return {}
    return form.happened().facts


@bp.route("/<int:number>/people", methods=["GET", "POST"])
@requires(WRITE)
def who(venue_id: int, number: int) -> Answer:
    """Write down who an entry is about."""
    found = the_entry(venue_id, number)
    if (away := _too_late(venue_id, found)) is not None:
        return away
    form = PeopleForm()
    if (
        form.validate_on_submit()
        and is_current(form, found)
        and form.takes(lambda: people.add_people(found, form.somebody(), writer(venue_id)))
    ):
        commit()
        return back_to(venue_id, number, "Saved. Names are kept closed")
    return form_page("incidents/who.html", venue_id, number, form)


@bp.route("/<int:number>/people/<int:n>/strike", methods=["GET", "POST"])
@requires(WRITE)
def strike(venue_id: int, number: int, n: int) -> Answer:
    """Say that somebody was written down wrongly."""
    found = the_entry(venue_id, number)
    if (away := _too_late(venue_id, found)) is not None:
        return away
    only_by = None if reads_all(venue_id) else writer(venue_id).user_id
    if n not in {each.n for each in record.people_of(found, only_by) if not each.is_struck}:
        abort(404)
    form = WhyForm()
    if (
        form.validate_on_submit()
        and is_current(form, found)
        and form.takes(
            lambda: people.strike_person(found, n, writer(venue_id), why=form.why.data or "")
        )
    ):
        commit()
        return back_to(venue_id, number, "Saved. That person reads as struck through")
    return form_page("incidents/strike.html", venue_id, number, form, n=n)


@bp.route("/<int:number>/cctv", methods=["GET", "POST"])
@requires(MANAGE)
def cctv(venue_id: int, number: int) -> Answer:
    """Say what became of what a camera saw."""
    found = the_entry(venue_id, number)
    if (away := _too_late(venue_id, found)) is not None:
        return away
    form = CctvForm()
    if found.cctv_until is None:
        form.state.choices = [each for each in form.state.choices if each[0] != Cctv.WANTED]
    if (
        form.validate_on_submit()
        and is_current(form, found)
        and form.takes(lambda: _set_cctv(found, form, writer(venue_id)))
    ):
        commit()
        return back_to(venue_id, number, "Saved")
    return form_page("incidents/cctv.html", venue_id, number, form)


def _set_cctv(found: Entry, form: CctvForm, by: Writer) -> None:
    state = Cctv(form.state.data)
    who, camera = form.who.data or "", form.camera.data or ""
    if state is Cctv.SAVED and not who:
        raise Refused("Enter who saved it", "who")
    if state is not Cctv.SAVED:
        who = camera = ""
    amending.set_cctv(found, state, by, camera=camera, who=who)
