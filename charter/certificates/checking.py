"""Is this PDF one that we issued? Told apart: unchanged, changed, not ours, a withdrawn key.

Only a file that is byte for byte one of ours is called so; no signature makes up for a byte. The
signatures say what else there is to say of a file that is not: whether it was ever one of ours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from charter.certificates import inspecting, reading, signing
from charter.certificates.inspecting import Seen
from charter.certificates.models import SigningKey


class Answer(StrEnum):
    """What is so with a file that somebody handed in."""

    ISSUED = "issued"
    WITHDRAWN_KEY = "withdrawn-key"
    CHANGED = "changed"
    NOT_OURS = "not-ours"
    NOT_A_PDF = "not-a-pdf"


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer, and where it is known, the certificate that the file is or once was."""

    answer: Answer
    shown: reading.Shown | None = None
    key: SigningKey | None = None


def check(content: bytes) -> Checked:
    """Say what a file is. Changes and keeps nothing. Raises inspecting.Busy."""
    shown = reading.by_bytes(content)
    if shown is not None:
        key = signing.one(shown.certificate.signing_key_id)
        gone = key is not None and key.withdrawn_at is not None
        return Checked(Answer.WITHDRAWN_KEY if gone else Answer.ISSUED, shown, key)
    ours = {bytes(row.certificate): row for row in signing.every_key()}
    found = inspecting.signatures(content) if b"%PDF-" in content[:1024] else None
    answer, end, der = judge(found, ours, content)
    key = ours.get(der) if der else None
    return Checked(answer, reading.by_bytes(content[:end]) if end else None, key)


def judge(
    found: Iterable[Seen] | None, ours: Mapping[bytes, SigningKey], content: bytes
) -> tuple[Answer, int, bytes | None]:
    """The answer for a file that is not byte for byte one of ours.

    With it, how many of its bytes one of our signatures vouches for (0: none), and whose
    certificate that was. `found` are its signatures, None where it cannot be read.
    """
    mine = [each for each in found or () if each.certificate in ours]
    whole = next((each for each in mine if each.holds), None)
    if whole is not None:
        row = ours[whole.certificate]
        answer = Answer.WITHDRAWN_KEY if row.withdrawn_at else Answer.CHANGED
        return answer, whole.end, whole.certificate
    if mine:
        return Answer.CHANGED, 0, mine[0].certificate
    for der in ours:
        # Too broken to read, but it carries the certificate that stands in every one of ours.
        if der in content or der.hex().encode() in content.lower():
            return Answer.CHANGED, 0, der
    return Answer.NOT_OURS if b"%PDF-" in content[:1024] else Answer.NOT_A_PDF, 0, None
