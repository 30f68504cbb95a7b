"""Who sees what on the board, how its writers are named, and what in their words is a link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charter.core.access import Role
from charter.network import rules
from charter.network.rules import Kind, State


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("is_author", [True, False])
@pytest.mark.parametrize("is_office", [True, False])
def test_what_is_not_on_the_board_is_seen_by_its_writer_and_the_office(
    state: State, is_author: bool, is_office: bool
) -> None:
    wanted = state is State.SHOWN or is_author or is_office
    assert rules.sees(state, is_author=is_author, is_office=is_office) is wanted


def test_the_office_is_on_the_board_at_once_and_a_venue_waits() -> None:
    assert rules.first_state(from_office=True) is State.SHOWN
    assert rules.first_state(from_office=False) is State.WAITING


@pytest.mark.parametrize(
    ("name", "roles", "from_office", "said"),
    [
        ("Robin Field", {Role.CHAMPION}, False, "Robin, champion"),
        ("Robin Field", {Role.MANAGER, Role.CHAMPION, Role.STAFF}, False, "Robin, champion"),
        ("Ana Maria Quay", {Role.AREA_MANAGER}, False, "Ana, area manager"),
        ("Kit Reed", {Role.OFFICER}, True, "Kit, the night office"),
        ("Kit Reed", set(), True, "Kit, the night office"),
        ("Robin Field", set(), False, "Robin"),
        ("Robin Field", {Role.STAFF}, False, "Robin"),
        ("Somebody who has left", set(), False, "Somebody"),
        ("", set(), False, "Somebody"),
    ],
)
def test_writers_are_a_first_name_and_what_they_are(
    name: str, roles: set[Role], from_office: bool, said: str
) -> None:
    assert rules.signature(name, roles, from_office=from_office) == said


@pytest.mark.parametrize(
    ("words", "links"),
    [
        ("See https://night.example/poster.pdf.", ["https://night.example/poster.pdf"]),
        ("(https://a.example/x), https://b.example!", ["https://a.example/x", "https://b.example"]),
        ("javascript:alert(1) http://plain.example data:text/html,x", []),
        ("https:// and https://nothing", []),
        ('https://a.example/"onclick=x <b>', ["https://a.example/"]),
    ],
)
def test_only_whole_https_addresses_are_links(words: str, links: list[str]) -> None:
    assert [piece.text for piece in rules.pieces(words) if piece.is_link] == links


@given(st.text(alphabet=st.sampled_from('https://.ab \n"<>)!,é'), max_size=60))
def test_no_word_is_lost_or_added(words: str) -> None:
    found = rules.pieces(words)
    assert "".join(piece.text for piece in found) == words
    assert all(piece.text.startswith("https://") for piece in found if piece.is_link)


def test_replies_are_counted_in_words() -> None:
    said = [Kind.QUESTION.replies(n).split() for n in (0, 1, 2)]
    assert said == [["No", "answer"], ["1", "answer"], ["2", "answers"]]
    assert [Kind.NEWS.replies(n).split() for n in (0, 1, 2)] == [
        [],
        ["1", "reply"],
        ["2", "replies"],
    ]
