"""The field for a date: day, month and year, typed apart."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from charter.core import text
from charter.core.fields import Asked

EARLIEST_YEAR = 1900
LATEST_YEAR = 2199
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RANGES = {
    "day": (1, 31, "20"),
    "month": (1, 12, "11"),
    "year": (EARLIEST_YEAR, LATEST_YEAR, "2026"),
}


@dataclass(frozen=True, slots=True)
class DatePart:
    """One of the three inputs of a date, as its markup needs it."""

    id: str
    name: str
    label: str
    width: int
    typed: str
    is_wrong: bool
    autocomplete: str


class DateParts(Asked):
    """A date typed as day, month and year; missing, doubled or surplus parts never crash it."""

    kind = "date"
    asks = "Enter the date, like 20 11 2026"
    keys: ClassVar[tuple[str, ...]] = ("day", "month", "year")
    data: date | None

    def __init__(self, label: str = "", validators: Any = None, **kwargs: Any) -> None:
        self.autocomplete: str = kwargs.pop("autocomplete", "")
        self.typed: dict[str, str] = {}
        self.wrong: tuple[str, ...] = ()
        super().__init__(label, validators, **kwargs)

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        """Read the three parts of what was posted, else show the date given."""
        super().process(None, *args, **kwargs)
        if not formdata:  # an empty query asks nothing
            if isinstance(self.data, date):
                parts = (self.data.day, self.data.month, self.data.year)
                self.typed = dict(zip(self.keys, map(str, parts), strict=True))
            return
        for key in self.keys:
            self.typed[key] = (formdata.get(f"{self.name}-{key}") or "").strip()
        self.data = None
        try:
            self.data = self._read()
        except ValueError as fault:
            self.process_errors = [str(fault)]

    def _read(self) -> date | None:
        self.wrong = tuple(key for key in self.keys if not self.typed[key])
        if len(self.wrong) == len(self.keys):
            return None
        if self.wrong:
            raise ValueError(f"Enter the {' and the '.join(self.wrong)} too, like 20 11 2026")
        day, month, year = (self._number(key) for key in self.keys)
        try:
            return date(year, month, day)
        except ValueError as fault:
            self.wrong = ("day",)
            raise ValueError("That month has no such day. Check the date") from fault

    def _number(self, key: str) -> int:
        typed = self.typed[key]
        if key == "month" and typed[:3].lower() in _MONTHS:
            return _MONTHS.index(typed[:3].lower()) + 1
        lowest, highest, like = _RANGES[key]
        number = int(typed) if typed.isdecimal() and len(typed) <= 4 else -1
        if lowest <= number <= highest:
            return number
        self.wrong = (key,)
        size = "in 4 numbers" if key == "year" else "as a number"
        raise ValueError(f"Enter the {key} {size}, like {like}")

    @property
    def parts(self) -> list[DatePart]:
        """The three inputs: day, month, year."""
        return [
            DatePart(
                id=f"{self.id}-{key}",
                name=f"{self.name}-{key}",
                label=key.capitalize(),
                width=4 if key == "year" else 2,
                typed=text.showable(self.typed.get(key, ""))[:20],
                is_wrong=not self.wrong or key in self.wrong,
                autocomplete=f"{self.autocomplete}-{key}" if self.autocomplete else "",
            )
            for key in self.keys
        ]

    @property
    def error_id(self) -> str:
        """The id of the first input that is wrong, for the error summary to go to."""
        return f"{self.id}-{self.wrong[0] if self.wrong else 'day'}"
