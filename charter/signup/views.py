"""The public sign-up: find or add a venue, sign the charter, invite the champion."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from charter.core import retention
from charter.core.access import public
from charter.core.db import commit
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.signup import drafts
from charter.signup import service as signing
from charter.signup.forms import (
    LATER,
    ME,
    AnswerForm,
    ChampionForm,
    SearchForm,
    SendForm,
    SignForm,
    VenueForm,
    YouForm,
)
from charter.signup.models import SignUpState
from charter.venues import service as venues
from charter.venues.forms import WhereForm
from charter.venues.models import Kind, Venue, VenueState

bp = Blueprint("signup", __name__, url_prefix="/sign-up")
Answer = str | Response
DRAFT = "sign_up"


@bp.route("/")
@public
def start() -> Answer:
    """What signing up takes, before it begins."""
    return render_template("signup/start.html", commitments=len(editions.current().commitments))


@bp.route("/venue", methods=["GET", "POST"])
@public
def venue() -> Answer:
    """Find the venue on the list."""
    search = SearchForm()
    asked = search.q.data if search.validate() and search.q.data else ""
    found = venues.search(asked)
    form = VenueForm(venue_id=_answers().get("venue", {}).get("venue_id"))
    form.venue_id.choices = [(each.id, _where(each)) for each in found]
    if form.validate_on_submit() and form.takes(
        lambda: _keep("venue", _chosen(venues.venue(form.venue_id.data)))
    ):
        return _go_on()
    return render_template(
        "signup/venue.html",
        search=search,
        asked=asked,
        found=venues.search(asked),
        form=form,
        states={each.id: _state_words(each) for each in found},
    )


@bp.route("/new-venue", methods=["GET", "POST"])
@public
def new_venue() -> Answer:
    """Add a venue that is not on the list."""
    given = _answers().get("venue", {})
    form = WhereForm(data=given if "name" in given else {"name": request.args.get("name", "")[:80]})
    if form.validate_on_submit() and form.takes(lambda: _keep("venue", _typed(form))):
        return _go_on()
    return render_template("signup/new_venue.html", form=form)


@bp.route("/you", methods=["GET", "POST"])
@public
def you() -> Answer:
    """Who signs."""
    form = YouForm(data=_answers().get("you"))
    if "venue" not in _answers():
        return redirect(url_for(".venue"), 303)
    if form.validate_on_submit() and form.takes(lambda: _keep("you", _plain(form))):
        return _go_on()
    return render_template("signup/you.html", form=form, place=_place(_answers()), kept=retention)


@bp.route("/charter", methods=["GET", "POST"])
@public
def charter() -> Answer:
    """Read the charter in plain words, and sign it."""
    if drafts.next_step(_answers()) in ("venue", "you"):
        return _go_on()
    edition = editions.current()
    signed = _answers().get("charter", {}).get("edition") == edition.key
    form = SignForm(may_sign=signed, signs=signed)
    if form.validate_on_submit() and form.takes(lambda: _keep("charter", {"edition": edition.key})):
        return _go_on()
    given = _answers()
    return render_template(
        "signup/charter.html", form=form, edition=edition, place=_place(given), you=given["you"]
    )


@bp.route("/champion", methods=["GET", "POST"])
@public
def champion() -> Answer:
    """Name the champion, be it, or leave it for later."""
    if drafts.next_step(_answers()) in ("venue", "you", "charter"):
        return _go_on()
    form = ChampionForm(data=_answers().get("champion"))
    if form.validate_on_submit() and form.takes(
        lambda: _keep("champion", _champion_of(form, _answers()["you"]))
    ):
        return _go_on()
    return render_template("signup/champion.html", form=form)


@bp.route("/check", methods=["GET", "POST"])
@public
def check() -> Answer:
    """Check the answers, change any, and send."""
    given = _answers()
    if drafts.next_step(given) != "check":
        return _go_on()
    form = SendForm()
    if form.validate_on_submit() and form.takes(lambda: signing.send(given)):
        drafts.drop(session.pop(DRAFT, None))
        commit()
        return redirect(url_for(".sent"), 303)
    return render_template(
        "signup/check.html",
        form=form,
        place=_place(given),
        kind=Kind(given["venue"]["kind"]).label if "kind" in given["venue"] else "",
        you=given["you"],
        role=signing.SIGNER_ROLES[given["you"]["role"]],
        champion=given["champion"],
    )


@bp.route("/sent")
@public
def sent() -> Answer:
    """The mail is on its way."""
    return render_template("signup/sent.html")


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> Answer:
    """Where the mailed link leads: a button confirms; opening the link changes nothing."""
    row = signing.found(token)
    if row is None:
        abort(404)
    form = SendForm()
    if form.validate_on_submit() and form.takes(lambda: signing.confirm(token)):
        commit()
        return redirect(url_for(".confirm", token=token), 303)
    return render_template(
        "signup/confirm.html",
        form=form,
        is_open=row.state == SignUpState.UNCONFIRMED,
        too_old=signing.is_too_old(row),
    )


@bp.route("/answer/<token>", methods=["GET", "POST"])
@public
def answer(token: str) -> Answer:
    """What the office said to a sign-up, and the signer's answer to a question."""
    row = signing.found(token)
    if row is None or row.state == SignUpState.UNCONFIRMED:
        abort(404)
    form = AnswerForm()
    if form.validate_on_submit() and form.takes(
        lambda: signing.answer(token, form.words.data or "")
    ):
        commit()
        return redirect(url_for(".answer", token=token), 303)
    return render_template(
        "signup/answer.html", form=form, state=row.state, messages=signing.messages(row.id)
    )


def _answers() -> drafts.Answers:
    return drafts.answers(session.get(DRAFT))


def _keep(step: str, given: Mapping[str, Any]) -> None:
    session[DRAFT] = drafts.save(session.get(DRAFT), step, dict(given))


def _go_on() -> Response:
    commit()
    return redirect(url_for(f".{drafts.next_step(_answers())}"), 303)


def _chosen(venue: Venue | None) -> dict[str, Any]:
    signing.refuse_taken(venue)
    return {"venue_id": venue.id if venue else None}


def _typed(form: WhereForm) -> dict[str, Any]:
    known = venues.twin(form.name.data or "", form.postcode.data or "")
    if known is not None:
        raise Refused(f"{_where(known)} is on our list already. Go back and choose it", "name")
    return _plain(form)


def _plain(form: Any) -> dict[str, Any]:
    return {field.name: field.data for field in form if field.name != "csrf_token"}


def _champion_of(form: ChampionForm, you: Mapping[str, Any]) -> dict[str, Any]:
    if form.who.data == LATER:
        return {"who": LATER}
    if form.who.data == ME:
        return {"who": ME, "name": you["name"], "email": you["email"]}
    return _plain(form)


def _place(given: drafts.Answers) -> str:
    """The venue of a draft as one line of words."""
    chosen = given["venue"]
    if "venue_id" in chosen:
        found = venues.venue(chosen["venue_id"])
        return _where(found) if found else ""
    parts = [chosen["name"], chosen["street"], chosen["town"], chosen["postcode"]]
    return ", ".join(part for part in parts if part)


def _where(place: Venue) -> str:
    parts = [place.name, place.street, place.postcode]
    return ", ".join(part for part in parts if part)


def _state_words(place: Venue) -> str:
    words = {VenueState.WORKING: "Has already signed", VenueState.WAITING: "Somebody signed it up"}
    return words.get(VenueState(place.state), "")
