"""The copy that a venue may take of everything held about it: one ZIP, written to the disk.

Made in bounded memory: rows are read and written a few at a time, files one by one, each checked
against its hash. The ZIP lies in a file without a name, which is gone when it is closed. Sheets
are harmless to spreadsheet programs (`venues.sheets.neutral`).
"""

import contextlib
import csv
import io
import json
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import IO

from sqlalchemy import select

from charter import config
from charter.certificates.models import Certificate
from charter.core import clock, files, retention, trail
from charter.core.db import db
from charter.core.text import in_words
from charter.incidents import retention as books
from charter.office import assurance, book, holdings, premises, roster, walked
from charter.office.holdings import Holdings
from charter.venues.models import Venue
from charter.venues.sheets import neutral

CONTENTS = (
    ("venue.json", "who you are: address, licence, rooms, closures, signatures, the team by role "
     "and name, where you stand with each requirement, certificates, proofs not handed in yet"),
    ("proofs.csv", "every proof you ever handed in, what became of it, and its files"),
    ("exceptions.csv", "what you said does not apply, and quiet weeks, with the answers"),
    ("messages.csv", "what you and the office wrote to each other"),
    ("staff.csv", "who is or was on your staff list: name, job, employer, from when until when"),
    ("training.csv", "what each of them did, from where we know it, and what was taken back"),
    ("sessions.csv", "whom you booked on which training, and who came"),
    ("outside.csv", "the courses of others that you handed in, for whom, with their proofs"),
    ("briefings.csv", "what your briefing says every night, and who is on tonight"),
    ("book.json", "your incident book, line by line: facts, words and names as you have them, "
     "until when they are kept, and the seal of every line"),
    ("door-staff.csv", "who worked the door, from when until when, with their licence numbers"),
    ("rooms.json", "the map of your rooms: floors, places of rooms and cameras, what you changed, "
     "and before which nights the team looked at it"),
    ("safety-walks.json", "your safety walks and the office’s checks: every answer, note and "
     "photos, and what was to be mended, with what became of it"),
    ("certificates-and-audits.json", "what became of your certificates, your sentences and "
     "appeals, and what auditors asked, saw and found"),
    ("phones.csv", "the venue’s own phones, from when until when"),
    ("phone-shifts.csv", "who signed in on them and when, and since when they have a PIN"),
    ("paper-pages.csv", "the blank pages you printed for the door, and what became of each"),
    ("spot-checks.csv", "what spot checks found: jobs and numbers, no names"),
    ("trail.csv", "who did what and when, in words"),
    ("certificates", "the certificates as they were issued"),
    ("files", "the photos and papers of your proofs, plans of your floors and files of your "
     "answers, as they are kept"),
    ("README.txt", "what is in the copy, and how long we keep what is ours to keep"),
)  # fmt: skip
ABOUT_STAFF = {
    "staff.csv", "training.csv", "sessions.csv", "outside.csv", "briefings.csv", "book.json",
    "door-staff.csv", "rooms.json", "phones.csv", "phone-shifts.csv", "paper-pages.csv",
}  # fmt: skip

NO_STAFF = (
    "The sheets about the people of the staff list are not in it: the office counts them, and "
    "looks at names only by sample, with a reason. Nor is the incident book, with the map of the "
    "rooms and the venue’s phones: they are the venue’s. "
    "The venue’s managers have all of them in their copy."
)


def contents(*, staff: bool) -> list[tuple[str, str]]:
    """What is in a copy, in words; without `staff`, as the office takes it."""
    return [each for each in CONTENTS if staff or each[0] not in ABOUT_STAFF]


def clears_after(venue: Venue) -> date | None:
    """The last day on which a venue that left has its people, words and files; None if it has not
    left, or if they are gone already."""
    if venue.left_on is None or venue.cleared_on is not None:
        return None
    return retention.VENUE_LEFT.last_day(venue.left_on)


def note(venue_id: int, *, by: int) -> None:
    """Record that a copy was taken. Needs the venue's lock."""
    trail.note("venue.exported", "venue", venue_id, venue_id=venue_id, by=by)


def pack(venue_id: int, *, staff: bool) -> IO[bytes]:
    """The ZIP of one venue, open at its start; the caller closes it.

    `staff`: with the sheets about the people of its staff list, which the office counts and does
    not read.
    Raises OSError when the disk does not take it. Takes as long as the files are many: needs no
    lock, and shows things as they are while it is made.
    """
    held = holdings.holdings(venue_id)
    with contextlib.ExitStack() as until_whole:
        out = until_whole.enter_context(tempfile.TemporaryFile(dir=config.current().folder))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            _fill(packed, held, staff)
        out.seek(0)
        until_whole.pop_all()
    return out


def _fill(packed: zipfile.ZipFile, held: Holdings, staff: bool) -> None:
    venue_id = held.venue.id
    readme_head, readme_tail = _readme(held, staff)
    stored: dict[int, list[tuple[str, str]]] = defaultdict(list)
    missing = []
    for proof_id, row in holdings.files(venue_id):
        name, is_there = _store(packed, row.file)
        stored[proof_id].append((name, row.file.sha256.hex()))
        missing += [] if is_there else [name]
    values = holdings.identity(held)
    values["unfinished"] = []
    for draft in holdings.unfinished(venue_id):
        names = [_store(packed, photo.file)[0] for photo in draft.photos]
        values["unfinished"].append(
            {
                "requirement": held.about(draft.requirement_key),
                "words": draft.statement,
                "link": draft.link,
                "files": names,
            }
        )
    packed.writestr("venue.json", json.dumps(values, ensure_ascii=False, indent=2))
    for certificate_id in db.session.scalars(
        select(Certificate.id).where(Certificate.venue_id == venue_id).order_by(Certificate.id)
    ).all():
        _certificate(packed, certificate_id)
    _sheet(packed, "proofs.csv", holdings.PROOFS, holdings.proofs(held, stored))
    _sheet(packed, "exceptions.csv", holdings.EXCEPTIONS, holdings.exceptions(held))
    _sheet(packed, "messages.csv", holdings.MESSAGES, holdings.messages(held))
    _sheet(packed, "spot-checks.csv", roster.CHECKS, roster.checks(held))
    missing += _staff(packed, held) if staff else []
    missing += _walks(packed, held)
    missing += _assurance(packed, held)
    _sheet(packed, "trail.csv", holdings.TRAIL, holdings.history(held))
    lost = ["", "These files are listed and not in the copy:", *(f"- {each}" for each in missing)]
    lines = [*readme_head, *(lost if missing else []), *readme_tail]
    packed.writestr("README.txt", "\r\n".join(lines) + "\r\n")


def _staff(packed: zipfile.ZipFile, held: Holdings) -> list[str]:
    """Add what is about the people of the staff list; the files that are not in the copy."""
    stored, missing = {}, []
    for row in roster.proofs(held):
        name, is_there = _store(packed, row.file)
        stored[row.id] = name, row.file.sha256.hex()
        missing += [] if is_there else [name]
    _sheet(packed, "staff.csv", roster.STAFF, roster.staff(held))
    _sheet(packed, "training.csv", roster.TRAINING, roster.training(held))
    _sheet(packed, "sessions.csv", roster.SESSIONS, roster.sessions(held))
    _sheet(packed, "outside.csv", roster.OUTSIDE, roster.outside(held, stored))
    _sheet(packed, "briefings.csv", roster.BRIEFINGS, roster.briefings(held))
    _sheet(packed, "door-staff.csv", book.DOORS, book.doors(held))
    _sheet(packed, "phones.csv", premises.PHONES, premises.phones(held))
    _sheet(packed, "phone-shifts.csv", premises.SHIFTS, premises.shifts(held))
    _sheet(packed, "paper-pages.csv", premises.PAGES, premises.pages(held))
    missing += _rooms(packed, held)
    with packed.open("book.json", "w") as raw, io.TextIOWrapper(raw, "utf-8") as text:
        text.write('{"entries": [')
        _values(text, book.entries(held))
        text.write('], "other_lines": [')
        _values(text, book.other_lines(held))
        text.write("]}\n")
    return missing


def _rooms(packed: zipfile.ZipFile, held: Holdings) -> list[str]:
    """Add the map of the rooms with its pictures; the pictures that are not in the copy."""
    stored, missing = {}, []
    for plan_id, file in premises.pictures(held.venue.id):
        stored[plan_id], is_there = _store(packed, file)
        missing += [] if is_there else [stored[plan_id]]
    values = premises.rooms(held, stored)
    packed.writestr("rooms.json", json.dumps(values, ensure_ascii=False, indent=2))
    return missing


def _walks(packed: zipfile.ZipFile, held: Holdings) -> list[str]:
    """Add the safety walks with their photos; the photos that are not in the copy."""
    stored, missing = {}, []
    for file in walked.photos(held.venue.id):
        stored[file.id], is_there = _store(packed, file)
        missing += [] if is_there else [stored[file.id]]
    with packed.open("safety-walks.json", "w") as raw, io.TextIOWrapper(raw, "utf-8") as text:
        text.write('{"walks": [')
        _values(text, walked.walks(held, stored))
        text.write('], "to_mend": [')
        _values(text, walked.to_mend(held, stored))
        text.write("]}\n")
    return missing


def _assurance(packed: zipfile.ZipFile, held: Holdings) -> list[str]:
    """Add what became of certificates, and audits; the files of answers that are not there."""
    stored, missing = {}, []
    for file in assurance.answered(held.venue.id):
        stored[file.id], is_there = _store(packed, file)
        missing += [] if is_there else [stored[file.id]]
    name = "certificates-and-audits.json"
    with packed.open(name, "w") as raw, io.TextIOWrapper(raw, "utf-8") as text:
        text.write('{"certificates": [')
        _values(text, assurance.certificates(held))
        text.write('], "audits": [')
        _values(text, assurance.audits(held, stored))
        text.write("]}\n")
    return missing


def _values(text: IO[str], values: Iterable[dict[str, object]]) -> None:
    """Write values one by one, as the inside of a list in JSON."""
    before = "\n"
    for value in values:
        text.write(before + json.dumps(value, ensure_ascii=False))
        before = ",\n"


def _store(packed: zipfile.ZipFile, stored: files.StoredFile) -> tuple[str, bool]:
    """Add a file as it is kept; the name it has in the copy, and whether it is there whole."""
    name = f"files/{stored.id}-{stored.shown_name}"
    try:
        content = files.read(stored)
    except files.Erased:
        return f"{name} (deleted: kept for as long as we keep such files)", False
    except files.Damaged:
        return f"{name} (damaged on our side: ask the office to bring it back)", False
    entry = zipfile.ZipInfo(name, clock.local(stored.created_at).timetuple()[:6])
    entry.external_attr = 0o600 << 16
    packed.writestr(entry, content)
    return name, True


def _certificate(packed: zipfile.ZipFile, certificate_id: int) -> None:
    serial, pdf = db.session.execute(
        select(Certificate.serial, Certificate.pdf).where(Certificate.id == certificate_id)
    ).one()
    packed.writestr(f"certificates/{serial}.pdf", pdf)


def _sheet(
    packed: zipfile.ZipFile, name: str, head: holdings.Row, rows: Iterable[holdings.Row]
) -> None:
    """Write a sheet row by row, marked as UTF-8 for spreadsheet programs."""
    with (
        packed.open(name, "w") as raw,
        io.TextIOWrapper(raw, "utf-8-sig", newline="") as text,
    ):
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerow(head)
        writer.writerows([neutral(cell) for cell in row] for row in rows)


def _readme(held: Holdings, staff: bool) -> tuple[list[str], list[str]]:
    """What is said before and after the list of files that are not in the copy."""
    city, now = config.current().city, clock.local(clock.now())
    head = [
        f"{held.venue.name}: everything that {city.service_name} holds about it",
        f"Made on {in_words(now.date())} at {now:%H:%M}.",
        "",
        "What is in this copy",
        *(f"- {name}: {words}" for name, words in contents(staff=staff)),
        "",
        *([] if staff else [NO_STAFF]),
        "People are named who had a role at this venue. Others are named by what they are: "
        f"{city.office_name}, or an auditor.",
        "A cell that starts with an apostrophe (') would be taken for a formula without it.",
        "The letters and digits under SHA-256 belong to one file: they show if it was changed.",
    ]
    tail = [
        "",
        "How long we keep what this is a copy of",
        *(f"- {line}" for line in kept(held.venue)),
        "",
        f"Questions? Write to {city.office_email}"
        + (f" or call {city.office_phone}." if city.office_phone else "."),
    ]
    return head, tail


def kept(venue: Venue) -> list[str]:
    """How long what is held about this venue is kept, in sentences; its own dates if it left."""
    last = clears_after(venue)
    lines = [
        "The files of the newest accepted proof of each requirement, and of the one before it, "
        "stay. Those of older proofs are deleted once their own time is over.",
        f"The name of somebody who left your staff list is deleted {retention.STAFF_LEFT} after "
        "their last day. What they did is still counted, with nobody’s name.",
        f"The proof of a course of others is deleted {retention.OUTSIDE_PROOF} after it counted "
        f"for the last time, and the note of a spot check after {retention.CHECK_NOTE}.",
        "The words of an entry in the incident book are deleted "
        f"{books.words_kept(venue.licence_retention_months)} after somebody last wrote about it, "
        f"its names after {books.names_kept(venue.licence_retention_months)}; what is kept for "
        "longer on request stays. When, where and of what kind it was stays.",
    ]
    if venue.cleared_on is not None:
        lines = [f"Files, names and what was written were deleted on {in_words(venue.cleared_on)}."]
    elif last is not None:
        lines = [
            f"You left. Your people can sign in and take this copy until {in_words(last)}.",
            f"On {in_words(last + timedelta(days=1))} their roles end, and the files of proofs, "
            "names and what was written are deleted.",
        ]
    return [
        *lines,
        f"That a certificate was issued, and until when it held, is kept for at least "
        f"{retention.CERTIFICATE} after it ends. It names no person.",
        f"The record of who did what is kept for at least {retention.TRAIL}. It holds numbers "
        "and dates.",
        f"Copies for emergencies are to be kept for {retention.BACKUP} at most.",
    ]
