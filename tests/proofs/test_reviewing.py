"""Which proofs a person looks at, and the lot that can be drawn again."""

import pytest

from charter.proofs.reviewing import Because, Before, because, is_drawn


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (None, Because.FIRST),
        (Before("returned", "file", False), Because.AFTER_RETURN),
        (Before("pulled-back", "file", False), Because.AFTER_RETURN),
        (Before("withdrawn", "file", False), Because.FIRST),
        (Before("waiting", "file", False), Because.FIRST),
        (Before("accepted", "statement", False), Because.FIRST),
        (Before("accepted", "file", True), Because.AFTER_CHANGE),
        (Before("accepted", "file", False), None),
    ],
)
def test_only_what_follows_an_accepted_proof_of_its_kind_is_a_renewal(
    before: Before | None, expected: Because | None
) -> None:
    assert because(before, "file") is expected


def test_the_lot_falls_on_its_share_and_always_on_the_same() -> None:
    seed = b"s" * 32
    drawn = [is_drawn(seed, number, 0.2) for number in range(5000)]
    assert 900 < sum(drawn) < 1100
    assert drawn == [is_drawn(seed, number, 0.2) for number in range(5000)]
    assert drawn != [is_drawn(b"t" * 32, number, 0.2) for number in range(5000)]


def test_a_share_of_nothing_and_of_everything() -> None:
    assert not any(is_drawn(b"s" * 32, number, 0.0) for number in range(500))
    assert all(is_drawn(b"s" * 32, number, 1.0) for number in range(500))


def test_every_reason_has_words() -> None:
    assert len({each.label for each in Because}) == len(Because)
