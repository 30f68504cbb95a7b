"""What the charter costs those who keep it: complexity is what sank the paper one."""

from charter.editions.terms import Edition, Requirement

WORKING_DAYS_A_MONTH = 21
DAYS_A_MONTH = 30.4


def champion_minutes_a_month(edition: Edition) -> float:
    """Minutes a month to keep every essential alive: each one's minutes over how long it lasts."""
    return sum(each.minutes / _months(each) for each in edition.requirements if each.essential)


def reviews_a_working_day(edition: Edition, venues: int, share: float) -> float:
    """Reviews a working day once `venues` venues only renew: every first proof long done.

    A renewal of the same kind is accepted by rule, but for a random `share`.
    """
    renewals = sum(1 / _months(each) for each in edition.requirements if each.essential)
    return renewals * venues * share / WORKING_DAYS_A_MONTH


def _months(requirement: Requirement) -> float:
    lasts = requirement.lasts
    return lasts.months or lasts.days / DAYS_A_MONTH
