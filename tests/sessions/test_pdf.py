"""The certificate of attendance: one page that says who, what, when, and where to check it."""

import io
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from charter.sessions.pdf import AttendanceFacts, draw


def make_facts(**overrides: Any) -> AttendanceFacts:
    values: dict[str, Any] = {
        "name": "Zoë Ölander-Nguyễn",
        "course": "Respond: for door teams",
        "version": "2024.1",
        "able": ("step in safely", "support the person who was harmed"),
        "done_on": date(2026, 11, 20),
        "lasts_until": date(2027, 11, 20),
        "trainer": "Ana Reed",
        "own_trainer": True,
        "made_on": date(2026, 11, 20),
        "charter_title": "Women’s Night Safety Charter",
        "office_name": "the night office",
        "colour": "#4b2e83",
        "verify_url": "https://charter.example/verify/7K3M-9QXT-AB2D-EF5H",
        "short_address": "charter.example/verify/7K3M-9QXT-AB2D-EF5H",
    }
    return AttendanceFacts(**values | overrides)


def test_the_paper_is_one_page_that_says_who_what_when_and_where_to_check() -> None:
    facts = make_facts()
    reader = PdfReader(io.BytesIO(draw(facts)), strict=True)
    (page,) = reader.pages
    words = " ".join(page.extract_text().split())
    for part in (
        "Certificate of attendance", "Respond: for door teams, version 2024.1", "step in safely",
        "Ana Reed, the venue’s own trainer", "charter.example/verify/7K3M-9QXT-AB2D-EF5H",
    ):  # fmt: skip
        assert part in words
    assert reader.metadata is not None
    assert "Zoë Ölander-Nguyễn" in (reader.metadata.title or "")
    assert draw(facts) == draw(facts)


@pytest.mark.parametrize("name", ["W" * 80, "A b " * 20, "!", "名前 👩‍🎤"])
def test_no_name_breaks_the_paper(name: str) -> None:
    facts = make_facts(name=name, course="C" * 80, trainer="T " * 40, specimen=True)
    assert len(PdfReader(io.BytesIO(draw(facts)), strict=True).pages) == 1
