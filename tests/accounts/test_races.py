"""What must hold when two do it at the same moment, fifty rounds on both databases."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import delete, select

from charter.accounts import factor, invitations, mailboxes, service
from charter.accounts.invitations import Wish
from charter.accounts.models import Membership, RecoveryCode, User
from charter.core.access import Role
from charter.core.db import CITY, commit, db
from charter.core.errors import Refused
from tests.builders.accounts import (
    TOTP_SECRET,
    code_now,
    last_link,
    locked,
    make_member,
    make_place,
    make_user,
    password_hash,
)

ROUNDS = 50
Verb = Callable[[], object]


def at_once(app: Flask, *verbs: Verb, chains: tuple[int, ...] = (CITY,)) -> list[str]:
    """Do these at the same moment, each as its own request does; how each ended."""
    start = Barrier(len(verbs))
    ended = [""] * len(verbs)

    def run(number: int, verb: Verb) -> None:
        with app.app_context():
            try:
                start.wait(10)
                locked(*chains)
                found = verb()
                commit()
                ended[number] = "wrong" if found is False else "done"
            except Refused:
                db.session.rollback()
                ended[number] = "refused"
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(ended)


def acting(user_id: int) -> User:
    """A person as the gate loads them after the lock."""
    found = service.person(user_id)
    assert found is not None
    return found


def role_id(user_id: int) -> int:
    """The one role of a person."""
    return db.session.scalars(select(Membership.id).where(Membership.user_id == user_id)).one()


def removing(by: int, whom: int) -> Verb:
    """One administrator ends another's administration."""
    return lambda: service.end_role(role_id(whom), by=acting(by), venue_id=None)


def closing(by: int, whom: int) -> Verb:
    """One administrator closes another's account."""
    return lambda: service.disable(whom, by=acting(by))


@pytest.mark.slow
def test_two_administrators_who_remove_each_other_leave_one(app: Flask) -> None:
    for number in range(ROUNDS):
        with app.app_context():
            db.session.execute(delete(Membership))
            db.session.commit()
            one, two = (make_member(Role.OFFICE_ADMIN, totp=None).id for _ in range(2))
        first = removing(one, two) if number % 2 else closing(one, two)
        second = removing(two, one) if number % 3 else closing(two, one)
        assert at_once(app, first, second) == ["done", "refused"], f"round {number}"
        with app.app_context():
            assert len(service.administrators()) == 1


@pytest.mark.slow
def test_of_two_posts_of_one_reset_link_one_wins(app: Flask) -> None:
    new = password_hash()
    for number in range(ROUNDS // 5):
        with app.app_context():
            user = make_user()
            locked(CITY)
            mailboxes.ask_reset(user.email)
            db.session.commit()
            token = last_link("reset-password", user.email).rpartition("/")[2]
        verbs = [lambda token=token: mailboxes.reset(token, new)] * 2
        assert at_once(app, *verbs) == ["done", "refused"], f"round {number}"


@pytest.mark.slow
def test_of_two_posts_of_one_invitation_one_makes_the_account(app: Flask) -> None:
    for number in range(ROUNDS // 5):
        with app.app_context():
            place = make_place(f"Place {number}")
            wish = Wish(f"new{number}@mail.example", Role.CHAMPION, venue_id=place.id)
            locked(CITY, place.id)
            invitations.invite(wish, by=None)
            db.session.commit()
            token = last_link("invitation", wish.email).rpartition("/")[2]
            place_id = place.id

        def join(token: str = token) -> object:
            return invitations.accept_as_new(token, name="New", password_hash=password_hash())

        assert at_once(app, join, join) == ["done", "refused"], f"round {number}"
        with app.app_context():
            assert len(service.champions([place_id])[place_id]) == 1


@pytest.mark.slow
def test_one_code_lets_one_in(app: Flask) -> None:
    for number in range(ROUNDS // 5):
        with app.app_context():
            user = make_user(totp=TOTP_SECRET)
            locked(CITY)
            recovery = factor.renew_codes(user)[0]
            db.session.commit()
            user_id = user.id
        for typed in (code_now(), recovery):

            def check(typed: str = typed, user_id: int = user_id) -> bool:
                return factor.check(db.session.get_one(User, user_id), typed)

            assert at_once(app, check, check) == ["done", "wrong"], f"round {number}"
        with app.app_context():
            used = select(RecoveryCode.used_at).where(RecoveryCode.user_id == user_id)
            assert sum(at is not None for at in db.session.scalars(used)) == 1


@pytest.mark.slow
def test_two_managers_ending_one_champion_end_it_once(app: Flask) -> None:
    with app.app_context():
        place_id = make_place().id
        bosses = [make_member(Role.MANAGER, venue=place_id).id for _ in range(2)]
    for number in range(ROUNDS // 5):
        with app.app_context():
            champion = make_member(Role.CHAMPION, venue=place_id).id

        def end(by: int, champion: int = champion) -> Verb:
            return lambda: service.end_role(role_id(champion), by=acting(by), venue_id=place_id)

        ended = at_once(app, *(end(by) for by in bosses), chains=(place_id,))
        assert ended == ["done", "refused"], f"round {number}"
        with app.app_context():
            assert service.roles_of(champion) == []
