"""What tests of signatures share: another program's word, our own answer, and the city's lock."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from charter.certificates import checking
from charter.core.db import CITY, commit, db, lock
from tests.provision import in_ci


def needs(program: str) -> pytest.MarkDecorator:
    """Skip where another program is not to be had; never where nothing may be left out."""
    missing = not shutil.which(program) and not in_ci()
    return pytest.mark.skipif(missing, reason=f"{program} is not on this machine")


def pdfsig(content: bytes, tmp_path: Path) -> str:
    """What poppler's pdfsig says of a file."""
    place = tmp_path / "checked.pdf"
    place.write_bytes(content)
    done = subprocess.run(["pdfsig", place], capture_output=True, text=True, check=False)
    return done.stdout


def answered(app: Flask, content: bytes) -> checking.Checked:
    """What the check of a file answers."""
    with app.app_context():
        db.session.rollback()
        checked = checking.check(content)
        db.session.rollback()
        return checked


def lock_and(verb: Any) -> Any:
    """Do something that changes keys, under the city's lock."""
    db.session.rollback()
    lock(CITY)
    result = verb()
    commit()
    return result
