"""Decides which proofs a person has to look at: pure, with no database, Flask or clock.

A city with 2,500 venues would have some 800 proofs a working day to look at if every renewal
waited for a person, so renewals are accepted by rule and a share of them, drawn by lot, is not.
The lot is an HMAC of the proof's id: nobody outside can foretell it, and anybody with the seed can
repeat every draw.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from charter.proofs.states import SENT_BACK, ProofState

_RANGE = 2**64


class Because(StrEnum):
    """Why a person looks at a proof."""

    FIRST = "first"
    AFTER_RETURN = "after-return"
    AFTER_CHANGE = "after-change"
    SAMPLE = "sample"

    @property
    def label(self) -> str:
        """The reason in words."""
        return _LABELS[self]


_LABELS = {
    Because.FIRST: "First proof of this",
    Because.AFTER_RETURN: "Handed in again",
    Because.AFTER_CHANGE: "Something changed",
    Because.SAMPLE: "Drawn to be looked at",
}


@dataclass(frozen=True, slots=True)
class Before:
    """The newest earlier proof of the same requirement at the same venue."""

    state: str
    kind: str
    ended_early: bool


def because(before: Before | None, kind: str) -> Because | None:
    """Why a person must look at a new proof of this kind; None for a renewal that the lot decides.

    Only what directly follows an accepted proof of the same kind is a renewal: one after a proof
    that was taken back waits too, so that a draw cannot be dodged by handing in twice.
    """
    if before is None:
        return Because.FIRST
    if before.state in SENT_BACK:
        return Because.AFTER_RETURN
    if before.ended_early:
        return Because.AFTER_CHANGE
    if before.state != ProofState.ACCEPTED or before.kind != kind:
        return Because.FIRST
    return None


def is_drawn(seed: bytes, evidence_id: int, share: float) -> bool:
    """Whether the lot falls on this renewal; `share` is the part of all that is drawn, 0 to 1."""
    digest = hmac.digest(seed, f"evidence/{evidence_id}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") < share * _RANGE
