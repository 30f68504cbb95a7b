"""What a venue hands in, what the office decides, and what does not apply."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from charter import config
from charter.accounts.models import Membership
from charter.core import clock, mail
from charter.core.access import Role
from charter.core.db import db
from charter.core.errors import Refused
from charter.core.trail import TrailEntry
from charter.proofs import decisions, drafts, exceptions, service
from charter.proofs.models import Evidence, EvidenceSeen, NotApplicable, ProofDraft
from charter.proofs.service import Content
from charter.venues.models import VenueState, Zone
from tests.builders.accounts import make_member
from tests.builders.commitments import (
    content_for,
    hand_in,
    make_proof,
    make_scene,
    received,
    under_lock,
)

pytestmark = pytest.mark.sqlite_only
DAY = timedelta(days=1)
ONE_OF_EACH = {
    "statement": "staff.survey",
    "file": "staff.policy",
    "photo-per-place": "message.posters-up",
    "link": "message.online",
    "signed-by": "champion.named",
}


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    """A city that draws no lots, so that a renewal is a renewal."""
    return replace(settings, city=replace(settings.city, review_share=0.0))


def verbs(venue: int) -> list[str]:
    """What the venue's trail says, oldest first."""
    rows = db.session.query(TrailEntry).filter_by(chain=venue).order_by(TrailEntry.number)
    return [row.verb for row in rows]


def refused(venue: int, key: str, by: int, **content: Any) -> Refused:
    """The refusal of a proof that is as valid as can be but for what is given."""
    db.session.rollback()
    whole = replace(content_for(venue, key), **content)
    with pytest.raises(Refused) as caught:
        under_lock(venue, lambda: service.show(venue, key, whole, by=by))
    db.session.rollback()
    return caught.value


@pytest.mark.parametrize(("kind", "key"), ONE_OF_EACH.items())
def test_each_kind_is_handed_in_and_waits(app: Flask, kind: str, key: str) -> None:
    with app.app_context():
        scene = make_scene()
        proof = hand_in(scene.venue, key, by=scene.champion)
        asked = service.asked(scene.venue, key)
        assert asked is not None
        assert (proof.kind, proof.state, proof.version) == (kind, "waiting", 1)
        assert proof.waits_because == "first"
        assert proof.valid_to == asked.requirement.lasts.until(clock.today())
        assert len(proof.files) == {"file": 1, "photo-per-place": 3}.get(kind, 0)
        assert all(len(each.file.sha256) == 32 for each in proof.files)
        assert verbs(scene.venue) == ["evidence.shown"]


def test_a_day_to_come_is_refused(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        no = refused(scene.venue, "staff.survey", scene.champion, happened_on=clock.today() + DAY)
        assert (no.field, "still to come" in no.words) == ("happened_on", True)


def test_a_day_so_long_ago_that_it_has_ended_is_refused(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        long_ago = clock.today() - timedelta(days=400)
        no = refused(scene.venue, "staff.survey", scene.champion, happened_on=long_ago)
        assert "already ended" in no.words


@pytest.mark.parametrize(
    ("key", "content", "field"),
    [
        ("staff.survey", {"statement": "Done"}, "statement"),
        ("staff.survey", {"happened_on": None}, "happened_on"),
        ("staff.policy", {"files": ()}, "files"),
        ("message.posters-up", {"photos": {}}, None),
        ("message.online", {"link": "http://lantern.example"}, "link"),
        ("message.online", {"link": "javascript:alert(1)"}, "link"),
        ("message.online", {"link": "https://me:secret@lantern.example/"}, "link"),
        ("message.online", {"link": "https://localhost/"}, "link"),
        ("champion.named", {"signed_name": " "}, "signed_name"),
        ("champion.named", {"confirmed": False}, "confirmed"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    app: Flask, key: str, content: dict[str, Any], field: str | None
) -> None:
    with app.app_context():
        scene = make_scene()
        assert refused(scene.venue, key, scene.champion, **content).field == field
        assert db.session.query(Evidence).count() == 0


def test_an_unknown_requirement_and_a_venue_that_left_are_refused(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        gone = make_scene(state=VenueState.LEFT)
        with pytest.raises(Refused, match="does not ask"):
            under_lock(
                scene.venue,
                lambda: service.show(scene.venue, "no.such", Content(), by=scene.champion),
            )
        assert "not part of" in refused(gone.venue, "staff.policy", gone.champion).words


def test_the_same_form_sent_twice_makes_one_proof(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        first = hand_in(scene.venue, "staff.policy", by=scene.champion, once="a" * 32).id
        again = hand_in(scene.venue, "staff.policy", by=scene.champion, once="a" * 32).id
        assert first == again
        assert verbs(scene.venue) == ["evidence.shown"]


def test_one_waits_at_a_time_and_can_be_taken_back(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        first = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        assert "not looked at it yet" in refused(scene.venue, "staff.policy", scene.champion).words
        under_lock(scene.venue, lambda: service.withdraw(scene.venue, first, by=scene.champion))
        second = hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert (second.version, second.state) == (2, "waiting")
        with pytest.raises(Refused, match="has decided"):
            under_lock(scene.venue, lambda: service.withdraw(scene.venue, first, by=scene.champion))


def test_only_the_champion_signs_as_champion(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        manager = make_member(Role.MANAGER, venue=scene.venue).id
        assert "Only the champion" in refused(scene.venue, "champion.named", manager).words
        proof = hand_in(scene.venue, "champion.named", by=scene.champion)
        assert proof.signed_user_id == scene.champion


def test_a_stand_ins_signature_is_tied_to_their_account_if_they_have_one(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_member(Role.CHAMPION, venue=scene.venue, is_stand_in=True, name="Alex Moor")
        proof = hand_in(scene.venue, "champion.stand-in", by=scene.champion)
        assert proof.signed_user_id is None
        other = make_scene()
        helper = make_member(
            Role.CHAMPION, venue=other.venue, is_stand_in=True, name="SAM field"
        ).id
        proof = hand_in(other.venue, "champion.stand-in", by=other.champion)
        assert proof.signed_user_id == helper


def test_a_renewal_is_accepted_by_rule_and_keeps_the_one_before(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "staff.policy", by=scene.champion)
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert (proof.state, proof.by_rule, proof.sampled) == ("accepted", True, False)
        assert proof.decided_by is None
        assert verbs(scene.venue) == ["evidence.shown", "evidence.accepted-by-rule"]


def test_after_the_champion_changed_a_person_looks_again(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "champion.named", by=scene.champion, signed_user_id=scene.champion)
        row = db.session.query(Membership).filter_by(user_id=scene.champion).one()
        row.ends_on = clock.today() - DAY
        db.session.commit()
        successor = make_member(Role.CHAMPION, venue=scene.venue).id
        proof = hand_in(scene.venue, "champion.named", by=successor)
        assert (proof.state, proof.waits_because) == ("waiting", "after-change")


def test_an_officer_accepts_and_the_champions_hear_that_something_waits(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        for key in ("staff.policy", "staff.survey"):
            proof = hand_in(scene.venue, key, by=scene.champion).id
            under_lock(
                scene.venue,
                lambda proof=proof: decisions.accept(scene.venue, proof, by=scene.officer),
            )
        row = service.proof(scene.venue, proof)
        assert row is not None
        assert (row.state, row.decided_by) == ("accepted", scene.officer)
        mails = db.session.query(mail.OutboxMail).filter_by(kind="something-waits").all()
        assert len(mails) == 1
        assert "policy" not in (mails[0].body or "").split("http")[0]
        assert "evidence.accepted" in verbs(scene.venue)


def test_nobody_decides_about_their_own_proof(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        proof = hand_in(scene.venue, "staff.policy", by=scene.officer).id
        for verb in (
            lambda: decisions.accept(scene.venue, proof, by=scene.officer),
            lambda: decisions.return_(scene.venue, proof, "No date", by=scene.officer),
            lambda: decisions.mark_seen(
                scene.venue, proof, "on-page", by=scene.officer, role=Role.OFFICER
            ),
        ):
            with pytest.raises(Refused, match="handed this proof in yourself"):
                under_lock(scene.venue, verb)


def test_a_return_needs_a_reason_and_the_next_proof_waits(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "staff.policy", by=scene.champion)
        proof = make_proof(scene.venue, "staff.policy", by=scene.champion, state="waiting")
        with pytest.raises(Refused, match="how to mend"):
            under_lock(
                scene.venue, lambda: decisions.return_(scene.venue, proof, " ", by=scene.officer)
            )
        under_lock(
            scene.venue,
            lambda: decisions.return_(scene.venue, proof, "No date", by=scene.officer),
        )
        again = hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert (again.state, again.waits_because) == ("waiting", "after-return")
        with pytest.raises(Refused, match="does not wait"):
            under_lock(scene.venue, lambda: decisions.accept(scene.venue, proof, by=scene.officer))


def test_what_a_rule_accepted_can_be_pulled_back(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "staff.policy", by=scene.champion)
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        under_lock(
            scene.venue,
            lambda: decisions.pull_back(scene.venue, proof, "Blurred", by=scene.officer),
        )
        assert hand_in(scene.venue, "staff.policy", by=scene.champion).state == "waiting"


def test_seen_is_kept_apart_and_twice_is_once(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion).id
        for _ in range(2):
            under_lock(
                scene.venue,
                lambda: decisions.mark_seen(
                    scene.venue, proof, "at-venue", by=scene.officer, role=Role.OFFICER
                ),
            )
        assert db.session.query(EvidenceSeen).count() == 1
        row = service.proof(scene.venue, proof)
        assert row is not None
        assert row.state == "waiting"


def test_photos_are_asked_of_the_places_the_venue_really_has(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        db.session.add_all(
            [
                Zone(venue_id=scene.venue, kind="womens-toilets", name="Upstairs toilets"),
                Zone(venue_id=scene.venue, kind="main-bar", name="Long bar"),
                Zone(venue_id=scene.venue, kind="dance-floor", name="Dance floor"),
                Zone(
                    venue_id=scene.venue,
                    kind="second-bar",
                    name="Old bar",
                    retired_on=clock.today(),
                ),
            ]
        )
        db.session.commit()
        proof = hand_in(scene.venue, "message.posters-up", by=scene.champion)
        assert sorted(each.place_name or "" for each in proof.files) == [
            "Long bar",
            "Upstairs toilets",
        ]


def test_a_draft_collects_photos_and_is_gone_when_handed_in(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        key = "message.posters-up"

        def save(place: str) -> None:
            photo = received()
            under_lock(
                scene.venue,
                lambda: drafts.save(scene.venue, key, by=scene.champion, photos={place: photo}),
            )

        save("entrance")
        save("entrance")
        save("bar")
        assert set(drafts.saved_files(drafts.draft(scene.venue, key))) == {"entrance", "bar"}
        no = refused(scene.venue, key, scene.champion, photos=None)
        assert "Every public toilet" in no.words
        save("public-toilet")
        db.session.rollback()
        content = Content(happened_on=clock.today())
        proof = under_lock(
            scene.venue, lambda: service.show(scene.venue, key, content, by=scene.champion)
        )
        assert len(proof.files) == 3
        assert db.session.query(ProofDraft).count() == 0


def test_too_many_files_are_refused(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        shots = [received() for _ in range(7)]
        with pytest.raises(Refused, match="6 files"):
            under_lock(
                scene.venue,
                lambda: drafts.save(
                    scene.venue, "staff.policy", by=scene.champion, new_files=shots
                ),
            )


def test_a_file_is_found_only_through_its_venue(app: Flask) -> None:
    with app.app_context():
        scene, other = make_scene(), make_scene()
        file_id = hand_in(scene.venue, "staff.policy", by=scene.champion).files[0].file_id
        shot = received()
        saved = under_lock(
            scene.venue,
            lambda: drafts.save(scene.venue, "staff.way-home", by=scene.champion, new_files=[shot]),
        )
        draft_id = saved.photos[0].file_id
        for each in (file_id, draft_id):
            assert service.file(scene.venue, each) is not None
            assert service.file(other.venue, each) is None
        assert service.proof(other.venue, 1) is None


def test_something_changed_ends_a_proof(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        make_proof(
            scene.venue,
            "staff.policy-given",
            by=scene.champion,
            happened_on=clock.today() - 9 * DAY,
        )
        under_lock(
            scene.venue,
            lambda: service.end_early(
                scene.venue, "staff.policy-given", "new-policy", by=scene.champion
            ),
        )
        again = hand_in(scene.venue, "staff.policy-given", by=scene.champion)
        assert again.waits_because == "after-change"
        with pytest.raises(Refused, match="does not end"):
            under_lock(
                scene.venue,
                lambda: service.end_early(
                    scene.venue, "staff.policy", "new-policy", by=scene.champion
                ),
            )


def ask(scene: Any, key: str = "staff.way-home", reason: str = "Nobody works late") -> int:
    """The champion says that something does not apply; the id of that."""
    return under_lock(
        scene.venue,
        lambda: exceptions.ask_not_applicable(scene.venue, key, reason, by=scene.champion),
    ).id


def test_what_does_not_apply_needs_a_reason_and_the_office(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        with pytest.raises(Refused, match="Say why"):
            ask(scene, reason=" ")
        with pytest.raises(Refused, match="every venue"):
            ask(scene, key="staff.policy")
        asked = ask(scene)
        with pytest.raises(Refused, match="already said so"):
            ask(scene)
        with pytest.raises(Refused, match="somebody else"):
            under_lock(
                scene.venue,
                lambda: exceptions.decide_not_applicable(
                    scene.venue, asked, True, "", by=scene.champion
                ),
            )
        with pytest.raises(Refused, match="why it does"):
            under_lock(
                scene.venue,
                lambda: exceptions.decide_not_applicable(
                    scene.venue, asked, False, "", by=scene.officer
                ),
            )
        under_lock(
            scene.venue,
            lambda: exceptions.decide_not_applicable(
                scene.venue, asked, True, "", by=scene.officer
            ),
        )
        row = db.session.get_one(NotApplicable, asked)
        assert (row.agreed, row.decided_by) == (True, scene.officer)
        under_lock(
            scene.venue,
            lambda: exceptions.apply_after_all(scene.venue, "staff.way-home", by=scene.champion),
        )
        assert db.session.get_one(NotApplicable, asked).ended_on is not None
        assert ask(scene) != asked


def test_quiet_weeks_are_signed_and_then_asked_about(app: Flask) -> None:
    with app.app_context():
        scene = make_scene()
        key = "record.on-time"

        def sign() -> object:
            return exceptions.sign_nil(scene.venue, key, by=scene.champion)

        def record(words: str, by: int) -> Any:
            return under_lock(
                scene.venue, lambda: exceptions.record_quiet(scene.venue, key, words, by=by)
            )

        with pytest.raises(Refused, match="Nobody has signed"):
            record("They said so", scene.officer)
        under_lock(scene.venue, sign)
        with pytest.raises(Refused, match="signed already"):
            under_lock(scene.venue, sign)
        with pytest.raises(Refused, match="somebody else has to ask"):
            record("It was quiet", scene.champion)
        with pytest.raises(Refused, match="Write down"):
            record(" ", scene.officer)
        assert record("Closed for works", scene.officer).recorded_on == clock.today()
        with pytest.raises(Refused, match="not counted"):
            under_lock(
                scene.venue,
                lambda: exceptions.sign_nil(scene.venue, "staff.policy", by=scene.champion),
            )
        assert {"quiet.signed", "quiet.recorded"} <= set(verbs(scene.venue))


def test_a_drawn_renewal_waits_and_says_so(app: Flask) -> None:
    settings = app.extensions["charter.settings"]
    app.extensions["charter.settings"] = replace(
        settings, city=replace(settings.city, review_share=1.0)
    )
    with app.app_context():
        scene = make_scene()
        make_proof(scene.venue, "staff.policy", by=scene.champion)
        proof = hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert (proof.state, proof.sampled, proof.waits_because) == ("waiting", True, "sample")
        assert not proof.by_rule
        under_lock(scene.venue, lambda: service.withdraw(scene.venue, proof.id, by=scene.champion))
        dodged = hand_in(scene.venue, "staff.policy", by=scene.champion)
        assert dodged.state == "waiting"
