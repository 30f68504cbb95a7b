"""The page inspector itself: it finds each fault it promises to find, and answers questions."""

import pytest

from tests.looks import WRONG, render
from tests.page import inspect

GOOD = """<!doctype html><html lang="en-GB"><head><title>Home – Night Safety</title></head>
<body><main><h1>Home</h1>{}</main></body></html>"""


def page(body: str) -> str:
    return GOOD.format(body)


def test_a_good_page_passes() -> None:
    assert inspect(page("<p>None of this is wrong.</p>")).h1 == "Home"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>Again</h1>", "2 <h1> instead of one"),
        ("<h3>Deep</h3>", "jumps from h1 to h3"),
        ("<h2> </h2>", "an empty h2"),
        ("<input name=q>", "the control q has no label"),
        ("<label for=q> </label><input id=q name=q>", "the control q has no label"),
        ("<label>Yes<input type=radio name=a></label><label>No<input type=radio name=a></label>",
         "the options of a have no question"),
        ("<fieldset><legend></legend><label>Yes<input type=checkbox name=a></label>"
         "<label>No<input type=checkbox name=a></label></fieldset>", "have no question"),
        ("<form action=/x></form>", "names no method"),
        ("<button></button>", "says nothing"),
        ("<a href=/x></a>", "the link to /x says nothing"),
        ("<div class=govuk-hint id=h></div>", "an empty hint h"),
        ("<p id=a></p><p id=a></p>", "the id 'a' is there 2 times"),
        ("<a href='#gone'>Go</a>", "leads nowhere"),
        ("<p aria-describedby=gone>x</p>", "points at nothing"),
        ("<p style='color:red'>x</p>", "an inline style="),
        ("<p onclick='x()'>x</p>", "an inline onclick="),
        ("<script>x()</script>", "an inline <script>"),
        ("<style>p{}</style>", "an inline <style>"),
        ("<a href=' javascript:x()'>x</a>", "a javascript: address"),
        ("<img src=/a.png>", "has no alt"),
        ("<svg><path d=''/></svg>", "an <svg> that is neither hidden"),
        ("<table><caption>A</caption><tr><th>B</th></tr></table>", "has no scope"),
        ("<table><tr><th scope=col>B</th></tr></table>", "no caption"),
        ("<p>Held on None</p>", "a leftover 'None'"),
        ("<p>{{ name }}</p>", "a leftover '{{'"),
        ("<a href='/venues/None'>x</a>", "a leftover 'None'"),
        ("<p>&lt;Venue object at 0x7f&gt;</p>", "a leftover"),
        ("<p>undefined</p>", "a leftover 'undefined'"),
        ("<p></b></p>", "not valid HTML"),
    ],
)  # fmt: skip
def test_each_fault_is_found(body: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=r".") as found:
        inspect(page(body))
    assert fault in str(found.value)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('lang="en-GB"', "", "the page says no language"),
        ("Home – Night", "Start – Night", "the title"),
        (" – Night Safety", "", "the title"),
        ("<!doctype html>", "", "not valid HTML"),
    ],
)
def test_the_frame_of_a_page_is_looked_at(before: str, after: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=r".") as found:
        inspect(page("").replace(before, after))
    assert fault in str(found.value)


def test_errors_without_a_word_in_the_title_are_a_fault() -> None:
    html = render("question", {}).replace("<title>Error: ", "<title>")
    with pytest.raises(AssertionError, match="the title does not say so"):
        inspect(html)


def test_the_wrong_status_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="status 200, wanted 404"):
        inspect(page(""), 200, wanted=404)


def test_what_a_person_typed_may_look_like_a_leftover() -> None:
    assert inspect(page("<p>{{ 7 * 7 }} None</p>"), typed=True).text.endswith("None")


def test_questions_have_answers() -> None:
    found = inspect(render("kitchen", WRONG))
    form = found.form("/save")
    assert found.errors[0] == "Enter your full name"
    assert found.link("See all venues") == "/venues"
    assert form.fields["mail"] == "name at example"
    assert form.options("kind") == ["pub", "club", "hotel"]
    assert form.filled(kind="pub")["kind"] == "pub"
    assert "Save and continue" in form.buttons
    assert found.facts["Number"] == "R-1042"
    assert found.badge_words[:2] == ["Met", "Partly met"]
    assert ["The Lantern", "Nightclub"] in [row[:2] for row in found.rows]
    with pytest.raises(AssertionError, match="has no"):
        form.filled(colour="red")
    with pytest.raises(AssertionError, match="no link says"):
        found.link("Nowhere")
