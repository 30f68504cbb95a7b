"""The badge for a venue's website: a small picture (SVG) that says what is so today.

No script, no font, no address in it, nothing that could follow whoever looks. Every line has a
width to keep to, so that no viewer's letters run over the edge.
"""

from datetime import date
from xml.sax.saxutils import escape, quoteattr

from charter.certificates.rules import State, Verdict
from charter.core.text import in_words

WIDTH, HEIGHT = 320, 96
_MEASURE = 224
_INK, _SOFT, _PAPER, _EDGE = "#221a33", "#5a5069", "#ffffff", "#b9acc6"
_TONES = {State.VALID: "#17633f", State.LAPSING_SOON: "#854600"}
_BAD = "#a3231d"
# The marks that the pages use, on a square of 100.
_MARKS = {
    State.VALID: "6,52 20,38 40,58 80,14 95,28 41,86",
    State.LAPSING_SOON: "8,2 92,2 92,14 58,50 92,86 92,98 8,98 8,86 42,50 8,14",
    State.LAPSED: "24,8 50,34 76,8 92,24 66,50 92,76 76,92 50,66 24,92 8,76 34,50 8,24",
    State.SUSPENDED: "10,6 40,6 40,94 60,94 60,6 90,6 90,94 10,94",
    State.WITHDRAWN: "10,10 90,10 90,90 10,90",
}


def draw(verdict: Verdict, *, charter: str, venue: str, on: date) -> str:
    """The picture of a certificate's state on a day."""
    tone = _TONES.get(verdict.state, _BAD)
    said = words(verdict, charter=charter, venue=venue, on=on)
    lines = (
        _line(charter, 28, 13, _SOFT, 400),
        _line(venue, 51, 17, _INK, 700),
        _line(f"{verdict.state.label}, {on.day} {on:%b %Y}", 75, 15, tone, 700),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={quoteattr(said)}>'
        f"<title>{escape(said)}</title>"
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="12" fill="{_PAPER}" '
        f'stroke="{_EDGE}" stroke-width="2"/>'
        f'<path d="M13 1h59v{HEIGHT - 2}h-59a12 12 0 0 1-12-12v-{HEIGHT - 26}a12 12 0 0 1 12-12z" '
        f'fill="{tone}"/>'
        f'<g transform="translate(19.5 31) scale(.34)"><polygon points="{_MARKS[verdict.state]}" '
        f'fill="{_PAPER}"/></g>{"".join(lines)}</svg>'
    )


def words(verdict: Verdict, *, charter: str, venue: str, on: date) -> str:
    """The same in words, for whoever cannot see it."""
    return f"{charter}: {venue}. {verdict.state.label} on {in_words(on)}."


def _line(said: str, y: int, size: int, colour: str, weight: int) -> str:
    """One line, squeezed where its letters could be wider than the room there is."""
    wide = len(said) * size * 0.6 > _MEASURE
    fit = f' textLength="{_MEASURE}" lengthAdjust="spacingAndGlyphs"' if wide else ""
    return (
        f'<text x="84" y="{y}" font-family="system-ui,Arial,sans-serif" font-size="{size}" '
        f'font-weight="{weight}" fill="{colour}"{fit}>{escape(said)}</text>'
    )
