"""The nightly step that deletes: on its day, once, to the end after a kill, never on a wrong clock.

Security.md F102, F103, F108 and F109.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import insert, select

from charter.accounts.models import Membership, User, WebSession
from charter.certificates.models import CertificateProposal
from charter.cli import _nightly_if_due, run_nightly
from charter.commitments import standing
from charter.core import clock, files, mail, trail
from charter.core.access import Role
from charter.core.db import CITY, CityValue, commit, db, lock
from charter.core.files import StoredFile
from charter.office import retention
from charter.proofs import drafts, threads
from charter.proofs.models import Evidence, EvidenceFile, ProofDraft, Signature, ThreadMessage
from charter.proofs.states import ProofState
from charter.signup.models import SignUp, SignUpDraft, SignUpState
from charter.venues import service as venues
from charter.venues.models import Venue
from tests.builders.accounts import make_member
from tests.builders.certificates import noon
from tests.builders.commitments import (
    Scene,
    make_proof,
    make_scene,
    prove_all,
    received,
    under_lock,
)
from tests.visitor import Visitor

LEFT_ON = date(2028, 2, 29)
LAST_DAY = date(2029, 2, 28)
SECOND = timedelta(seconds=1)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application with its context open."""
    with app.app_context():
        yield app
        db.session.remove()


def run(moment: datetime, *, after_a_pause: bool = True, parts: int | None = None) -> list[str]:
    """One night at a moment; with `parts`, only so many of them, and then the machine dies."""
    db.session.rollback()
    done = []
    with clock.moved_to(moment):
        for words in islice(retention.nightly(after_a_pause=after_a_pause), parts):
            commit()
            done += [words] if words else []
    db.session.rollback()
    db.session.expire_all()
    return done


def attach(proof: int) -> int:
    """A file kept for a proof."""
    photo = received()
    db.session.rollback()
    lock(CITY)
    stored = files.keep(photo)
    db.session.add(EvidenceFile(evidence_id=proof, file_id=stored.id))
    commit()
    return stored.id


def show(scene: Scene, day: date, **more: object) -> tuple[int, int]:
    """An accepted proof of a day that lasts a year, with a file: the ids of both."""
    more = {"valid_to": clock.months_after(day, 12), **more}
    proof = make_proof(scene.venue, key_of(scene), by=scene.champion, happened_on=day, **more)
    return proof, attach(proof)


def key_of(scene: Scene) -> str:
    """The key of a requirement that is proved by a file."""
    found = standing.assessed(scene.venue)
    assert found is not None
    return next(each.key for each in found.requirements if each.requirement.proof_kind == "file")


def on_disk() -> set[str]:
    return {lying.name for lying in files.store().names()}


def erased() -> set[int]:
    """Files that are marked, each of whose bytes are gone, while those of all others are there."""
    rows = db.session.scalars(select(StoredFile)).all()
    there = on_disk()
    assert {row.name for row in rows if row.erased_at is None} <= there
    assert {row.name for row in rows if row.erased_at is not None}.isdisjoint(there)
    return {row.id for row in rows if row.erased_at is not None}


def verbs(chain: int) -> list[str]:
    return [entry.verb for entry in reversed(trail.history(chain))]


def test_the_current_proof_and_the_one_before_keep_their_files(in_app: Flask) -> None:
    scene = make_scene()
    shown = [show(scene, date(year, 2, 28)) for year in (2024, 2025, 2026)]
    oldest, first_file = shown[0]
    assert run(noon(date(2027, 1, 1))) == [
        f"venue {scene.venue}: 1 files erased.",
        "1 files taken off the disk.",
    ]
    assert erased() == {first_file}
    assert run(noon(date(2027, 1, 1))) == []
    assert verbs(scene.venue) == ["files.erased"]
    assert trail.history(scene.venue)[0].detail == {"count": 1}
    kept = db.session.get_one(Evidence, oldest)
    assert (kept.state, len(kept.files)) == (ProofState.ACCEPTED, 1)
    with pytest.raises(files.Erased):
        files.read(kept.files[0].file)
    assert list(files.missing()) == []
    show(scene, date(2027, 2, 28))
    run(noon(date(2027, 3, 2)))
    assert erased() == {first_file, shown[1][1]}


def test_a_proof_that_waits_or_still_counts_keeps_its_files(in_app: Flask) -> None:
    scene = make_scene()
    _, long_lived = show(scene, date(2024, 2, 28), valid_to=date(2026, 6, 30))
    show(scene, date(2024, 3, 1), state=ProofState.WAITING)
    _, returned = show(scene, date(2024, 4, 1), state=ProofState.RETURNED)
    show(scene, date(2025, 1, 1))
    run(noon(date(2026, 6, 30)))
    assert erased() == set()
    show(scene, date(2026, 1, 1))
    run(noon(date(2026, 6, 30)))
    assert erased() == {returned}
    run(noon(date(2026, 7, 1)))
    assert erased() == {returned, long_lived}


def test_a_proof_returned_again_and_again_is_not_replaced_by_that(in_app: Flask) -> None:
    scene = make_scene()
    _, only = show(scene, date(2020, 1, 1))
    for month in range(1, 6):
        show(scene, date(2021, month, 1), state=ProofState.RETURNED)
    run(noon(date(2027, 1, 1)))
    assert only not in erased()


def test_deleting_changes_nothing_about_where_a_venue_stands(in_app: Flask) -> None:
    scene = make_scene()
    prove_all(scene)
    for year in (2022, 2023, 2024):
        show(scene, date(year, 5, 1), version=10 + year)
    day = clock.today()
    before = standing.assessed(scene.venue)
    run(noon(day))
    assert len(erased()) == 1
    with clock.moved_to(noon(day)):
        after = standing.assessed(scene.venue)
    assert before is not None
    assert after is not None
    assert (after.state, after.essentials_met, after.holds_until) == (
        before.state,
        before.essentials_met,
        before.holds_until,
    )
    assert [each.fault for each in trail.verify()] == [None] * len(list(trail.verify()))


def test_a_photo_that_was_replaced_before_it_was_handed_in_goes_after_a_day(in_app: Flask) -> None:
    scene, key = make_scene(), ""
    key = key_of(scene)
    began = clock.now()

    def save() -> ProofDraft:
        return drafts.save(scene.venue, key, by=scene.champion, photos={"file-1": received()})

    with clock.moved_to(began):
        under_lock(scene.venue, save)
        under_lock(scene.venue, save)
    first, second = db.session.scalars(select(StoredFile.id).order_by(StoredFile.id)).all()
    run(began + timedelta(hours=24))
    assert erased() == set()
    run(began + timedelta(hours=24) + SECOND)
    assert erased() == {first}
    assert db.session.get_one(StoredFile, second).erased_at is None


@pytest.fixture
def gone(in_app: Flask) -> Scene:
    """A venue that left on a leap day, with people, proofs, words and a sign-up."""
    scene = make_scene()
    make_member(Role.MANAGER, venue=scene.venue)
    show(scene, date(2027, 5, 1), statement="Rosa put them up", signed_name="Rosa Vale")
    under_lock(
        scene.venue, lambda: drafts.save(scene.venue, key_of(scene), by=scene.champion,
                                         photos={"file-1": received()})
    )  # fmt: skip
    under_lock(
        scene.venue,
        lambda: threads.ask(scene.venue, key_of(scene), "May Rosa sign?", by=scene.champion),
    )
    edition = db.session.get_one(Venue, scene.venue).edition_key or ""
    db.session.add(
        SignUp(
            state=SignUpState.APPROVED,
            venue_id=scene.venue,
            signer_name="Rosa Vale",
            signer_role="owner",
            signer_email="rosa@mail.example",
            edition_key=edition,
        )
    )
    db.session.add(
        Signature(
            venue_id=scene.venue,
            edition_key=edition,
            name="Rosa Vale",
            signer_role="owner",
            signed_on=date(2027, 1, 1),
        )
    )
    db.session.commit()
    db.session.rollback()
    with clock.moved_to(noon(LEFT_ON)):
        under_lock(scene.venue, lambda: venues.leave(scene.venue, "We closed", by=scene.champion))
    return scene


def test_a_venue_that_left_has_no_names_words_or_files_after_its_last_day(gone: Scene) -> None:
    run(noon(LAST_DAY))
    assert db.session.get_one(Venue, gone.venue).cleared_on is None
    assert erased() == set()
    run(noon(LAST_DAY + timedelta(days=1)))
    assert len(erased()) == 2
    assert db.session.get_one(Venue, gone.venue).cleared_on == LAST_DAY + timedelta(days=1)
    proof = db.session.scalars(select(Evidence)).one()
    assert (proof.state, proof.statement, proof.signed_name) == (
        ProofState.ACCEPTED,
        None,
        "Name removed",
    )
    assert db.session.scalars(select(Signature.name)).all() == ["Name removed"]
    assert db.session.scalars(select(ProofDraft)).all() == []
    assert "Rosa" not in db.session.scalars(select(ThreadMessage.body)).one()
    sign_up = db.session.scalars(select(SignUp)).one()
    assert (sign_up.signer_name, sign_up.signer_email) == ("Name removed", "")
    with clock.moved_to(noon(LAST_DAY + timedelta(days=1))):
        running = select(Membership).where(
            Membership.venue_id == gone.venue, Membership.ends_on.is_(None)
        )
        assert db.session.scalars(running).all() == []
    again = len(trail.history(gone.venue))
    run(noon(LAST_DAY + timedelta(days=2)))
    assert len(trail.history(gone.venue)) == again
    assert verbs(gone.venue).count("venue.cleared") == 1


@pytest.mark.parametrize(
    ("left_on", "last"),
    [
        (date(2027, 3, 26), datetime(2028, 3, 26, 22, 59, 59, tzinfo=UTC)),
        (date(2027, 10, 29), datetime(2028, 10, 29, 23, 59, 59, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2029, 2, 28, 23, 59, 59, tzinfo=UTC)),
    ],
    ids=["clocks go forward", "clocks go back", "29 February"],
)
def test_nothing_goes_a_second_early(gone: Scene, left_on: date, last: datetime) -> None:
    db.session.get_one(Venue, gone.venue).left_on = left_on
    db.session.commit()
    run(last)
    assert db.session.get_one(Venue, gone.venue).cleared_on is None
    run(last + SECOND)
    assert db.session.get_one(Venue, gone.venue).cleared_on is not None


def test_a_venue_that_signed_again_keeps_everything(gone: Scene) -> None:
    with clock.moved_to(noon(LAST_DAY)):
        key = db.session.get_one(Venue, gone.venue).edition_key or ""
        under_lock(
            gone.venue, lambda: venues.begin(gone.venue, key, clock.today(), by=gone.officer)
        )
    run(noon(LAST_DAY + timedelta(days=400)))
    assert erased() == set()
    assert db.session.get_one(Venue, gone.venue).cleared_on is None


def summary() -> tuple[object, ...]:
    """All that a night changes, whatever order it was done in."""
    rows = (
        db.session.execute(select(User.id, User.name, User.is_disabled, User.idle_step)),
        db.session.execute(select(Membership.id, Membership.ends_on)),
        db.session.execute(select(StoredFile.id, StoredFile.erased_at.is_(None))),
        db.session.execute(select(Venue.id, Venue.cleared_on)),
        db.session.execute(select(Evidence.id, Evidence.statement, Evidence.signed_name)),
        db.session.execute(select(SignUp.id, SignUp.signer_email)),
        db.session.execute(select(SignUpDraft.id)),
        db.session.execute(select(mail.OutboxMail.kind)),
        db.session.execute(select(CityValue.name, CityValue.number)),
    )
    found = tuple(sorted(map(repr, each.all())) for each in rows)
    db.session.rollback()
    return (*found, len(on_disk()))


NIGHT = noon(LAST_DAY + timedelta(days=1))


def full_city(scene: Scene) -> None:
    """Something due in every part."""
    other = make_scene()
    for year in (2024, 2025, 2026):
        show(other, date(year, 5, 1))
    draft = SignUpDraft(token_hash=bytes(32), answers={}, started_at=NIGHT - timedelta(days=2))
    db.session.add(draft)
    db.session.commit()
    db.session.rollback()
    lock(CITY)
    files.keep(received())
    with clock.moved_to(NIGHT - timedelta(days=40)):
        mail.post("password-changed", "a@mail.example", link="https://localhost/x")
    row = db.session.scalars(select(mail.OutboxMail)).one()
    row.sent_at = row.created_at
    commit()


def test_a_night_killed_anywhere_is_finished_by_the_next(gone: Scene) -> None:
    """Each test has its own database, so every place of death is tried on what the last left."""
    full_city(gone)
    deaths = 0
    while True:
        db.session.rollback()
        with clock.moved_to(NIGHT):
            parts = retention.nightly(after_a_pause=True)
            for _ in range(deaths):
                if next(parts, None) is None:
                    break
                commit()
            else:
                if next(parts, None) is not None:
                    db.session.rollback()  # killed with the work of one part not committed
                    parts.close()
                    deaths += 1
                    continue
        break
    assert deaths > 8
    finished = summary()
    run(NIGHT)
    assert summary() == finished
    erased()
    counted = [e for e in trail.history(CITY, limit=500) if e.verb == "retention.done"]
    assert sorted(next(iter(e.detail)) for e in counted) == ["mails", "sign-ups", "unused-files"]
    assert all(check.fault is None for check in trail.verify())


def test_bytes_go_even_if_the_machine_died_between_row_and_file(in_app: Flask) -> None:
    scene = make_scene()
    shown = [show(scene, date(year, 2, 28)) for year in (2024, 2025, 2026)]
    db.session.rollback()
    lock(CITY)
    files.erase([shown[0][1]])
    commit()
    assert len(on_disk()) == 3
    run(noon(date(2026, 3, 1)))
    assert len(on_disk()) == 2


def test_a_clock_that_jumped_deletes_nothing_until_a_person_says_so(gone: Scene) -> None:
    usual, jumped = noon(date(2028, 12, 1)), noon(date(2038, 12, 1))
    run(usual)
    before = summary()
    for _ in range(2):
        (words,) = run(jumped, after_a_pause=False)
        assert "Nothing was deleted: the last run was on 2028-12-01" in words
        assert "flask nightly --after-a-pause" in words
    assert summary() == before
    assert run(usual + timedelta(days=1), after_a_pause=False) == []
    assert retention.last_run() == date(2028, 12, 2)
    db.session.rollback()
    run(jumped, after_a_pause=True)
    assert db.session.get_one(Venue, gone.venue).cleared_on == date(2038, 12, 1)


def test_the_first_jump_of_all_is_noticed_by_the_last_night(gone: Scene) -> None:
    """A city from before this step has only the day of its last night to go by."""
    db.session.add(CityValue(name="nightly", number=date(2028, 12, 1).toordinal()))
    db.session.commit()
    jumped = noon(date(2038, 12, 1))
    with clock.moved_to(jumped):
        assert "Nothing was deleted" in run_nightly()
        assert "Nothing was deleted" in run_nightly()
        db.session.rollback()
        assert "Nothing was deleted" not in run_nightly(after_a_pause=True)


def test_the_worker_goes_on_after_a_clock_that_jumped_is_right_again(in_app: Flask) -> None:
    make_scene()
    for moment in (noon(date(2038, 12, 1)), noon(date(2028, 12, 1))):
        with clock.moved_to(moment):
            _nightly_if_due()
            db.session.rollback()
            row = db.session.get_one(CityValue, "nightly", populate_existing=True)
            assert row.number == clock.today().toordinal()
            db.session.rollback()


def test_a_sign_in_from_which_a_certificate_was_proposed_can_go(in_app: Flask) -> None:
    scene = make_scene()
    officer = scene.officer
    now = clock.now()
    db.session.execute(
        insert(WebSession).values(
            token_hash=bytes(32), user_id=officer, expires_at=now, last_seen_at=now
        )
    )
    session_id = db.session.scalars(select(WebSession.id)).one()
    db.session.add(
        CertificateProposal(
            venue_id=scene.venue,
            proposed_by=officer,
            proposed_session=session_id,
            expires_at=now,
        )
    )
    db.session.commit()
    assert run(now + timedelta(days=1)) == ["links: 1."]
    assert db.session.scalars(select(CertificateProposal.proposed_session)).all() == [None]


@pytest.mark.sqlite_only
def test_the_command_asks_before_it_goes_on_after_a_pause(app: Flask) -> None:
    with app.app_context():
        db.session.add(CityValue(name="retention", number=date(2020, 1, 1).toordinal()))
        db.session.commit()
    runner = app.test_cli_runner()
    assert "Nothing was deleted" in runner.invoke(args=["nightly"]).output
    told = runner.invoke(args=["nightly", "--after-a-pause"])
    assert told.exit_code == 0
    assert "Nothing was deleted" not in told.output


@pytest.mark.sqlite_only
def test_a_page_says_that_a_file_was_deleted_and_links_to_nothing(
    app: Flask, as_: Callable[[int], Visitor]
) -> None:
    with app.app_context():
        scene = make_scene()
        oldest, first_file = show(scene, date(2024, 2, 28))
        for year in (2025, 2026):
            show(scene, date(year, 2, 28))
        run(noon(date(2026, 11, 1)))
    champion = as_(scene.champion)
    page = champion.get(f"/venues/{scene.venue}/proofs/{oldest}")
    assert "Deleted on Sunday 1 November 2026" in page.text
    assert champion.answer(f"/venues/{scene.venue}/files/{first_file}").status_code == 404
