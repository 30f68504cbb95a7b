"""One identity, sides that never meet, and how long things last."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.accounts import rules
from charter.core.access import Role
from charter.core.errors import Refused

OFFICE = {Role.OFFICER, Role.OFFICE_ADMIN}
AT_VENUES = {Role.STAFF, Role.CHAMPION, Role.MANAGER, Role.AREA_MANAGER}


@pytest.mark.parametrize(
    "typed",
    [
        "Rosa.Vale@Mail.Example",
        " rosa.vale@mail.example ",
        "ROSA.VALE@MAIL.EXAMPLE",
        "\uff52osa.vale@mail.example",
    ],
)
def test_case_width_and_spaces_make_no_second_identity(typed: str) -> None:
    assert rules.same_address(typed) == "rosa.vale@mail.example"


def test_a_domain_is_the_same_in_both_its_writings() -> None:
    assert rules.same_address("a@xn--bcher-kva.example") == rules.same_address("a@BÜCHER.example")


@pytest.mark.parametrize("typed", ["", "rosa", "rosa@", "@mail.example", "m\u0131ke@mail.example"])
def test_what_is_no_plain_address_is_refused_beside_its_field(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.same_address(typed)
    assert refused.value.field == "email"


@pytest.mark.parametrize("held", list(Role))
@pytest.mark.parametrize("wanted", list(Role))
def test_only_roles_of_one_side_meet_in_a_person(held: Role, wanted: Role) -> None:
    may_meet = {held, wanted} <= OFFICE or {held, wanted} <= AT_VENUES or held is wanted
    if may_meet:
        rules.refuse_mixed_sides([held], wanted)
    else:
        with pytest.raises(Refused, match="already works for"):
            rules.refuse_mixed_sides([held], wanted)


def test_nobody_looks_after_their_own_kind_but_administrators() -> None:
    for role, others in rules.LOOKS_AFTER.items():
        assert (role in others) is (role is Role.OFFICE_ADMIN)
    assert rules.looked_after([Role.CHAMPION]) == {Role.STAFF}
    assert rules.looked_after([Role.MANAGER]) == {Role.STAFF, Role.CHAMPION}
    assert rules.looked_after([Role.OFFICER]) == {Role.CHAMPION, Role.MANAGER}
    assert rules.looked_after([]) == frozenset()


def test_a_sign_in_lasts_shorter_for_whoever_reaches_many() -> None:
    venue = (timedelta(minutes=30), timedelta(hours=12))
    office = (timedelta(minutes=15), timedelta(hours=8))
    assert rules.session_limits([]) == venue
    assert rules.session_limits(AT_VENUES) == venue
    for role in (*OFFICE, Role.AUDITOR, Role.SYSTEM_ADMIN):
        assert rules.session_limits([role]) == office


def test_at_most_ten_guesses_fit_into_five_minutes() -> None:
    clock, guesses = timedelta(), 0
    while clock <= timedelta(minutes=5):
        guesses += 1
        clock += rules.wait_after(guesses, free=3)
    assert guesses <= 10


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_waits_grow_but_never_lock_anybody_out(failures: int, free: int) -> None:
    wait = rules.wait_after(failures, free)
    assert wait <= rules.wait_after(failures + 1, free) <= timedelta(seconds=90)
    assert (wait == timedelta()) is (failures < free)


@pytest.mark.parametrize(
    "path", ["/home", "/venues/3/?a=1&b=2", "/", "/office/venues?state=met#row", "/x/%2e%2e/"]
)
def test_local_paths_are_gone_on_to(path: str) -> None:
    assert rules.local_path(path) == path


@pytest.mark.parametrize(
    "address",
    [
        None, "", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "/x\\..\\evil", " /home",
        "/home\r\nSet-Cookie: a=b", "evil.example", "///evil.example", "/ /evil.example",
    ],
)  # fmt: skip
def test_nothing_that_could_leave_the_site_is_gone_on_to(address: str | None) -> None:
    assert rules.local_path(address) is None


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Android 15; Mobile) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("", "A browser"),
        ("curl/8", "A browser"),
    ],
)
def test_a_device_is_told_in_coarse_words(agent: str, words: str) -> None:
    assert rules.device_words(agent) == words


@given(st.text(max_size=400))
def test_any_browser_has_words_that_fit(agent: str) -> None:
    assert 0 < len(rules.device_words(agent)) <= 40
