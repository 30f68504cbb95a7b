"""What each entry of the trail says to a person: one table of words for every verb there is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from charter.core.access import Role
from charter.core.text import in_words
from charter.core.trail import TrailEntry
from charter.editions.terms import Edition
from charter.training import sampling

VERBS = {
    "account.anonymised": "Name and address of an unused account deleted",
    "account.disabled": "Account closed",
    "account.enabled": "Account opened again",
    "account.made": "Account made",
    "account.renamed": "Name changed",
    "account.warned": "Warned by mail that nobody uses the account",
    "action.done": "Something to mend is mended",
    "action.dropped": "Nothing will be done about something to mend",
    "action.planned": "Plan for something to mend",
    "action.reopened": "Something to mend opened again",
    "appeal.answered": "Appeal against a suspension answered",
    "appeal.asked": "Appeal against a suspension",
    "audit-template.loaded": "Questions of the safety walk loaded",
    "audit.answered": "Answers given on a safety walk",
    "audit.begun": "Safety walk begun",
    "audit.dropped": "Safety walk given up",
    "audit.finished": "Safety walk finished",
    "audit.room-left-out": "Place left out of a safety walk, or taken in again",
    "audit-file.answered": "Answer given to an auditor",
    "audit-file.asked": "Asked by an auditor",
    "audit-file.checked": "Checked by an auditor whether something worked",
    "audit-file.found": "Finding of an auditor",
    "audit-file.opened": "Opened by an auditor",
    "audit-file.seen": "Proof seen by an auditor",
    "book.head": "Seal of the incident book kept and mailed",
    "book.nil-week": "Week signed as nothing to report",
    "book.printed": "Register of the incident book printed",
    "book.read": "Incident book read up to an entry",
    "book.searched": "Words of the incident book searched",
    "book.terms-changed": "What the licence asks of the incident book changed",
    "briefing.made": "Briefing for the night made",
    "briefing.written": "Words of the briefing written",
    "camera.removed": "Camera taken off the list",
    "camera.saved": "Camera put on the list or the plan",
    "certificate.dropped": "Proposal about a certificate dropped",
    "certificate.grace": "Certificate in its days of grace",
    "certificate.issued": "Certificate issued",
    "certificate.proposed": "Certificate proposed",
    "certificate.remark": "Sentence on the certificate’s page",
    "certificate.remark-gone": "Sentence on the certificate’s page taken away",
    "certificate.remark-removed": "Sentence on the certificate’s page removed by the office",
    "certificate.restored": "Certificate counts again",
    "certificate.suspended": "Certificate suspended",
    "certificate.withdrawal-proposed": "Withdrawal of a certificate proposed",
    "certificate.withdrawn": "Certificate withdrawn",
    "check.noted": "Spot check written down",
    "complaint.answered": "Complaint about an auditor answered",
    "complaint.made": "Complaint about an auditor",
    "device.added": "Phone of the venue added",
    "device.code-made": "New code made to pair a phone of the venue",
    "device.ended": "Phone of the venue ended",
    "device.paired": "Phone of the venue paired",
    "door.added": "Somebody written down who works the door",
    "door.repeated": "The same people written down for the door as on the night before",
    "door.struck": "Somebody on the door struck through",
    "edition.loaded": "Edition of the charter loaded",
    "email.change-asked": "New e-mail address asked for",
    "email.changed": "E-mail address changed",
    "engagement.ended": "Audit ended early",
    "engagement.granted": "Audit granted",
    "entry.added": "Added to an entry of the incident book",
    "entry.amended": "Entry of the incident book corrected",
    "entry.cctv": "Written down what became of the CCTV",
    "entry.closed": "Entry of the incident book closed",
    "entry.done": "Something to do after an entry done",
    "entry.follow-up": "Something to do after an entry written down",
    "entry.held": "Entry of the incident book kept for longer",
    "entry.opened": "What was written in an entry of the office’s own book opened",
    "entry.people": "People of an entry written down or struck through",
    "entry.read-by-office": "What was said in a shared entry opened by the office",
    "entry.released": "Entry of the incident book no longer kept for longer",
    "entry.reopened": "Entry of the incident book opened again",
    "entry.shared": "Entry of the incident book shared with the office",
    "entry.to-police": "Parts of an entry of the incident book given to the police",
    "entry.wiped": "Words or names of an entry deleted because their time is over",
    "entry.written": "Entry written in the incident book",
    "evidence.accepted": "Proof accepted",
    "evidence.accepted-by-rule": "Renewal accepted by rule, not looked at again",
    "evidence.ended": "Proof ended early",
    "evidence.pulled-back": "Proof pulled back",
    "evidence.returned": "Proof returned",
    "evidence.seen": "Proof seen in person",
    "evidence.shown": "Proof handed in",
    "evidence.vouched": "Proof written down by the office",
    "evidence.withdrawn": "Proof taken back by the venue",
    "factor.codes-renewed": "New recovery codes made",
    "factor.recovery-used": "Recovery code used to sign in",
    "factor.removed": "Second step of signing in removed",
    "factor.reset-proposed": "Removal of the second step proposed",
    "factor.set-up": "Second step of signing in set up",
    "files.erased": "Files of old proofs deleted",
    "floor.picture-removed": "Picture of a floor’s plan taken away",
    "floor.saved": "Floor named, or given a plan",
    "invitation.accepted": "Invitation accepted",
    "invitation.approved": "Invitation approved",
    "invitation.made": "Invitation sent",
    "invitation.withdrawn": "Invitation withdrawn",
    "key.made": "Key that signs certificates made",
    "key.withdrawn": "Key that signs certificates withdrawn",
    "keys.rotated": "Keys of sealed records changed",
    "map.looked": "The team looked at the map of its rooms",
    "names.opened": "Names in an entry of the incident book opened",
    "night-walk.changed": "Night walk changed",
    "night-walk.ended": "Night walk ended",
    "night-walk.joined": "Somebody joined a night walk",
    "night-walk.planned": "Night walk planned",
    "night-walk.rated": "A stop of a night walk rated",
    "not-applicable.agreed": "Agreed that it does not apply",
    "not-applicable.asked": "The venue said that it does not apply",
    "not-applicable.ended": "It applies again",
    "not-applicable.refused": "Answered that it does apply",
    "notice.not-shown": "Post on the network not shown",
    "notice.posted": "Post written for the network",
    "notice.shown": "Post on the network shown",
    "notice.taken-back": "Post for the network taken back",
    "notice.taken-down": "Post taken off the network",
    "outside.counted": "Training by somebody else counts now",
    "outside.handed-in": "Training by somebody else handed in",
    "outside.mapped": "Decided what somebody else’s course counts for",
    "outside.returned": "Training by somebody else returned",
    "page.found": "Spoiled page of the incident book is there after all",
    "page.spoiled": "Blank page of the incident book marked as spoiled",
    "pages.printed": "Blank pages for the incident book printed",
    "password.changed": "Password changed",
    "password.reset-asked": "Link for a new password sent",
    "pin.given": "PIN made for somebody on the staff list",
    "pin.taken": "PIN taken from somebody on the staff list",
    "proof.discarded": "Unfinished proof thrown away",
    "proof.saved": "Unfinished proof saved",
    "quiet.recorded": "Answer about the quiet weeks written down",
    "quiet.signed": "Quiet weeks signed as nothing to report",
    "recipient.retired": "Somebody who mends street faults taken off the list",
    "recipient.saved": "Somebody who mends street faults added or changed",
    "reply.not-shown": "Reply on the network not shown",
    "reply.posted": "Reply written for the network",
    "reply.shown": "Reply on the network shown",
    "reply.taken-back": "Reply for the network taken back",
    "reply.taken-down": "Reply taken off the network",
    "retention.done": "What is kept no longer was deleted",
    "role.ended": "Role ended",
    "role.extended": "Role made longer",
    "role.given": "Role given",
    "room.placed": "Room put on the plan",
    "room.taken-off": "Room taken off the plan",
    "session.booked": "People booked on a training session",
    "session.cancelled": "Training session cancelled",
    "session.changed": "Training session changed",
    "session.checked-in": "Checked in to a training session by phone",
    "session.counted": "Room counted at a training session",
    "session.moved-up": "Place on a training session given to who waited",
    "session.planned": "Training session planned",
    "session.register-set": "Register of a training session saved",
    "session.unbooked": "Somebody taken off a training session",
    "sessions.ended": "Signed out everywhere",
    "sign-up.answered": "Signer answered the office",
    "sign-up.approved": "Sign-up approved",
    "sign-up.asked": "Signer asked a question",
    "sign-up.confirmed": "Sign-up confirmed by e-mail",
    "sign-up.declined": "Sign-up declined",
    "signatories.imported": "Earlier signatories brought in",
    "space.change-dropped": "Change to the rooms taken back",
    "space.changed": "Change to the rooms written down",
    "staff.added": "Somebody added to the staff list",
    "staff.came-back": "Somebody on the staff list came back",
    "staff.changed": "Name or job changed on the staff list",
    "staff.code-made": "Code made to tie a job to an account",
    "staff.confirmed": "Staff list said to be right",
    "staff.forgotten": "Names deleted, long after they left",
    "staff.imported": "Staff list read in",
    "staff.left": "Last day noted on the staff list",
    "staff.linked": "Somebody tied a job to their own account",
    "staff.unlinked": "A job was untied from an account",
    "street-fault.answered": "Answer about a street fault",
    "street-fault.listed": "Street fault put on the list",
    "street-fault.unlisted": "Street fault taken off the list",
    "street-faults.sent": "Street faults sent to who mends them",
    "thread.answered": "Question answered",
    "thread.asked": "Question asked",
    "threshold.set": "Threshold set",
    "training.recorded": "Training written down",
    "training.sampled": "The office looked at a few names",
    "training.withdrawn": "Training taken back",
    "venue.added": "Venue added",
    "venue.changed": "Venue’s details changed",
    "venue.cleared": "Names and files deleted, long after the venue left",
    "venue.closed": "Closed for a while",
    "venue.declined": "Sign-up of the venue declined",
    "venue.exported": "A copy of everything was taken",
    "venue.import-changed": "Venue’s details changed by an import",
    "venue.imported": "Venue brought in from open data",
    "venue.left": "Left the charter",
    "venue.licence-changed": "Licence conditions changed",
    "venue.operator-changed": "Operator changed",
    "venue.owner-changed": "New owner",
    "venue.reopened": "Open again",
    "venue.rooms-changed": "Rooms changed",
    "venue.signed": "Signed the charter",
    "venue.signed-up": "Signed up, and waits for the office",
    "venues.imported": "Venues brought in",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the trail as a page shows it; `by` is a name, or "" for the system itself."""

    number: int
    at: datetime
    what: str
    by: str


def lines(
    entries: Iterable[TrailEntry], edition: Edition | None, names: Mapping[int, str]
) -> list[Line]:
    """Entries in words, with who did each."""
    return [
        Line(entry.number, entry.at, said(entry, edition), names.get(entry.actor_id or 0, ""))
        for entry in entries
    ]


def said(entry: TrailEntry, edition: Edition | None) -> str:
    """What one entry says: its verb in words, and of its detail what a person can use."""
    about = [
        words
        for name, value in entry.detail.items()
        if value and (words := _detail(name, str(value), edition))
    ]
    return ": ".join([VERBS[entry.verb], ", ".join(about)]) if about else VERBS[entry.verb]


def _detail(name: str, value: str, edition: Edition | None) -> str:
    if name == "requirement":
        found = edition.requirement(value) if edition else None
        return f"{found.number} {found.task}" if found else value
    if name == "role":
        return Role(value).label
    if name == "serial":
        return value
    if name == "sample":
        return sampling.REASONS.get(value, "")
    if name in ("came", "missed"):
        return f"{value} {'came' if name == 'came' else 'did not come'}"
    if name in ("since", "until"):
        return f"{'from' if name == 'since' else 'until'} {in_words(date.fromisoformat(value))}"
    return ""
