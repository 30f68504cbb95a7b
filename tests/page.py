"""The page inspector: what must be true of every page, and questions to ask of one.

`inspect(html, status)` fails with every fault it found; else it returns a `Page` to ask.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib

LEFTOVERS = re.compile(
    r"\{\{|\}\}|\{%|%\}|\bundefined\b|\bNone\b(?! of\b)|\bobject at 0x|<built-in|\bdatetime\."
    r"|\bMarkup\("
)
BUTTONS = {"submit", "button", "reset", "image"}
CONTROLS = {"input", "select", "textarea"}
REFERENCES = ("aria-describedby", "aria-labelledby", "aria-controls", "for")


def text_of(element: Element) -> str:
    """An element's words with white space as a browser shows it."""
    return " ".join("".join(element.itertext()).split())


def classes(element: Element) -> set[str]:
    """An element's classes."""
    return set(element.get("class", "").split())


@dataclass(frozen=True)
class Link:
    """A link: its words and where it goes."""

    text: str
    href: str


@dataclass(frozen=True)
class PageForm:
    """A form on a page: where it goes and what it holds."""

    action: str
    method: str
    element: Element

    @property
    def fields(self) -> dict[str, str | list[str]]:
        """What a browser would post if nothing were typed; doubled names as lists. No buttons."""
        found: dict[str, list[str]] = {}
        for control in self.element.iter():
            name = control.get("name")
            if name and control.tag in CONTROLS:
                found.setdefault(name, []).extend(_values(control))
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}

    @property
    def names(self) -> set[str]:
        """The names of all its controls, buttons included."""
        return {e.get("name", "") for e in self.element.iter()} - {""}

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons."""
        return [text_of(e) for e in self.element.iter("button")]

    def filled(self, **answers: object) -> dict[str, object]:
        """The form's fields with these answers; a name that is not on the form is a fault.

        For names with a hyphen (date parts) pass them as `**{"held_on-day": "20"}`.
        """
        unknown = set(answers) - self.names
        assert not unknown, f"the form at {self.action!r} has no {sorted(unknown)}"
        blank = {name: value for name, value in self.fields.items() if value != []}
        return {**blank, **answers}

    def options(self, name: str) -> list[str]:
        """The values that may be chosen for a name."""
        found = []
        for control in self.element.iter():
            if control.get("name") == name and control.tag == "select":
                found += [option.get("value", text_of(option)) for option in control.iter("option")]
            elif control.get("name") == name and control.get("type") in ("radio", "checkbox"):
                found.append(control.get("value", "on"))
        return found


def _values(control: Element) -> list[str]:
    kind = control.get("type", "text")
    if control.tag == "textarea":
        return ["".join(control.itertext())]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [o for o in options if o.get("selected") is not None] or options[:1]
        return [option.get("value", text_of(option)) for option in chosen]
    if kind in ("radio", "checkbox"):
        return [control.get("value", "on")] if control.get("checked") is not None else []
    return [] if kind in BUTTONS | {"file"} else [control.get("value", "")]


@dataclass
class Page:
    """A page that passed the inspection."""

    status: int
    html: str
    tree: Element

    def all(self, tag: str, cls: str = "") -> list[Element]:
        """Every element of a tag ("*" for any), with a class if one is given."""
        found = self.tree.iter() if tag == "*" else self.tree.iter(tag)
        return [e for e in found if isinstance(e.tag, str) and (not cls or cls in classes(e))]

    def one(self, tag: str, cls: str = "") -> Element:
        """The only element of a tag and class."""
        found = self.all(tag, cls)
        assert len(found) == 1, f"{len(found)} of <{tag} class={cls!r}>"
        return found[0]

    @property
    def h1(self) -> str:
        """The words of the heading."""
        return text_of(self.one("h1"))

    @property
    def title(self) -> str:
        """The words of the browser's tab."""
        return text_of(self.one("title"))

    @property
    def text(self) -> str:
        """All words of the main part."""
        return text_of(self.one("main"))

    @property
    def links(self) -> list[Link]:
        """Every link of the page."""
        return [Link(text_of(e), e.get("href", "")) for e in self.all("a")]

    def link(self, words: str) -> str:
        """Where the first link with these words (all or part) goes."""
        for link in self.links:
            if words in link.text:
                return link.href
        raise AssertionError(f"no link says {words!r}; links: {[link.text for link in self.links]}")

    @property
    def forms(self) -> list[PageForm]:
        """Every form of the page."""
        return [PageForm(e.get("action", ""), e.get("method", "get"), e) for e in self.all("form")]

    def form(self, action: str | None = None) -> PageForm:
        """The form that goes to an address, or the only one that posts when none is given."""
        if action is None:
            found = [form for form in self.forms if form.method == "post"]
        else:
            found = [form for form in self.forms if form.action == action]
        assert len(found) == 1, f"{len(found)} forms go to {action!r}; {len(self.forms)} in all"
        return found[0]

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return [text_of(li) for box in self.all("ul", "govuk-error-summary__list") for li in box]

    @property
    def badge_words(self) -> list[str]:
        """The words of every badge, in order."""
        return [text_of(e) for e in self.all("*", "badge")]

    @property
    def mark_words(self) -> list[str]:
        """The hidden words of every compact mark, in order."""
        return [text_of(e) for e in self.all("*", "marks__item")]

    @property
    def rows(self) -> list[list[str]]:
        """The cells' words of every row of every table, headings included."""
        return [[text_of(cell) for cell in row] for row in self.all("tr")]

    @property
    def facts(self) -> dict[str, str]:
        """Every description list as a mapping: name to value."""
        keys = [text_of(e) for e in self.all("dt")]
        values = [
            text_of(e) for e in self.all("dd") if "govuk-summary-list__actions" not in classes(e)
        ]
        return dict(zip(keys, values, strict=False))


def inspect(
    html: str, status: int = 200, *, wanted: int | None = None, typed: bool = False
) -> Page:
    """Read a page and fail with every fault in it.

    `wanted` is the status it should have; `typed` says that a person's own words may look like a
    template's leftovers.
    """
    assert wanted is None or status == wanted, f"status {status}, wanted {wanted}"
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page = Page(status, html, parser.parse(html))
    faults = [f"not valid HTML: {code} at {place}" for place, code, _ in parser.errors]
    for check in CHECKS:
        faults += check(page)
    if not typed:
        faults += _leftovers(page)
    assert not faults, "\n".join(faults)
    return page


def _frame(page: Page) -> Iterator[str]:
    root = page.tree if page.tree.tag == "html" else page.tree.find("html")
    if root is None or not root.get("lang"):
        yield "the page says no language"
    for tag in ("h1", "title", "main"):
        if len(page.all(tag)) != 1:
            yield f"{len(page.all(tag))} <{tag}> instead of one"
            return
    bare = page.title.removeprefix("Error: ")
    if not bare.startswith(page.h1) or " – " not in bare[len(page.h1) :]:
        yield f"the title {page.title!r} is not the heading {page.h1!r} and the service's name"
    if page.errors and not page.title.startswith("Error: "):
        yield "there are errors, and the title does not say so"


def _outline(page: Page) -> Iterator[str]:
    last = 0
    for element in page.one("main").iter() if len(page.all("main")) == 1 else ():
        if isinstance(element.tag, str) and re.fullmatch("h[1-6]", element.tag):
            level = int(element.tag[1])
            if last and level > last + 1:
                yield f"heading {text_of(element)!r} jumps from h{last} to h{level}"
            if not text_of(element):
                yield f"an empty h{level}"
            last = level


def _is_button(e: Element) -> bool:
    return e.tag == "button" or (e.tag == "input" and e.get("type") in BUTTONS)


def _inside(outer: list[Element]) -> set[int]:
    return {id(inner) for e in outer for inner in e.iter()}


def _labels(page: Page) -> Iterator[str]:
    speaking = [e for e in page.all("label") if text_of(e)]
    pointed, wrapped = {e.get("for") for e in speaking}, _inside(speaking)
    for e in page.all("*"):
        if e.tag not in CONTROLS or _is_button(e) or e.get("type") == "hidden":
            continue
        own = e.get("aria-label") or e.get("aria-labelledby")
        if not own and e.get("id") not in pointed and id(e) not in wrapped:
            yield f"the control {e.get('name')} has no label"


def _questions(page: Page) -> Iterator[str]:
    asking = [e for e in page.all("fieldset") if any(text_of(inner) for inner in e.iter("legend"))]
    asked = _inside(asking)
    options = [e for e in page.all("input") if e.get("type") in ("radio", "checkbox")]
    shared = Counter(e.get("name") for e in options)
    for e in options:
        if shared[e.get("name")] > 1 and id(e) not in asked:
            yield f"the options of {e.get('name')} have no question (fieldset with legend)"


def _words(page: Page) -> Iterator[str]:
    for e in page.all("*"):
        silent = not (text_of(e) or e.get("aria-label"))
        if _is_button(e) and silent and not e.get("value"):
            yield f"the button {e.get('name') or e.get('id')} says nothing"
        if e.tag == "a" and e.get("href") is not None and silent:
            yield f"the link to {e.get('href')} says nothing"
        if "govuk-hint" in classes(e) and silent:
            yield f"an empty hint {e.get('id')}"
        if e.tag == "form" and e.get("method", "") not in ("get", "post"):
            yield f"the form to {e.get('action')!r} names no method"


def _references(page: Page) -> Iterator[str]:
    ids = Counter(e.get("id") for e in page.all("*") if e.get("id") is not None)
    yield from (
        f"the id {name!r} is there {count} times" for name, count in ids.items() if count > 1
    )
    for e in page.all("*"):
        for attribute in REFERENCES:
            for target in e.get(attribute, "").split():
                if target not in ids:
                    yield f"{attribute}={target!r} points at nothing"
        href = e.get("href", "")
        if href.startswith("#") and href[1:] not in ids:
            yield f"the link {href!r} leads nowhere"


def _unsafe(page: Page) -> Iterator[str]:
    for e in page.all("*"):
        if e.tag == "style" or (e.tag == "script" and not e.get("src")):
            yield f"an inline <{e.tag}>"
        for name, value in e.attrib.items():
            if name == "style" or name.startswith("on"):
                yield f"an inline {name}= on <{e.tag}>"
            if name in ("href", "src", "action") and value.strip().lower().startswith(
                "javascript:"
            ):
                yield f"a javascript: address on <{e.tag}>"


def _pictures(page: Page) -> Iterator[str]:
    for e in page.all("img"):
        if e.get("alt") is None:
            yield f"the picture {e.get('src')} has no alt"
    for e in page.tree.iter():
        if str(e.tag).endswith("svg") and e.get("aria-hidden") != "true":
            titled = any(str(inner.tag).endswith("title") for inner in e)
            if e.get("role") != "img" or not (titled or e.get("aria-label")):
                yield "an <svg> that is neither hidden nor an image with a title"


def _tables(page: Page) -> Iterator[str]:
    for table in page.all("table"):
        if not any(text_of(caption) for caption in table.iter("caption")):
            yield "a table has no caption"
        for head in table.iter("th"):
            if head.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
                yield f"the table heading {text_of(head)!r} has no scope"


def _leftovers(page: Page) -> Iterator[str]:
    for e in page.all("*"):
        words = [*e.attrib.values(), e.text or "", *(inner.tail or "" for inner in e)]
        for text in words:
            found = LEFTOVERS.search(text)
            if found and e.tag != "script":
                yield f"a leftover {found[0]!r} in <{e.tag}>: {text.strip()[:60]!r}"


CHECKS = (
    *(_frame, _outline, _labels, _questions, _words),
    *(_references, _unsafe, _pictures, _tables),
)
