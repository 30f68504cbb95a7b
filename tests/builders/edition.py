"""Editions as a seed file would hold them, small enough to judge by eye."""

from datetime import date
from typing import Any

from charter.editions.edition import Edition, parse

THRESHOLDS = {
    "start_with": 3,
    "lapsing_soon_days": 30,
    "few_cases": 5,
    "few_months": 3,
    "share_trained": 90,
}


def make_requirement_data(number: str = "1.1", **overrides: Any) -> dict[str, Any]:
    """One requirement's table: an essential file that lasts 12 months. None leaves a key out."""
    commitment, place = number.split(".")
    data: dict[str, Any] = {
        "key": f"c{commitment}.r{place}",
        "number": number,
        "essential": True,
        "task": f"Do task {number}",
        "words": "Somebody has done it.",
        "why": "It helps.",
        "proof": "A file.",
        "example": "A photo of the page.",
        "minutes": 5,
        "kind": "file",
        "lasts": {"months": 12},
    }
    data |= overrides
    return {key: value for key, value in data.items() if value is not None}


def make_commitment_data(
    number: int = 1, requirements: list[dict[str, Any]] | None = None, **overrides: Any
) -> dict[str, Any]:
    """One commitment's table, with one essential requirement unless told otherwise."""
    data: dict[str, Any] = {
        "key": f"c{number}",
        "number": number,
        "name": f"Promise {number}",
        "heading": "We do something good",
        "why": "It matters.",
        "requirement": requirements or [make_requirement_data(f"{number}.1")],
    }
    data |= overrides
    return {key: value for key, value in data.items() if value is not None}


def make_edition_data(
    commitments: list[dict[str, Any]] | None = None, **overrides: Any
) -> dict[str, Any]:
    """A whole seed, with one commitment unless told otherwise."""
    data: dict[str, Any] = {
        "edition": "test-2026",
        "title": "A charter for tests",
        "effective_from": date(2026, 1, 1),
        "thresholds": dict(THRESHOLDS),
        "places": {"entrance": "entrance", "bar": "each bar"},
        "commitment": commitments or [make_commitment_data()],
    }
    data |= overrides
    return {key: value for key, value in data.items() if value is not None}


def make_edition(commitments: list[dict[str, Any]] | None = None, **overrides: Any) -> Edition:
    """The edition that such a seed holds."""
    return parse(make_edition_data(commitments, **overrides), "test.toml")
