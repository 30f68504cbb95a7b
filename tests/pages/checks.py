"""What is asked of a page in the browser: each question gives the faults it found, in words.

They hold for every page (WCAG 2.2: reflow 1.4.10, text spacing 1.4.12, targets 2.5.8, skip link
2.4.1, contrast 1.4.3 by day and night) and for paper.
"""

from playwright.sync_api import Page

from tests.browser import axe

# 400 % zoom on a 1280 x 1024 screen, the narrowest phone, and a common one.
ZOOMED, PHONE, DESK = (
    {"width": 320, "height": 256},
    {"width": 360, "height": 740},
    {"width": 1280, "height": 900},
)
_WIDE = """() => {
    const boxed = '.table-box, .govuk-visually-hidden, .govuk-skip-link, svg *';
    const found = [...document.querySelectorAll('body *')]
        .filter(e => e.getClientRects().length && !e.closest(boxed))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
        .filter((e, number, all) => !e.contains(all[number + 1]))
        .map(e => 'too wide: ' + e.outerHTML.slice(0, 100)).slice(0, 5);
    const wide = document.documentElement.scrollWidth;
    return wide > innerWidth ? [...found, `the page is ${wide} px wide`] : found;
}"""
_CLIPPED = """() => [...document.querySelectorAll('main *, header *, nav *')]
    .filter(e => e.getClientRects().length && e.textContent.trim())
    .filter(e => !e.closest('.table-box, .govuk-visually-hidden, svg, pre, textarea, select'))
    .filter(e => ['hidden', 'clip'].some(way => getComputedStyle(e).overflow.includes(way)))
    .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
    .map(e => 'clipped: ' + e.outerHTML.slice(0, 100))"""
_SPACE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important } p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""
_SMALL = """() => [...document.querySelectorAll('button, .govuk-button, .rail__link,'
        + ' input:not([type=hidden]), select, textarea, summary')]
    .map(e => e.closest('.govuk-radios__item, .govuk-checkboxes__item') || e)
    .filter(e => e.getClientRects().length && !e.closest('.govuk-visually-hidden'))
    .map(e => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.height < (e.matches('summary') ? 24 : 43.5) || box.width < 24)
    .map(([e, box]) => `${box.width} x ${box.height} px: ${e.outerHTML.slice(0, 100)}`)"""
_DARK = """async () => {
    const {violations} = await axe.run(document, {runOnly: ['color-contrast']});
    return violations.flatMap(rule => rule.nodes.map(
        node => 'by night: ' + node.failureSummary.split('\\n')[1] + node.html));
}"""
_FAINT = """() => {
    const read = ink => ink.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const ground = e => {
        const found = e ? read(getComputedStyle(e).backgroundColor) : [255, 255, 255];
        return e && found[3] === 0 ? ground(e.parentElement) : found;
    };
    return [...document.querySelectorAll('body *')]
        .filter(e => [...e.childNodes].some(each => each.nodeType === 3 && each.data.trim()))
        .filter(e => e.checkVisibility() && !e.closest('.govuk-visually-hidden, option, svg'))
        .map(e => [e, light(read(getComputedStyle(e).color)), light(ground(e))])
        .map(([e, a, b]) => [e, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)])
        .filter(([e, contrast]) => contrast < 4.5)
        .map(([e, contrast]) => `contrast ${contrast}: ${e.outerHTML.slice(0, 100)}`);
}"""
_NOT_FOR_PAPER = ".rail, .govuk-back-link, .govuk-skip-link, button, .filters, .foot__links"
_PRINTED = """unwanted => {
    const seen = e => e && e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden';
    const left = [...document.querySelectorAll(unwanted)]
        .filter(seen).map(e => 'printed: ' + e.outerHTML.slice(0, 100));
    const numbers = ink => (ink.match(/[0-9.]+/g) || []).slice(0, 3).map(Number);
    const ink = numbers(getComputedStyle(document.querySelector('h1')).color);
    const paper = getComputedStyle(document.body).backgroundColor;
    if (Math.max(...ink) > 120) left.push('the heading is printed in ' + ink);
    if (!/, 0\\)$/.test(paper) && Math.min(...numbers(paper)) < 250) left.push('on ' + paper);
    return seen(document.querySelector('h1')) ? left : [...left, 'the heading is not printed'];
}"""
_IN_SIGHT = """() => {
    const box = document.activeElement.getBoundingClientRect();
    return box.width >= 24 && box.height > 0 && box.top >= 0;
}"""
_WORDS = """() => [...document.querySelectorAll('main *')]
    .filter(e => !e.closest('.js-only, .govuk-password-input__toggle, .govuk-character-count'))
    .flatMap(e => [...e.childNodes]).filter(e => e.nodeType === 3)
    .filter(e => e.parentElement.checkVisibility())
    .map(e => e.data.trim()).filter(Boolean)"""


def sound(page: Page, *, by_night: bool = True) -> list[str]:
    """Faults that axe finds by day, and in its contrast by night; leaves the page by day."""
    found = axe(page)
    if not by_night:
        return found
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(_DARK)
    page.emulate_media(color_scheme="light")
    return found


def legible_in_forced_colours(page: Page) -> list[str]:
    """Words that cannot be read where the person's own few colours replace ours."""
    page.emulate_media(forced_colors="active")
    found: list[str] = page.evaluate(_FAINT)
    page.emulate_media(forced_colors="none")
    return [f"forced colours: {fault}" for fault in found]


def fits(page: Page) -> list[str]:
    """What sticks out or is cut off at 400 % zoom, and then with wider letters and lines."""
    page.set_viewport_size(ZOOMED)
    found: list[str] = page.evaluate(_WIDE)
    page.evaluate(_SPACE)
    spaced = [*page.evaluate(_WIDE), *page.evaluate(_CLIPPED)]
    page.evaluate("document.adoptedStyleSheets = []")
    return found + [f"spaced, {fault}" for fault in spaced]


def in_reach(page: Page) -> list[str]:
    """What a thumb would miss on a phone: buttons and fields under 44 px, the rest under 24."""
    page.set_viewport_size(PHONE)
    found: list[str] = page.evaluate(_SMALL)
    return found


def prints(page: Page) -> list[str]:
    """What does not belong on paper, or cannot be read there, although the screen is dark."""
    page.emulate_media(media="print", color_scheme="dark")
    found: list[str] = page.evaluate(_PRINTED, _NOT_FOR_PAPER)
    page.emulate_media(media="screen", color_scheme="light")
    return found


def words(page: Page) -> list[str]:
    """Every word to be seen in the main part, but for what only scripts can do."""
    found: list[str] = page.evaluate(_WORDS)
    return found


def skips(page: Page) -> list[str]:
    """Whether the first stop of the keyboard shows itself and leads to the main part."""
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.getAttribute('href')") != "#main":
        return ["the first stop is not the skip link"]
    if not page.evaluate(_IN_SIGHT):
        return ["the skip link is not seen when it has the focus"]
    page.keyboard.press("Enter")
    is_there = page.evaluate("document.activeElement === document.querySelector('main')")
    return [] if is_there else ["the skip link does not lead to the main part"]
