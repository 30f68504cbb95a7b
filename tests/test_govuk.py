"""Our macros against GOV.UK Frontend's own fixtures: the same markup for the same options."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import render_template_string
from jinja2.filters import do_mark_safe

from charter.core.dateparts import DateParts
from charter.core.errors import Refused
from charter.core.fields import (
    Choice,
    Choices,
    Form,
    Menu,
    Password,
    TextArea,
    TextLine,
    UploadField,
)
from tests.looks import IMPORTS, LOOKS

FIXTURES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vendor" / "govuk-fixtures" / "fixtures.json").read_text("utf-8")
)


@pytest.fixture(autouse=True)
def _in_a_request() -> Iterator[None]:
    """Templates and nothing else."""
    with LOOKS.test_request_context():
        yield


def shape(html: str) -> list[Any]:
    """A fragment as comparable data: white space, attribute order and class order do not count.

    Nor does an option that cannot be chosen: we leave such options out. Nor that a summary of
    errors has the focus at once: theirs gets it by script, ours without one.
    """
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [_shape(child) for child in fragment]


def _shape(element: Element) -> list[Any]:
    attributes = {
        name: sorted(value.split()) if name == "class" else value
        for name, value in element.attrib.items()
        if name not in ("disabled", "autofocus") and (name, value) != ("tabindex", "-1")
    }
    words = [" ".join((element.text or "").split())]
    for child in element:
        words.append(" ".join((child.tail or "").split()))
    return [element.tag, attributes, words, [_shape(child) for child in element]]


def show(template: str, **values: Any) -> str:
    """One piece of template with every macro at hand."""
    return render_template_string(IMPORTS + template, **values)


def modifier(options: dict[str, Any], *path: str) -> str:
    """The size or width at the end of a class such as govuk-label--xl."""
    for step in path:
        options = options.get(step, {})
    classes = options.get("classes", "")
    return classes.rpartition("--")[2].removeprefix("width-") if "--" in classes else ""


def words(options: dict[str, Any], key: str) -> str:
    return options.get(key, {}).get("text", "")


def choices(options: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(item["value"]), item["text"]) for item in options["items"]]


def make_field(cls: type, options: dict[str, Any], **more: Any) -> tuple[Form, Any]:
    """A form with one field that says what a fixture's options say."""
    name = options.get("name") or options.get("namePrefix") or options["id"]
    question = options.get("fieldset", {}).get("legend", {}) or options.get("label", {})
    label = question["text"]
    key = options.get("id") or options.get("idPrefix") or name
    unbound = cls(label, id=key, description=words(options, "hint"), missing=None, **more)
    form = type("OneField", (Form,), {name: unbound})(formdata=None)
    field = form[name]
    if "errorMessage" in options:
        field.errors = [words(options, "errorMessage")]
    return form, field


def single(cls: type, part: str = "label", **fixed: Any) -> Callable[[dict[str, Any]], str]:
    """How to draw a fixture with `forms.field` and a field of this class."""

    def draw(options: dict[str, Any]) -> str:
        kwargs = {
            "render_kw": {
                name: str(options[name]).lower() if name == "spellcheck" else options[name]
                for name in ("autocomplete", "spellcheck")
                if name in options
            }
            | options.get("attributes", {}),
            **fixed,
        }
        if "maxlength" in options:
            kwargs["limit"] = options["maxlength"]
        _form, field = make_field(cls, options, **kwargs)
        field.data = options.get("value")
        return show(
            "{{ forms.field(field, size=size, heading=heading, width=width, rows=rows,"
            " prefix=prefix, suffix=suffix) }}",
            field=field,
            size=modifier(options, "label"),
            heading=options.get("label", {}).get("isPageHeading", False),
            width=modifier(options),
            rows=options.get("rows", 5),
            prefix=words(options, "prefix"),
            suffix=words(options, "suffix"),
        )

    return draw


def several(cls: type) -> Callable[[dict[str, Any]], str]:
    """How to draw a fixture of options: radios, boxes, a menu."""

    def draw(options: dict[str, Any]) -> str:
        _form, field = make_field(cls, options, choices=choices(options))
        chosen = [
            str(item["value"])
            for item in options["items"]
            if item.get("checked") or item.get("selected") or item["value"] == options.get("value")
        ]
        field.data = chosen if cls is Choices else (chosen or [None])[0]
        legend = options.get("fieldset", {}).get("legend", {})
        return show(
            "{{ forms.field(field, size=size, heading=heading, inline=inline, item_hints=hints) }}",
            field=field,
            size=modifier(legend) or modifier(options, "label"),
            heading=(legend or options.get("label", {})).get("isPageHeading", False),
            inline="--inline" in options.get("classes", ""),
            hints={str(i["value"]): words(i, "hint") for i in options["items"] if "hint" in i},
        )

    return draw


def a_date(options: dict[str, Any]) -> str:
    tokens = {item.get("autocomplete", "").rpartition("-")[0] for item in options["items"]}
    _form, field = make_field(DateParts, options, autocomplete=tokens.pop())
    if "namePrefix" in options:
        field.name = options["namePrefix"]
    field.wrong = tuple(i["name"] for i in options["items"] if "--error" in i["classes"])
    return show("{{ forms.field(field) }}", field=field)


def a_button(options: dict[str, Any]) -> str:
    return show(
        "{{ forms.button(text, href=href, kind=kind, name=name, value=value, once=once,"
        " start=start) }}",
        text=options["text"],
        href=options.get("href", ""),
        kind=modifier(options),
        name=options.get("name", ""),
        value=options.get("value", ""),
        once=options.get("preventDoubleClick", False),
        start=options.get("isStartButton", False),
    )


def a_summary_of_errors(options: dict[str, Any]) -> str:
    form = type(
        "Wrong",
        (Form,),
        {item["href"][1:]: TextLine() for item in options["errorList"] if "href" in item},
    )(formdata=None)
    for item in options["errorList"]:
        form.refuse(Refused(item["text"], field=item.get("href", "#")[1:] or None))
    return show("{{ forms.errors(form) }}", form=form)


def a_list(options: dict[str, Any]) -> str:
    def actions(row: dict[str, Any]) -> list[tuple[str, str, str]]:
        items = row.get("actions", {}).get("items", [])
        return [(item["href"], item["text"], item["visuallyHiddenText"]) for item in items]

    rows = [
        (row["key"]["text"], row["value"].get("text") or row["value"]["html"], actions(row))
        for row in options["rows"]
    ]
    return show(
        "{{ page.summary_list(rows, card=card) }}",
        rows=[(key, do_mark_safe(value), more) for key, value, more in rows],
        card=options.get("card", {}).get("title", {}).get("text", ""),
    )


def tasks(options: dict[str, Any]) -> str:
    def status(item: dict[str, Any]) -> Any:
        tag = item["status"].get("tag")
        if tag is None:
            return item["status"]["text"]
        colour = f" {tag['classes']}" if "classes" in tag else ""
        return do_mark_safe(f'<strong class="govuk-tag{colour}">{tag["text"]}</strong>')

    items = [
        {
            "title": words(item, "title"),
            "href": item.get("href", ""),
            "hint": words(item, "hint"),
            "status": status(item),
        }
        for item in options["items"]
    ]
    return show("{{ page.task_list(items) }}", items=items)


def pages(options: dict[str, Any]) -> str:
    before, after = options.get("previous", {}), options.get("next", {})
    return show(
        "{{ page.pagination(previous=a, next=b, previous_label=c, next_label=d) }}",
        a=before.get("href", ""),
        b=after.get("href", ""),
        c=before.get("labelText", ""),
        d=after.get("labelText", ""),
    )


def a_table(options: dict[str, Any]) -> str:
    html = show(
        "{{ tables.facts(caption, columns, rows, numeric=true) }}",
        caption=options["caption"],
        columns=[
            {"text": head["text"], "numeric": head.get("format") == "numeric"}
            for head in options["head"]
        ],
        rows=[[cell["text"] for cell in row] for row in options["rows"]],
    )
    return html[html.index("<table") : html.index("</div>")]


def simple(template: str) -> Callable[[dict[str, Any]], str]:
    return lambda options: show(template, o=options)


DRAWN: dict[str, Callable[[dict[str, Any]], str]] = {
    "input": single(TextLine),
    "textarea": single(TextArea, counts=False),
    "character-count": single(TextArea),
    "file-upload": single(UploadField),
    "password-input": single(Password),
    "select": several(Menu),
    "radios": several(Choice),
    "checkboxes": several(Choices),
    "date-input": a_date,
    "button": a_button,
    "error-summary": a_summary_of_errors,
    "summary-list": a_list,
    "task-list": tasks,
    "pagination": pages,
    "table": a_table,
    "fieldset": simple(
        "{% call forms.fieldset(o.legend.text, size=(o.legend.classes | default('--'))"
        ".rpartition('--')[2], heading=o.legend.isPageHeading | default(false)) %}{% endcall %}"
    ),
    "notification-banner": simple(
        "{{ page.banner(o.text, title='Success' if o.type is defined else '',"
        " good=o.type is defined) }}"
    ),
    "inset-text": simple("{{ page.inset(o.text) }}"),
    "warning-text": simple("{{ page.warning(o.text) }}"),
    "details": simple("{{ page.details(o.summaryText, o.text, open=o.open | default(false)) }}"),
    "panel": simple("{{ page.panel(o.titleHtml | default(o.titleText), o.text | default('')) }}"),
    "breadcrumbs": simple(
        "{% set items = namespace(all=[]) %}{% for i in o['items'] %}"
        "{% set items.all = items.all + [(i.text, i.href | default(''))] %}{% endfor %}"
        "{{ page.breadcrumbs(items.all) }}"
    ),
    "back-link": simple("{{ page.back(o.href | default('#'), o.text | default('Back')) }}"),
}
CASES = [
    pytest.param(component, case, id=f"{component}: {name}")
    for component, cases in FIXTURES.items()
    for name, case in cases.items()
]


@pytest.mark.parametrize(("component", "case"), CASES)
def test_a_macro_makes_the_markup_of_its_component(component: str, case: dict[str, Any]) -> None:
    assert shape(DRAWN[component](case["options"])) == shape(case["html"])
