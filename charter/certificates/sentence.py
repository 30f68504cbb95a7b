"""One sentence about a venue's certificate, for the venue's home, which stands on a floor below."""

from charter.certificates import reading
from charter.certificates.rules import State
from charter.core.text import in_words


def of_venue(venue_id: int) -> str:
    """What the newest certificate says today, in one sentence; empty where there is none."""
    shown = next(iter(reading.of_venue(venue_id)), None)
    if shown is None:
        return ""
    verdict = shown.verdict
    if verdict.in_grace and verdict.until is not None:
        day = in_words(verdict.until)
        return f"Something your certificate needs has run out. Mend it by {day} to keep it."
    if verdict.state in (State.VALID, State.LAPSING_SOON) and verdict.until is not None:
        return f"Your certificate holds until {in_words(verdict.until)}."
    return f"Your certificate is {verdict.state.label.lower()}."
