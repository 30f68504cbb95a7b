"""A walk keeps the questions it was answered on, whatever editions come after it."""

import random
from pathlib import Path

import pytest
from flask import Flask

from charter.audits import loading, pages
from charter.core.db import CITY, commit, db, lock
from tests.builders.audits import make_walk, opened, weak
from tests.builders.commitments import Scene, make_scene
from tests.builders.floorplans import make_rooms

pytestmark = pytest.mark.sqlite_only
ZONES = ("walk-up", "door", "main-bar")
ANSWERS = ("yes", "scale", "feeling", "number", "text", "photo")


class Seed:
    """A seed of questions that somebody edits again and again."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.edition = dice, 1
        self.questions: dict[str, dict[str, str]] = {}
        for _ in range(6):
            self.add()

    def add(self) -> None:
        """A new question, under a key that was never there."""
        number, answer = len(self.questions), self.dice.choice(ANSWERS)
        question = {"zone": self.dice.choice(ZONES), "key": f"q{number}", "answer": answer}
        question["words"] = f"Question {number}, first words?"
        if answer == "scale":
            question["scale"] = "light"
        if answer == "number":
            question["unit"] = "times"
        if answer in ("yes", "scale"):
            question["mends"] = self.dice.choice(("place", "people", "rules"))
        self.questions[question["key"]] = question

    def edit(self) -> None:
        """Reword one, retire one or add one: what an edition changes."""
        self.edition += 1
        change, key = self.dice.randrange(3), self.dice.choice(list(self.questions))
        if change == 0:
            self.questions[key]["words"] = f"{key}, words of edition {self.edition}?"
        elif change == 1:
            self.questions[key]["retired"] = "true"
        else:
            self.add()

    @property
    def text(self) -> str:
        """The seed as it is written."""
        head = f'key = "venue"\nedition = {self.edition}\ntitle = "Walk"\n'
        head += '[[scale]]\nkey = "light"\nsteps = ["a", "b", "c", "d"]\n'
        rows = []
        for each in self.questions.values():
            lines = [f'{k} = "{v}"' for k, v in each.items() if k != "retired"]
            if "retired" in each:
                lines.append("retired = true")
            rows.append("[[question]]\n" + "\n".join(lines) + "\n")
        return head + "".join(rows)


def told(venue: int, audit: int) -> list[tuple[str, str, str, int]]:
    """Everything that a walk's page says of its answers, in order."""
    found = pages.result(opened(venue, audit))
    answers = found.walk.answers
    said = [
        (each.room.name, question.words, question.said(value), value)
        for each in found.rooms
        for question in each.room.questions
        if (value := answers.get((each.room.place, question.key))) is not None
    ]
    db.session.rollback()
    return said


@pytest.mark.parametrize("number", range(4))
def test_no_run_of_editions_changes_what_an_old_walk_says(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    dice = random.Random(number)
    seed, kept = Seed(dice), dict[int, list[tuple[str, str, str, int]]]()
    # The builder loads the city's own questions; here the ones of this seed are there.
    monkeypatch.setattr("tests.builders.audits.make_template", lambda: None)
    with app.app_context():
        scene: Scene = make_scene()
        make_rooms(scene, [("door", "Door"), ("main-bar", "Bar")])
        for _ in range(8):
            (tmp_path / "venue.toml").write_text(seed.text, "utf-8")
            db.session.rollback()
            lock(CITY)
            loading.load_seeds(tmp_path)
            commit()
            db.session.rollback()
            audit = make_walk(scene.venue, scene.champion, say=weak, is_quick=False)
            kept[audit] = told(scene.venue, audit)
            assert {words for _, words, _, _ in kept[audit]} == {
                each["words"] for each in seed.questions.values() if "retired" not in each
            }
            seed.edit()
        assert {audit: told(scene.venue, audit) for audit in kept} == kept
