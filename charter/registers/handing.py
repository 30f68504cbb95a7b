"""One entry as a paper for the police: what was ticked, and nothing else."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import IO

from charter.core import clock
from charter.core.paper.report import Letterhead
from charter.incidents import record, saying
from charter.incidents.models import Entry
from charter.incidents.record import Record, moment_words
from charter.incidents.rules import Line
from charter.registers.paper import BookPaper
from charter.registers.register import Cover

TITLES = {
    "facts": "the facts, and who wrote it",
    "words": "what was seen and said",
    "people": "who it is about, with names",
    "after": "what was written later",
}
# That something was shared, kept or taken away is no part of what happened.
_OURS = {Line.SHARED.label, Line.HELD.label, Line.RELEASED.label, Line.WIPED.label}


def draw(
    file: IO[bytes], cover: Cover, entry: Entry, parts: Collection[str], *, to: str, reference: str,
    names: Mapping[int, Mapping[str, str]] | None,
) -> None:  # fmt: skip
    """Write the paper into a file; `names` are those of its people if they are ticked."""
    on = clock.local(cover.printed_at).date()
    mark = f"entry {entry.number}"
    head = Letterhead(cover.venue_name, cover.address, cover.colour, mark, on)
    paper = BookPaper(file, head, f"Entry {entry.number} of the incident book")
    paper.rows(_about(cover, parts, to, reference))
    paper.entry(_only(record.record(entry, names=names), parts), parts)
    paper.finish()


def _about(
    cover: Cover, parts: Collection[str], to: str, reference: str
) -> Iterator[tuple[str, str]]:
    yield "Given to", to
    if reference:
        yield "Their reference", reference
    yield "Made", f"{moment_words(cover.printed_at)} by {cover.printed_by}"
    yield "In here", ", ".join(words for part, words in TITLES.items() if part in parts)
    left_out = ", ".join(words for part, words in TITLES.items() if part not in parts)
    if left_out:
        yield "Left out", left_out


def _only(found: Record, parts: Collection[str]) -> Record:
    """The entry without what hangs on words that are not ticked."""
    lines = [found.lines[0], *(each for each in found.lines[1:] if each.title not in _OURS)]
    if "words" in parts:
        return replace(found, lines=lines)
    rooms = record.room_names(found.entry.venue_id)
    facts = saying.facts(found.entry, rooms, {}, by=found.by)
    return replace(found, lines=lines, facts=facts, late_why="")
