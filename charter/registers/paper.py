"""How an entry of the book looks on paper: its facts, its words, every later line, its people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import IO

from charter.core.paper.ream import Ream
from charter.core.paper.report import Letterhead, Report
from charter.core.paper.sheet import MARGIN, MEASURE
from charter.core.paper.typeset import BOLD, RULE, Type
from charter.core.text import in_words
from charter.incidents import saying, words
from charter.incidents.models import Entry
from charter.incidents.record import Record, RecordLine, Somebody, ToDo, Words, moment_words

PARTS = ("facts", "words", "people", "after")
INDENT = 12.0
# What stands among the facts already, unless somebody corrected it since.
_AMONG_FACTS = {saying.NAMES[key] for key in ("acted_who", "late_why", "written_by")}
NOT_OPEN = "These words were changed outside the book, and do not open."


class BookPaper(Report):
    """Pages about a venue's book, written to a file while they are drawn."""

    _LABEL = Type(BOLD, 9, leading=1.3)
    _LINE = Type(size=9.5, leading=1.32)
    _STRONG = Type(BOLD, 10.5)

    def __init__(self, file: IO[bytes], head: Letterhead, title: str) -> None:
        about = {"author": head.office_name, "subject": head.charter_title}
        super().__init__(head, title, Ream(file, title, made_on=head.as_at, **about))

    def strong(self, text: str) -> None:
        """A sentence that nobody should miss."""
        self._flow([self._block("P", text, self._STRONG)], self._STRONG)
        self._top -= 5

    def said(self, text: str, *, is_small: bool = False, indent: float = INDENT) -> None:
        """What somebody wrote, with the line ends that they typed."""
        type_ = self._CELL if is_small else self._LINE
        for part in text.split("\n"):
            if part.strip():
                block = self._block("P", part, type_, x=MARGIN + indent, width=MEASURE - indent)
                self._flow([block], type_)
        self._top -= 3

    def label(self, text: str) -> None:
        """A small heading within an entry, kept with what follows it."""
        self._need(self._LABEL.line + 2 * self._LINE.line)
        self._top -= 2
        self._flow([self._block("P", text, self._LABEL)], self._LABEL)
        self._top -= 1

    def rule(self) -> None:
        """A thin line across the page."""
        self._sheet.rectangle(MARGIN, self._top, MEASURE, 0.5, RULE)
        self._top -= 4

    def entry(self, record: Record, parts: Collection[str] = PARTS) -> None:
        """One entry: of its facts, words, people and later lines those that are asked for."""
        entry = record.entry
        with self._sheet.group("Sect"):
            self.heading(f"Entry {entry.number}: {words.category_name(entry.category)}", 3)
            rows = [*_made(record), *record.facts, *_ended(entry)]
            if "facts" in parts:
                self.rows(rows)
            if "words" in parts:
                told = " ".join(text for _, text in rows) if "facts" in parts else None
                self._first_words(record.lines[0], told)
            if "people" in parts:
                self._people(record)
            if "after" in parts:
                for line in record.lines[1:]:
                    self._later(line, entry)
                self._to_do(record.to_do)
            self._wiped(entry, parts)
            self.rule()

    def _first_words(self, first: RecordLine, told: str | None) -> None:
        """What an entry began with. `told` is what stands among the facts; without facts, nothing
        goes but what was seen and said."""
        words = [
            each
            for each in first.words
            if not each.name
            or (told is not None and not (each.name in _AMONG_FACTS and each.text in told))
        ]
        if words or first.is_broken:
            self.label("What was seen and said")
            self._words(replace(first, words=words))

    def _later(self, line: RecordLine, entry: Entry) -> None:
        self.label(f"{line.title} on {moment_words(line.at)} by {line.by}")
        for note in line.notes:
            self.said(note, is_small=True)
        for change in line.changes:
            was = f"was “{change.old}”, is now " if change.old else ""
            self.said(f"{change.name}: {was}“{change.new}”", is_small=True)
        self._words(line)

    def _words(self, line: RecordLine) -> None:
        if line.is_broken:
            self.said(NOT_OPEN)
        for each in line.words:
            if each.correction is not None:
                self._corrected(each)
            elif each.name:
                colon = "" if each.name.endswith("?") else ":"
                self.said(f"{each.name}{colon} {each.text}", is_small=True)
            else:
                self.said(each.text)

    def _corrected(self, each: Words) -> None:
        """Words that a later line says are wrong: they stay to be read, and what is right."""
        found = each.correction
        if found is None or found.at is None:
            return
        self.said(f"Corrected on {moment_words(found.at)} by {found.by}. At first it said:",
                  is_small=True)  # fmt: skip
        self.said(each.text, indent=2 * INDENT)
        self.said("Right is:" if found.text else "Nothing was put in its place.", is_small=True)
        if found.text:
            self.said(found.text, indent=2 * INDENT)

    def _people(self, record: Record) -> None:
        if record.people:
            self.label("Who it is about")
        for each in record.people:
            self.said(_somebody(each), is_small=True)

    def _to_do(self, rows: Sequence[ToDo]) -> None:
        if rows:
            self.label("What was to be done")
        for each in rows:
            ends = f"done on {in_words(each.done_on)}" if each.done_on else "not done yet"
            text = f"{each.what} ({each.owner}, by {in_words(each.due_on)}): {ends}"
            self.said(text, is_small=True)

    def _wiped(self, entry: Entry, parts: Collection[str]) -> None:
        gone = {
            "What people wrote here": entry.words_wiped_on if "words" in parts else None,
            "Names": entry.names_wiped_on if "people" in parts else None,
        }
        for what, on in gone.items():
            if on is not None:
                verb = "were" if what == "Names" else "was"
                its = "their" if what == "Names" else "its"
                text = f"{what} {verb} taken away on {in_words(on)}: {its} time was over."
                self.said(text, is_small=True, indent=0)


def _made(record: Record) -> Iterable[tuple[str, str]]:
    """When, by whom and how it came into the book."""
    entry = record.entry
    yield "Written", f"{moment_words(entry.made_at)} by {record.by}"
    if entry.paper_page_id is not None:
        on = f" on {in_words(record.paper_on)}" if record.paper_on else ""
        by = f" by {record.paper_by}" if record.paper_by else ""
        page = f"page {record.paper_page}" if record.paper_page else "a page"
        yield "From paper", f"Typed in from {page}, written there{by}{on}"
    if entry.is_late:
        why = f". Why: {record.late_why}" if record.late_why else ""
        yield "Late", f"More than {entry.late_hours} hours after it happened{why}"
    if entry.read_at is not None:
        by = f" by {record.read_by}" if record.read_by else ""
        yield "Read", f"{moment_words(entry.read_at)}{by}"


def _ended(entry: Entry) -> Iterable[tuple[str, str]]:
    if entry.state == "closed" and entry.closed_at is not None:
        found = words.words().outcomes.get(entry.outcome or "")
        how = found.name if found else entry.outcome or ""
        yield "Closed", f"{moment_words(entry.closed_at)}: {how}"
    else:
        yield "Closed", "Not yet"
    if entry.is_held:
        yield "Kept", "For longer than its time, until somebody says otherwise"


def _somebody(each: Somebody) -> str:
    text = f"{each.n}. {each.part}, {each.age[:1].lower()}{each.age[1:]}"
    if each.is_struck:
        text = f"{text} (a later line says that this was written down wrongly)"
    return text if each.who is None else f"{text}: {_who(each.who)}"


def _who(who: Mapping[str, str]) -> str:
    return ". ".join(filter(None, (who.get("name"), who.get("seen")))) or "no name"
