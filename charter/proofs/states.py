"""The states a proof can be in."""

from enum import StrEnum


class ProofState(StrEnum):
    """What became of one proof."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    PULLED_BACK = "pulled-back"
    WITHDRAWN = "withdrawn"


SENT_BACK = (ProofState.RETURNED, ProofState.PULLED_BACK)
