"""What makes a password good enough, and its hash."""

import re

import pytest
from argon2 import PasswordHasher

from charter.accounts import passwords
from charter.core.errors import Refused

OWN = ["Rosa Vale", "rosa.vale@mail.example", "Night Safety Charter"]


@pytest.mark.parametrize(
    "password",
    [
        "seven lanterns over the quay",
        "plumber otter canal",
        "åtte lykter over kaien",
        "zQ7 vKx2 mN9p",
        "x" * 3 + "winter boats sail home" * 8,
        "🌙🌉 walking home together",
    ],
)
def test_long_passwords_of_any_letters_are_taken(password: str) -> None:
    passwords.choose(password, OWN)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short pass", "12 characters or more"),
        ("elevenchars", "12 characters or more"),
        ("a winding road " * 14, "200 characters or fewer"),
        ("sonyericsson", "first that others would try"),
        ("FinalFantasy", "first that others would try"),
        ("password12345!", "first that others would try"),
        ("!!2024Dragon2024!!", "first that others would try"),
        ("123456789012", "first that others would try"),
        ("aaaaaaaaaaaaaaaa", "first that others would try"),
        ("abcabcabcabcabc", "first that others would try"),
        ("qwertyuiopqwertyuiop", "first that others would try"),
        ("zyxwvutsrqponmlk", "first that others would try"),
        ("rosavalerosavale", "Your name"),
        ("Vale.Rosa.2026", "Your name"),
        ("nightsafetycharter1", "Your name"),
    ],
)
def test_what_others_would_try_first_is_refused(password: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        passwords.choose(password, OWN)
    assert refused.value.field == "password"


def test_a_hash_is_argon2id_with_at_least_19_mib() -> None:
    made = re.fullmatch(
        r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$.+", passwords.hashed("seven lanterns")
    )
    assert made is not None
    memory, passes, lanes = map(int, made.groups())
    assert (memory >= 19 * 1024, passes, lanes) == (True, 2, 1)


def test_an_unknown_account_costs_what_a_known_one_does() -> None:
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    assert not hasher.check_needs_rehash(passwords.NOBODY)
    assert passwords.matches(None, "seven lanterns over the quay") is False


def test_a_hash_opens_to_its_password_in_any_composition_and_to_nothing_else() -> None:
    kept = passwords.hashed("kaf\u00e9 by the water")
    assert passwords.matches(kept, "kafe\u0301 by the water")
    assert not passwords.matches(kept, "Kaf\u00e9 by the water")
    assert not passwords.matches("no hash at all", "anything at all")
