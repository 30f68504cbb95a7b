"""Everybody's browsers: one signed-in page for each person, with scripts and without, kept open."""

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.page import Page as Inspected
from tests.page import inspect
from tests.pages.checks import DESK
from tests.pages.city import City


@dataclass
class Screen:
    """One page of one person, and what its console complained of since it was last asked."""

    page: Page
    heard: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to an address of the city."""
        self.heard.clear()
        self.page.set_viewport_size(DESK)
        answer = self.page.goto(path)
        if answer is None or answer.status >= 500:
            self.heard.append(f"{path} answers {answer and answer.status}")
        return self.page

    def complaints(self) -> list[str]:
        """What was heard, once."""
        heard, self.heard[:] = list(self.heard), []
        return heard


Part = tuple[str, ...]


def parts(element: Element, within: Part = ()) -> Iterator[Part]:
    """Each element as the stylesheet sees it, whatever the words say, and all that it is in."""
    for child in element:
        if isinstance(child.tag, str):
            traits = (child.get(each, "") for each in ("class", "type", "aria-current"))
            here = (*within, " ".join((child.tag, *traits)))
            yield here
            yield from parts(child, here)


class Seen:
    """What was looked at, by every worker of a session: whoever comes first looks at it.

    The workers tell each other in a file; without one it is this worker's own.
    """

    def __init__(self, file: Path | None) -> None:
        self._file, self._known, self._read = file, set[str](), 0

    def claim(self, here: Iterable[object]) -> bool:
        """Whether something of this was looked at by nobody; from now on it is this worker's."""
        marks = {hashlib.sha256(repr(each).encode()).hexdigest()[:20] for each in here}
        if marks <= self._known or self._file is None:
            is_new = not marks <= self._known
            self._known |= marks
            return is_new
        with self._file.open("a+") as shared:
            fcntl.flock(shared, fcntl.LOCK_EX)
            shared.seek(self._read)
            self._known |= set(shared.read().split())
            new = marks - self._known
            shared.write("".join(f"{each}\n" for each in sorted(new)))
            shared.flush()
            self._read = shared.tell()
        self._known |= new
        return bool(new)


class Browsers:
    """Screens by person, opened when first asked for.

    `seen` are the parts of pages that were looked at and `kinds` what they end in, wherever it is;
    `seen_wrong` are parts of pages that complain. Workers that share a `folder` share them.
    """

    def __init__(self, browser: Browser, city: City, folder: Path | None = None) -> None:
        self.city = city
        names = ("seen", "kinds", "seen-wrong")
        found = (Seen(folder / f"pages-{name}" if folder else None) for name in names)
        self.seen, self.kinds, self.seen_wrong = found
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._screens: dict[tuple[str, bool], Screen] = {}

    def screen(self, person: str, javascript: bool = True) -> Screen:
        """The page of somebody who is signed in."""
        key = (person, javascript)
        if key not in self._screens:
            self._screens[key] = self._open(person, javascript)
        return self._screens[key]

    def _open(self, person: str, javascript: bool) -> Screen:
        context = self._browser.new_context(
            base_url=self.city.address,
            java_script_enabled=javascript,
            viewport=DESK,
            locale="en-GB",
            timezone_id="Europe/London",
        )
        self._contexts.append(context)
        cookie = {"name": "session", "value": self.city.cookie(person), "url": self.city.address}
        context.add_cookies([cookie])
        screen = Screen(context.new_page())
        screen.page.on("console", _hear(screen.heard))
        screen.page.on("pageerror", lambda fault: screen.heard.append(str(fault)))
        return screen

    def read(self, person: str, path: str) -> tuple[int, Inspected | None]:
        """The status, and the page without a browser, inspected; None for what is no page."""
        client = self.city.app.test_client()
        client.set_cookie("session", self.city.cookie(person), domain="127.0.0.1")
        answer = client.get(path, base_url=self.city.address)
        if answer.mimetype != "text/html" or answer.status_code in (302, 303):
            return answer.status_code, None
        return answer.status_code, inspect(answer.get_data(as_text=True), answer.status_code)

    def close(self) -> None:
        """Close every context."""
        for context in self._contexts:
            context.close()


def _hear(heard: list[str]) -> Callable[[ConsoleMessage], None]:
    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            heard.append(f"console: {message.text}")

    return hear
