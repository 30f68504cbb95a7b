"""What is met without a proof: requirements that do not apply, and quiet weeks; and thresholds.

None of them ever counts by silence: the office agrees, or asks and writes the answer down.
"""

from datetime import date, timedelta

from sqlalchemy import select

from charter.core import clock, trail
from charter.core.db import Counts, db, touch
from charter.core.errors import Refused
from charter.editions import service as editions
from charter.editions.models import ThresholdOverride
from charter.proofs import decisions, service
from charter.proofs.models import NotApplicable, QuietRecord

LARGEST_THRESHOLD = 1000.0


def ask_not_applicable(venue_id: int, key: str, reason: str, *, by: int) -> NotApplicable:
    """Say that a requirement does not apply here, and why; the office answers.

    Refuses one that applies everywhere, one without a reason, and one already asked or agreed.
    """
    requirement = service.must_ask(venue_id, key).requirement
    if not requirement.waivable:
        raise Refused("This applies to every venue.")
    words = reason.strip()
    if not words:
        raise Refused("Say why it does not apply to you", "reason")
    known = _running(venue_id, key)
    if known is not None:
        raise Refused("You have already said so." if known.agreed is None else "It is agreed.")
    asked = NotApplicable(venue_id=venue_id, requirement_key=key, reason=words, asked_by=by)
    db.session.add(asked)
    db.session.flush()
    _note("not-applicable.asked", "not_applicable", asked, by)
    return asked


def wish(venue_id: int, asked_id: int) -> NotApplicable | None:
    """What a venue said not to apply to it, or None."""
    return db.session.scalar(
        select(NotApplicable).where(
            NotApplicable.venue_id == venue_id, NotApplicable.id == asked_id
        )
    )


def decide_not_applicable(
    venue_id: int, asked_id: int, agreed: bool, words: str, *, by: int
) -> NotApplicable:
    """Agree that a requirement does not apply, or say no with a reason. Not to one's own wish."""
    asked = wish(venue_id, asked_id)
    if asked is None or asked.agreed is not None or asked.ended_on is not None:
        raise Refused("This does not wait for an answer any more.")
    if asked.asked_by == by:
        raise Refused("You asked for this yourself, so somebody else has to decide.")
    if not agreed and not words.strip():
        raise Refused("Say why it does apply", "words")
    asked.agreed, asked.words = agreed, words.strip() or None
    asked.decided_by, asked.decided_at = by, clock.now()
    verb = "not-applicable.agreed" if agreed else "not-applicable.refused"
    _note(verb, "not_applicable", asked, by)
    decisions.tell_champions(venue_id, asked.requirement_key)
    return asked


def apply_after_all(venue_id: int, key: str, *, by: int) -> NotApplicable:
    """Say that a requirement applies after all: from today on it has to be shown.

    An ask without an answer is simply taken back. Refuses when there is neither.
    """
    known = _running(venue_id, key)
    if known is None:
        raise Refused("Nobody has said that this does not apply.")
    if known.agreed is None:
        known.agreed = False
    known.ended_on = clock.today() - timedelta(days=1)
    _note("not-applicable.ended", "not_applicable", known, by)
    return known


def _running(venue_id: int, key: str) -> NotApplicable | None:
    """The wish that waits or is agreed and has not ended."""
    return db.session.scalar(
        select(NotApplicable)
        .where(
            NotApplicable.venue_id == venue_id,
            NotApplicable.requirement_key == key,
            NotApplicable.agreed.is_not(False),
            NotApplicable.ended_on.is_(None),
        )
        .order_by(NotApplicable.id.desc())
        .limit(1)
    )


def sign_nil(venue_id: int, key: str, *, by: int) -> QuietRecord:
    """Sign today that the quiet weeks were quiet: nothing happened that had to be recorded.

    Refuses a requirement that few cases do not concern, and one already signed and not asked about.
    """
    if not service.must_ask(venue_id, key).requirement.few:
        raise Refused("This is not counted, so there is nothing to sign.")
    if _unasked(venue_id, key) is not None:
        raise Refused("The quiet weeks are signed already. An officer will ask you about them.")
    quiet = QuietRecord(
        venue_id=venue_id, requirement_key=key, nil_signed_on=clock.today(), nil_signed_by=by
    )
    db.session.add(quiet)
    db.session.flush()
    _note("quiet.signed", "quiet_record", quiet, by)
    return quiet


def record_quiet(venue_id: int, key: str, answer: str, *, by: int) -> QuietRecord:
    """Write down what the venue answered when an officer asked about its quiet weeks.

    Refuses an empty answer, weeks that nobody signed, and whoever signed them.
    """
    quiet = _unasked(venue_id, key)
    if quiet is None:
        raise Refused("Nobody has signed the quiet weeks.")
    if quiet.nil_signed_by == by:
        raise Refused("You signed this yourself, so somebody else has to ask.")
    if not answer.strip():
        raise Refused("Write down what they answered", "answer")
    quiet.answer = answer.strip()
    quiet.recorded_by, quiet.recorded_on = by, clock.today()
    _note("quiet.recorded", "quiet_record", quiet, by)
    decisions.tell_champions(venue_id, key)
    return quiet


def _unasked(venue_id: int, key: str) -> QuietRecord | None:
    return db.session.scalar(
        select(QuietRecord).where(
            QuietRecord.venue_id == venue_id,
            QuietRecord.requirement_key == key,
            QuietRecord.recorded_on.is_(None),
        )
    )


def set_threshold(
    edition_key: str, name: str, value: float, from_on: date, *, by: int
) -> ThresholdOverride:
    """Give a threshold of an edition the office's own value from a day on; needs the city's lock.

    From tomorrow at the earliest, so that no venue's standing changes behind its back today: the
    nightly run takes it in. Refuses a name the edition does not have.
    """
    if name not in editions.edition(edition_key).thresholds:
        raise Refused("This edition has no such threshold.", "name")
    if not 0 < value <= LARGEST_THRESHOLD:
        raise Refused(f"Enter a number from 1 to {LARGEST_THRESHOLD:g}", "value")
    if from_on <= clock.today():
        raise Refused("Enter a day from tomorrow on", "from_on")
    override = ThresholdOverride(
        edition_key=edition_key, name=name, value=value, from_on=from_on, set_by=by
    )
    db.session.add(override)
    db.session.flush()
    editions.forget()
    trail.note(
        "threshold.set",
        "threshold_override",
        override.id,
        by=by,
        edition=edition_key,
        name=name,
        value=f"{value:g}",
        from_on=from_on.isoformat(),
    )
    return override


def _note(verb: str, thing: str, row: NotApplicable | QuietRecord, by: int) -> None:
    trail.note(verb, thing, row.id, venue_id=row.venue_id, by=by, requirement=row.requirement_key)
    touch(row.venue_id, counts=Counts.NONE)
