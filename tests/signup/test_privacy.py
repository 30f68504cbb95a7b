"""The privacy notices say what the nightly work does: both read one table of numbers."""

import re
from pathlib import Path

import pytest

from charter.core import retention
from charter.core.retention import Span
from charter.signup.front import AUDIENCES
from tests.visitor import Visitor

pytestmark = pytest.mark.sqlite_only

TEMPLATES = Path(__file__).resolve().parents[2] / "charter" / "templates"
TOLD = [
    *sorted(TEMPLATES.glob("front/_privacy_*.html")),
    TEMPLATES / "venues" / "leave.html",
    TEMPLATES / "signup" / "you.html",
    TEMPLATES / "office" / "export.html",
]
NUMBER = r"\d+|two|three|four|five|six|seven|twelve|fourteen|thirty|a"
TYPED = re.compile(rf"\b({NUMBER}) (hours?|days?|weeks?|months?|years?)\b", re.I)
SPANS = {name: value for name, value in vars(retention).items() if isinstance(value, Span)}


@pytest.mark.parametrize("place", TOLD, ids=lambda place: place.name)
def test_no_length_of_time_is_typed(place: Path) -> None:
    assert [found[0] for found in TYPED.finditer(place.read_text("utf-8"))] == []


def test_every_length_of_the_table_is_told_to_somebody() -> None:
    texts = "".join(each.read_text("utf-8") for each in TOLD)
    texts += (TEMPLATES / "front" / "privacy.html").read_text("utf-8")
    assert [name for name in SPANS if f"kept.{name}" not in texts] == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_notice_speaks_of_what_is_and_of_no_plan(client: Visitor, audience: str) -> None:
    page = client.get(f"/privacy/{audience}")
    assert "The plan is" not in page.text
    assert "to be kept" not in page.text
    assert f"fully gone {retention.BACKUP} later" in page.text


def test_the_notices_have_the_tables_numbers(client: Visitor) -> None:
    signers, venues = (client.get(f"/privacy/{each}").text for each in ("signers", "venues"))
    assert f"Deleted {retention.SIGN_UP_DECLINED} after the decision" in signers
    assert f"Deleted after {retention.SIGN_UP_UNCONFIRMED}" in signers
    assert "After 12 months without a sign-in we write to you, and 14 days later" in venues
    assert "at least 6 years" in venues
