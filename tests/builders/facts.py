"""Facts about a venue for the rules: proofs and what goes with them, in plain days."""

from datetime import date
from typing import Any

from charter.commitments.facts import (
    Closure,
    Counted,
    Facts,
    NotApplicable,
    Proof,
    Quiet,
    RequirementFacts,
)
from charter.editions.terms import Override

TODAY = date(2026, 6, 15)


def make_proof(**overrides: Any) -> Proof:
    """An accepted proof of 1 June 2026 that holds to the end of the year."""
    values: dict[str, Any] = {
        "id": 1,
        "state": "accepted",
        "handed_in": date(2026, 6, 1),
        "valid_from": date(2026, 6, 1),
        "valid_to": date(2026, 12, 31),
    }
    return Proof(**values | overrides)


def make_known(*parts: Proof | NotApplicable | Quiet | Counted) -> RequirementFacts:
    """What is known for one requirement, from its parts in any order."""
    counted = [each for each in parts if isinstance(each, Counted)]
    return RequirementFacts(
        proofs=tuple(each for each in parts if isinstance(each, Proof)),
        not_applicable=tuple(each for each in parts if isinstance(each, NotApplicable)),
        quiet=tuple(each for each in parts if isinstance(each, Quiet)),
        counted=counted[0] if counted else None,
    )


def make_facts(
    known: dict[str, RequirementFacts] | None = None,
    closures: tuple[Closure, ...] = (),
    overrides: tuple[Override, ...] = (),
    as_of: date = TODAY,
    **others: Any,
) -> Facts:
    """All that is known about a venue on `TODAY`."""
    return Facts(as_of, known or {}, closures, overrides, **others)
