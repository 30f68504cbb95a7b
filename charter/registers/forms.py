"""Forms about the book on paper."""

from dataclasses import replace
from typing import Any

from charter.core import clock
from charter.core.dateparts import DateParts
from charter.core.fields import Choices, Form, Hidden, TextLine, Tick
from charter.core.text import is_number
from charter.incidents import book_forms
from charter.incidents import forms as incident_forms
from charter.incidents.following import POLICE_PARTS
from charter.incidents.forms import NOW, OTHER
from charter.incidents.people import NAME_LIMIT
from charter.incidents.service import Written
from charter.registers import handing, rules
from charter.registers.pages import Hand
from charter.registers.rules import Period

MOST_TYPED = 3


class PeriodForm(Form):
    """Which nights to print, and whether with names."""

    first = DateParts("From the night of")
    last = DateParts("To the night of")
    names = Tick("Print the names of people too")

    def period(self) -> Period:
        """The nights that were asked for. Refuses what is no period."""
        today = clock.today()
        return rules.period(self.first.data or today, self.last.data or today, today)


class PagesForm(Form):
    """How many blank pages; `after` is the newest page that was there when it was opened."""

    after = Hidden()
    count = TextLine(
        "How many pages?",
        limit=MOST_TYPED,
        missing="Enter how many pages",
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )

    @property
    def pages(self) -> int:
        """The number that was typed; 0 for what is none."""
        typed = self.count.data or ""
        return int(typed) if is_number(typed) else 0

    @property
    def newest(self) -> int:
        """The number of the newest page when this was opened."""
        typed = self.after.data or ""
        return int(typed) if is_number(typed) else -1


class CodeForm(Form):
    """The code that stands on a page."""

    code = TextLine(
        "Code on the page",
        limit=20,
        missing="Enter the code at the top of the page",
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class StateForm(Form):
    """What a page is from now on: `spoiled` or `blank`; sent twice, it says the same."""

    to = Hidden()


class PaperForm(incident_forms.EntryForm):
    """An entry that stands on a page: also who wrote it there, and on which day."""

    written_by = TextLine(
        "Who wrote the page?",
        limit=NAME_LIMIT,
        missing="Enter who wrote the page",
        render_kw=book_forms.NAME_HINTS,
    )
    written_on = DateParts("On which day was it written?", missing="Enter the day it was written")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody types a page in at the moment at which it happens.
        self.when.choices = [each for each in self.when.choices if each[0] != NOW]
        if not self.is_submitted():
            self.when.data = OTHER
            self.acted.data = "other"
        self.acted.choices = [
            ("other", "Whoever wrote the page, or somebody else"),
            ("me", "I did, who types this in"),
        ]

    def written(self) -> Written:
        """What stands on the page. Whoever wrote it dealt with it, unless somebody is named."""
        said = super().written()
        if said.acted == "other" and not said.acted_who:
            return replace(said, acted_who=self.hand().by)
        return said

    def hand(self) -> Hand:
        """Who wrote on the page, and when; the form is valid."""
        return Hand(self.written_by.data or "", self.written_on.data or clock.today())


class PoliceForm(book_forms.EntryForm):
    """What of an entry goes to the police, and to whom."""

    parts = Choices("What do you give them?", missing="Tick what you give them")
    to = TextLine(
        "Who do you give it to?",
        limit=NAME_LIMIT,
        missing="Enter who you give it to: a name or a number",
        render_kw=book_forms.NAME_HINTS,
    )
    reference = TextLine("Their reference", limit=NAME_LIMIT, missing=None)

    def offer(self, *, with_names: bool) -> None:
        """Put in what may be ticked; names only for whoever may open them."""
        self.parts.choices = [
            (part, handing.TITLES[part][:1].upper() + handing.TITLES[part][1:])
            for part in POLICE_PARTS
            if part != "people" or with_names
        ]
