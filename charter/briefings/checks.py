"""Spot checks: a few of the team are asked a few questions, by the venue or by the office."""

from collections.abc import Mapping
from datetime import date

from charter.editions.terms import Counted
from charter.training.rules import Terms

FACT = "training.spot-check"


def counted(terms_of: Mapping[int, Terms], today: date) -> dict[int, dict[str, Counted]]:
    """What spot checks come to today at each of these venues, by venue and fact."""
    return {}
