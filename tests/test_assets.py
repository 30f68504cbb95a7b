"""Colours that can be read, stylesheets that stay small, nothing of another brand."""

import gzip
import re
from pathlib import Path

import pytest
from reportlab.pdfbase.ttfonts import TTFontFile

from tests.looks import render

STATIC = Path(__file__).parent.parent / "charter" / "static"
CSS = (STATIC / "vendor" / "govuk" / "charter.css").read_text("utf-8")
DOOR = (STATIC / "door.css").read_text("utf-8")

GROUNDS = ("page", "surface", "sunken")
# ink, ground: words, which need 4.5 to 1
WORDS = [
    *[(ink, ground) for ink in ("text", "quiet", "link") for ground in GROUNDS],
    *[(ink, ground) for ink in ("link-visited", "link-hover") for ground in ("page", "surface")],
    *[(ink, ground) for ink in ("good", "warn", "bad", "busy", "brand") for ground in GROUNDS],
    *[(tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "busy", "quiet")],
    *[("text", ground) for ground in ("second", "second-hover", "bad-soft")],
    ("on-fill", "fill"),
    ("on-fill", "fill-hover"),
    ("on-stop", "stop"),
    ("on-stop", "stop-hover"),
    ("on-masthead", "masthead"),
    ("on-masthead-quiet", "masthead"),
    ("on-focus", "focus"),
    ("on-focus", "lamp"),
    ("page", "good"),
]  # fmt: skip
# edges of controls, shapes: 3 to 1
SHAPES = [
    *[("edge", ground) for ground in ("page", "surface", "second")],
    *[
        (shape, ground)
        for shape in ("fill", "stop", "bad", "brand")
        for ground in ("page", "surface")
    ],
    ("lamp", "masthead"),
]
DOOR_MAY_USE = 8_000
PAGE_MAY_USE = 20_000


def colours(css: str, dark: bool) -> dict[str, str]:
    """The colours of a stylesheet by name, by day or by night."""
    day, night = re.split(r"@media screen and \(prefers-color-scheme: ?dark\)", css, maxsplit=1)
    found = dict(re.findall(r"--([a-z-]+): ?(#[0-9a-f]{3,6})\b", day.rpartition(":root{")[2]))
    if dark:
        block = night[: night.index("}")]
        found |= dict(re.findall(r"--([a-z-]+): ?(#[0-9a-f]{3,6})\b", block))
    return found


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("css", [CSS, DOOR], ids=["pages", "door"])
def test_every_pair_of_colours_can_be_told_apart(css: str, dark: bool) -> None:
    found = colours(css, dark)
    assert len(found) > 20
    weak = [
        f"{ink} on {ground}: {contrast(found[ink], found[ground]):.2f}, needs {needed}"
        for pairs, needed in ((WORDS, 4.5), (SHAPES, 3.0))
        for ink, ground in pairs
        if ink in found and ground in found and contrast(found[ink], found[ground]) < needed
    ]
    assert weak == []


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
def test_focus_is_seen_on_every_ground(dark: bool) -> None:
    # Amber with a dark edge: one of the two stands out on any ground.
    found = colours(CSS, dark)
    for ground in ("page", "surface", "sunken", "masthead", "fill"):
        best = max(contrast(found[ring], found[ground]) for ring in ("focus", "on-focus"))
        assert best >= 3, ground


def test_every_colour_of_the_night_is_also_one_of_the_day() -> None:
    assert colours(CSS, dark=True).keys() == colours(CSS, dark=False).keys()
    used = set(re.findall(r"var\(--([a-z-]+)\)", CSS))
    assert used - colours(CSS, dark=False).keys() == set()


def test_no_colour_of_the_light_scheme_is_left_fixed_in_our_rules() -> None:
    # A rule of ours names its colour; a hex value would stay the same by night.
    ours = CSS[CSS.index(".frame{") :]
    fixed = set(re.findall(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b", ours)) - {"#000"}
    assert fixed == set()


@pytest.mark.parametrize(
    "foreign", ["GDS Transport", "crown", "crest", "#1d70b8", "url(//", "url(http", "@import"]
)
def test_nothing_of_another_brand_or_host_is_in_the_stylesheets(foreign: str) -> None:
    assert foreign not in CSS
    assert foreign not in DOOR


def test_what_a_page_loads_stays_small() -> None:
    script = (STATIC / "vendor" / "govuk" / "charter.js").read_bytes()
    sizes = {
        "css": len(gzip.compress(CSS.encode())),
        "js": len(gzip.compress(script)),
        "fonts": sum(
            p.stat().st_size for p in (STATIC / "vendor" / "atkinson").glob("*-latin.woff2")
        ),
    }
    assert sizes["css"] < 18_000, sizes
    assert sizes["js"] < 6_000, sizes
    assert sizes["fonts"] < 28_000, sizes


def test_the_door_is_light_even_uncompressed() -> None:
    page = render("door")
    assert len(DOOR.encode()) < DOOR_MAY_USE
    assert len(DOOR.encode()) + len(page.encode()) + icon_size() < PAGE_MAY_USE
    assert "<script" not in page
    assert page.count("<link") == 2


def icon_size() -> int:
    return (STATIC / "icon.svg").stat().st_size


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_letters_of_welsh_and_our_neighbours_are_in_the_paper_fonts(weight: str) -> None:
    font = TTFontFile(
        str(STATIC / "vendor/atkinson/ttf" / f"AtkinsonHyperlegibleNext-{weight}.ttf")
    )
    missing = [
        letter for letter in "ŵŷŴŶâêîôûŁłøñçéÉ€£–‘’“”…·" if ord(letter) not in font.charToGlyph
    ]
    assert missing == []


def test_licences_travel_with_what_they_cover() -> None:
    assert "SIL OPEN FONT LICENSE" in (STATIC / "vendor/atkinson/OFL.txt").read_text("utf-8")
    assert "MIT License" in (STATIC / "vendor/govuk/LICENSE.txt").read_text("utf-8")


@pytest.mark.parametrize("path", re.findall(r'url\("?([^")]+)"?\)', CSS + DOOR))
def test_every_file_that_a_stylesheet_names_is_there(path: str) -> None:
    assert (STATIC / "vendor" / "govuk" / path).resolve().is_file()
