"""Sign-ups from being sent to being decided, and what it means that a venue has signed.

Nobody is asked for an account. Whoever fills in the form proves a mailbox by a link; who they
*are* is for the office to confirm, through a contact that was not typed into the form. Approving
makes the venue *working towards*, records the signature and its proof, and invites the people.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from charter import config
from charter.accounts import invitations
from charter.accounts.invitations import Wish
from charter.accounts.models import User
from charter.core import clock, mail, retention, trail
from charter.core.access import Role
from charter.core.db import CITY, db, lock
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.proofs import signatures
from charter.signup import drafts
from charter.signup.models import SignUp, SignUpMessage, SignUpState
from charter.venues import service as venues
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.service import Identity

CONFIRM_WITHIN = retention.SIGN_UP_UNCONFIRMED.real
NO_NAME = "Name removed"
MAILS_AN_HOUR = 3
SIGN_UPS_AN_HOUR = 60
WORDS_LIMIT = 2000
HOW_LIMIT = 300
SIGNER_ROLES = {"owner": "Owner", "licence-holder": "Licence holder"}
THROUGH = {
    "phone": "A phone number we found ourselves",
    "email": "An e-mail address we found ourselves",
    "visit": "A visit to the venue",
    "letter": "A letter to the venue",
    "licence": "The licensing team or its register",
}
_OPEN = (SignUpState.WAITING, SignUpState.ASKED)


class Verdict(StrEnum):
    """What the office says to a sign-up."""

    APPROVE = "approve"
    ASK = "ask"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-up for the office's list; `venue` is None for one that is new to the city."""

    sign_up: SignUp
    venue: Venue | None

    @property
    def name(self) -> str:
        """What the venue is called."""
        return self.venue.name if self.venue else str((self.sign_up.place or {})["name"])


def refuse_taken(venue: Venue | None) -> None:
    """Refuse a venue that nobody can sign up now, in words that say what to do instead."""
    city = config.current().city
    if venue is None:
        raise Refused("Choose your venue from the list, or add it", "venue_id")
    if venue.state == VenueState.WORKING:
        raise Refused(
            f"{venue.name} has already signed. If you work there, ask its manager to invite you. "
            f"If you think that is wrong, write to {city.office_email}",
            "venue_id",
        )
    if venue.state == VenueState.WAITING:
        raise Refused(
            f"Somebody has already signed up {venue.name}, and {city.office_name} is looking at "
            f"it. If that was nobody you know, write to {city.office_email}",
            "venue_id",
        )


def send(answers: drafts.Answers) -> SignUp:
    """Turn a draft's answers into a sign-up and mail its link. Needs the city's lock.

    Refuses a venue that was taken meanwhile, an edition that is no longer current, and more mails
    in an hour than one address or the whole city should need.
    """
    you, champion, place = answers["you"], answers["champion"], answers["venue"]
    venue_id = place.get("venue_id")
    if venue_id is not None:
        refuse_taken(venues.venue(venue_id))
    if answers["charter"]["edition"] != editions.current().key:
        raise Refused("The charter has changed since you read it. Please read it again and sign")
    _slow_down(you["email"])
    token = secrets.token_urlsafe(32)
    row = SignUp(
        state=SignUpState.UNCONFIRMED,
        token_hash=drafts.hashed(token),
        venue_id=venue_id,
        place=None if venue_id is not None else place,
        signer_name=you["name"],
        signer_role=you["role"],
        signer_email=you["email"],
        signer_phone=you.get("phone"),
        champion_name=champion.get("name"),
        champion_email=champion.get("email"),
        edition_key=answers["charter"]["edition"],
        signed_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    _mail(row, "sign-up-confirm", "confirm", token, until=row.signed_at + CONFIRM_WITHIN)
    return row


def _slow_down(email: str) -> None:
    hour = SignUp.signed_at > clock.now() - timedelta(hours=1)
    if _count(hour, SignUp.signer_email == email) >= MAILS_AN_HOUR:
        raise Refused(
            "We have sent this address three e-mails in the last hour. Look in its junk folder, or "
            "wait an hour and send this page again"
        )
    if _count(hour) >= SIGN_UPS_AN_HOUR:
        raise Refused(
            "Many people are signing up just now. Nothing you typed is lost: wait a few minutes, "
            "then send this page again"
        )


def _count(*where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(SignUp).where(*where)) or 0


def found(token: str) -> SignUp | None:
    """The sign-up a mailed link belongs to, or None. Changes nothing, so that scanners may look."""
    return db.session.scalar(select(SignUp).where(SignUp.token_hash == drafts.hashed(token)))


def is_too_old(row: SignUp) -> bool:
    """Whether a sign-up waited too long to be confirmed."""
    late = clock.now() > row.signed_at + CONFIRM_WITHIN
    return row.state == SignUpState.UNCONFIRMED and late


def confirm(token: str) -> SignUp:
    """The mailbox is theirs: the office gets to see the sign-up. Doing it twice changes nothing.

    Needs the city's lock, takes the venue's. Refuses a link that no longer works.
    """
    row = _fresh(found(token))
    if row is None or is_too_old(row):
        raise Refused("This link no longer works. Please start again")
    if row.state != SignUpState.UNCONFIRMED:
        return row
    row.state, row.confirmed_at = SignUpState.WAITING, clock.now()
    trail.note("sign-up.confirmed", "sign_up", row.id, venue=row.venue_id)
    if row.venue_id is not None:
        lock(CITY, row.venue_id)
        venues.wait(row.venue_id)
    return row


def answer(token: str, words: str) -> SignUp:
    """The signer answers the office's question. Refuses when nothing was asked."""
    row = _fresh(found(token))
    if row is None or row.state != SignUpState.ASKED:
        raise Refused("There is no open question. If something changed, write to us")
    _say(row, words, None)
    row.state = SignUpState.WAITING
    trail.note("sign-up.answered", "sign_up", row.id)
    return row


def waiting() -> list[Waiting]:
    """Every confirmed sign-up that is not decided, those that wait longest first."""
    rows = db.session.execute(
        select(SignUp, Venue)
        .outerjoin(Venue, Venue.id == SignUp.venue_id)
        .where(SignUp.state.in_(_OPEN))
        .order_by(SignUp.confirmed_at, SignUp.id)
    )
    return [Waiting(sign_up, venue) for sign_up, venue in rows]


def sign_up(sign_up_id: int) -> Waiting | None:
    """One confirmed sign-up with its venue, decided or not; None for any other."""
    row = db.session.get(SignUp, sign_up_id)
    if row is None or row.state == SignUpState.UNCONFIRMED:
        return None
    return Waiting(row, venues.venue(row.venue_id) if row.venue_id else None)


def messages(sign_up_id: int) -> Sequence[SignUpMessage]:
    """What the office and the signer wrote to each other, oldest first."""
    return db.session.scalars(
        select(SignUpMessage)
        .where(SignUpMessage.sign_up_id == sign_up_id)
        .order_by(SignUpMessage.id)
    ).all()


def decide(
    row: SignUp,
    verdict: Verdict,
    *,
    by: User,
    words: str = "",
    confirmed_through: str = "",
    confirmed_how: str = "",
) -> Venue | None:
    """Approve, ask or decline. Needs the city's lock, takes the venue's; gives the venue if any.

    Approving refuses without a contact (`confirmed_through`, one of `THROUGH`) and how it was
    reached (`confirmed_how`), and refuses the phone or e-mail that was typed into the form.
    Asking and declining need words; they are read behind a mailed link.
    """
    row = _fresh(row) or row
    if row.state not in _OPEN:
        raise Refused("This sign-up has been decided already")
    if verdict is Verdict.APPROVE:
        return _approve(row, by, confirmed_through, confirmed_how, words)
    if not words.strip():
        raise Refused("Write what you want to know, or why you decline", "words")
    _say(row, words, by)
    token = secrets.token_urlsafe(32)
    row.token_hash = drafts.hashed(token)
    if verdict is Verdict.ASK:
        row.state = SignUpState.ASKED
        trail.note("sign-up.asked", "sign_up", row.id, by=by.id)
    else:
        _decline(row, by, words)
    _mail(row, "sign-up-decision", "answer", token)
    return venues.venue(row.venue_id) if row.venue_id else None


def _decline(row: SignUp, by: User, words: str) -> None:
    row.state, row.words = SignUpState.DECLINED, words
    row.decided_at, row.decided_by = clock.now(), by.id
    db.session.flush()
    trail.note("sign-up.declined", "sign_up", row.id, by=by.id, venue=row.venue_id)
    if row.venue_id is not None and not _count(
        SignUp.venue_id == row.venue_id, SignUp.state.in_(_OPEN)
    ):
        lock(CITY, row.venue_id)
        venues.decline(row.venue_id, by=by.id)


def _approve(row: SignUp, by: User, through: str, how: str, words: str) -> Venue:
    _refuse_unconfirmed(row, through, how)
    venue = _venue_of(row, by)
    row.state, row.venue_id, row.words = SignUpState.APPROVED, venue.id, words or None
    row.decided_at, row.decided_by = clock.now(), by.id
    row.confirmed_through, row.confirmed_how = through, how
    trail.note("sign-up.approved", "sign_up", row.id, by=by.id, venue=venue.id, through=through)
    signatures.sign(
        venue.id,
        row.edition_key,
        clock.local(row.signed_at).date(),
        name=row.signer_name,
        role=row.signer_role,
        by=by,
        sign_up_id=row.id,
    )
    wishes = [Wish(row.signer_email, Role.MANAGER, row.signer_name, venue.id)]
    if row.champion_email:
        champion = row.champion_name or ""
        wishes.append(Wish(row.champion_email, Role.CHAMPION, champion, venue.id))
    invitations.invite_many(wishes, by=by)
    return venue


def _refuse_unconfirmed(row: SignUp, through: str, how: str) -> None:
    if through not in THROUGH:
        raise Refused("Choose how you made sure who they are", "confirmed_through")
    if len(how.strip()) < 3 or len(how) > HOW_LIMIT:
        raise Refused(
            "Write whom you spoke to and where you found the contact, in a few words",
            "confirmed_how",
        )
    typed = re.sub(r"\D", "", row.signer_phone or "")[-9:]
    if row.signer_email.lower() in how.lower() or (typed and typed in re.sub(r"\D", "", how)):
        raise Refused(
            "That contact was typed into the form by the person themselves. Use one that you "
            "found elsewhere, such as in the licence register",
            "confirmed_how",
        )


def _venue_of(row: SignUp, by: User) -> Venue:
    """The venue signed up, made now if it was new, with its lock taken."""
    if row.venue_id is not None:
        lock(CITY, row.venue_id)
        return db.session.get_one(Venue, row.venue_id)
    place: dict[str, Any] = row.place or {}
    known = venues.twin(place["name"], place["postcode"])
    if known is not None:
        lock(CITY, known.id)
        return known
    identity = Identity(
        place["name"], place["street"], place["town"], place["postcode"], Kind(place["kind"])
    )
    return venues.add(identity, by=by.id)


def forget() -> int:
    """Delete what is kept no longer: drafts of yesterday, links nobody opened, old refusals.

    Needs the city's lock. Says how many were deleted.
    """
    now = clock.now()
    refused_before = retention.SIGN_UP_DECLINED.oldest_moment(now, clock.zone())
    stale = (SignUp.state == SignUpState.UNCONFIRMED) & (SignUp.signed_at < now - CONFIRM_WITHIN)
    old = (SignUp.state == SignUpState.DECLINED) & (SignUp.decided_at < refused_before)
    gone = db.session.scalars(select(SignUp.id).where(stale | old)).all()
    db.session.execute(delete(SignUpMessage).where(SignUpMessage.sign_up_id.in_(gone)))
    db.session.execute(delete(SignUp).where(SignUp.id.in_(gone)))
    return drafts.forget() + len(gone)


def forget_people(venue_id: int) -> None:
    """Take names, addresses and letters off the sign-ups of a venue that left long ago.

    That it was signed up, when, and who of the office decided stays. Needs the venue's lock.
    """
    theirs = SignUp.venue_id == venue_id
    ids = select(SignUp.id).where(theirs)
    db.session.execute(delete(SignUpMessage).where(SignUpMessage.sign_up_id.in_(ids)))
    db.session.execute(
        update(SignUp)
        .where(theirs)
        .values(
            token_hash=None,
            signer_name=NO_NAME,
            signer_email="",
            signer_phone=None,
            champion_name=None,
            champion_email=None,
            confirmed_how=None,
            words=None,
        )
    )


def _say(row: SignUp, words: str, author: User | None) -> None:
    if len(words) > WORDS_LIMIT:
        raise Refused(f"Use {WORDS_LIMIT:,} characters or fewer", "words")
    author_id = author.id if author else None
    db.session.add(
        SignUpMessage(
            sign_up_id=row.id, from_office=author is not None, body=words, author_id=author_id
        )
    )


def _fresh(row: SignUp | None) -> SignUp | None:
    """The row as it is under the lock."""
    if row is not None:
        db.session.refresh(row)
    return row


def _mail(row: SignUp, kind: str, page: str, token: str, **values: Any) -> None:
    link = f"{config.current().public_url}/sign-up/{page}/{token}"
    mail.post(kind, row.signer_email, link=link, **values)
