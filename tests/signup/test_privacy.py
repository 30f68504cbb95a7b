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


def test_people_on_a_list_read_how_long_their_name_is_kept_and_who_sees_it(client: Visitor) -> None:
    told, venues = (client.get(f"/privacy/{each}").text for each in ("people", "venues"))
    assert f"{retention.STAFF_LEFT} after your last day your name is deleted" in told
    assert f"Deleted after {retention.STAFF_IMPORT}" in told
    assert "The night office reads numbers" in told
    assert "Pages about a venue are seen by its own people" not in told
    assert (
        "Seen by other venues’ champions and managers and by the office, with your first name and "
        f"role. It is kept {retention.NETWORK_POST}, or {retention.NETWORK_UNSEEN} if it was not "
        "shown" in venues
    )


def test_a_notice_stands_where_a_name_of_the_list_is_asked_for() -> None:
    for page in (
        "staff/add.html", "staff/upload.html", "sessions/session.html", "outside/new.html",
        "check_in/enter.html", "check_in/name.html", "tonight/read.html",
    ):  # fmt: skip
        text = (TEMPLATES / page).read_text("utf-8")
        assert 'url_for("front.privacy", audience="people")' in text, page
