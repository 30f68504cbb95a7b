"""The door for uploads: what comes in, what is kept of it, and what is handed out (F080-F090)."""

import io
import os
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from werkzeug.datastructures import FileStorage

from charter.core import files, filetypes, pictures
from charter.core.access import public
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused
from charter.core.files import PAPERS, PICTURES, FolderStore, Received, StoredFile
from tests.builders import pictures as made
from tests.builders.settings import make_bare_app, make_settings
from tests.visitor import Visitor

GOOD = made.telling() | made.odd()
UNREADABLE = made.unreadable()
BOMBS = made.bombs()
STRANGERS = made.strangers()
METADATA = (made.SECRET, made.SCRIPT, b"Exif", b"8BIM", b"http://ns.adobe", b"ICC_PROFILE", b"iCCP")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Flask]:
    """An application without a database: receiving needs none."""
    app = make_bare_app(make_settings(tmp_path, upload_bytes=5 * 1024 * 1024))
    with app.app_context():
        yield app


def upload(content: bytes, name: str = "photo.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def stored_bytes(received: Received) -> bytes:
    return files.store().open(received.name)


def refusal(content: bytes, allow: frozenset[str] = PICTURES | PAPERS) -> str:
    with pytest.raises(Refused) as caught:
        files.receive(upload(content), allow=allow)
    assert caught.value.field == "file"
    assert list(files.store().names()) == [], "a refused file left something behind"
    return caught.value.words


@pytest.mark.parametrize("name", GOOD)
def test_a_good_picture_is_made_anew_from_its_pixels(bare: Flask, name: str) -> None:
    received = files.receive(upload(GOOD[name]), allow=PICTURES)
    content = stored_bytes(received)
    assert not [word for word in METADATA if word in content]
    assert not zipfile.is_zipfile(io.BytesIO(content))
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
        picture.load()
        assert max(picture.size) <= 2000
        assert not picture.getexif()
        assert {"JPEG": "image/jpeg", "PNG": "image/png"}[
            picture.format or ""
        ] == received.media_type
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_the_telling_pictures_tell_before_they_are_rebuilt() -> None:
    for name, content in made.telling().items():
        found = made.SECRET in content or made.SCRIPT in content
        assert found or name == "appended zip", name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_the_right_way_up(orientation: int, kind: str) -> None:
    rebuilt = pictures.develop(made.turned(orientation, kind))
    with Image.open(io.BytesIO(rebuilt.content)) as picture:
        upright = orientation < 5
        assert picture.size == ((60, 40) if upright else (40, 60))
        corners = [(3, 3), (picture.width - 4, 3), (3, picture.height - 4)]
        corners.append((picture.width - 4, picture.height - 4))
        reds = [n for n, at in enumerate(corners) if _red(picture, at)]
    # Where the red corner must come to lie: Exif 2.3, what row 0 and column 0 stand for.
    assert reds == [{1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation]]


def _red(picture: Image.Image, at: tuple[int, int]) -> bool:
    red, _green, blue = picture.convert("RGB").getpixel(at)  # type: ignore[misc]  # RGB gives three
    return bool(red > 150 > blue)


def test_sixteen_bit_pictures_keep_their_greys() -> None:
    rebuilt = pictures.develop(made.odd()["16 bit"])
    with Image.open(io.BytesIO(rebuilt.content)) as picture:
        shades = [picture.getpixel((9, y)) for y in (0, 64, 128, 192, 255)]
    assert shades == pytest.approx([0, 64, 128, 192, 255], abs=3)


def test_clear_parts_stay_clear() -> None:
    rebuilt = pictures.develop(made.odd()["clear colour"])
    assert rebuilt.media_type == "image/png"
    with Image.open(io.BytesIO(rebuilt.content)) as picture:
        assert picture.convert("RGBA").getpixel((50, 30)) == (20, 40, 200, 0)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_damaged_picture_is_refused(bare: Flask, name: str) -> None:
    assert "damaged or only part of it" in refusal(UNREADABLE[name])


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(bare: Flask, name: str) -> None:
    began = time.monotonic()
    assert "40 million" in refusal(BOMBS[name])
    assert time.monotonic() - began < 2


def test_a_picture_that_takes_for_ever_is_stopped() -> None:
    began = time.monotonic()
    with pytest.raises(pictures.PictureFault, match="time"):
        pictures.develop(made.slow(), seconds=1)
    assert time.monotonic() - began < 4
    assert pictures.develop(made.make_picture()).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("docx", "PDF"),
        ("doc", "PDF"),
        ("rtf", "PDF"),
        ("zip", "Unpack"),
        ("tiff", "JPEG"),
        ("gif", "screenshot"),
        ("heic", "Most Compatible"),
        ("avif", "Most Compatible"),
        ("raw", "JPEG"),
        ("mov", "screenshot"),
        ("mp4", "screenshot"),
        ("webm", "screenshot"),
        *(
            (name, "do not know")
            for name in ("eps", "psd", "bmp", "svg", "html", "late pdf", "nul")
        ),
    ],
)
def test_other_kinds_are_told_how_to_mend(bare: Flask, name: str, says: str) -> None:
    words = refusal(STRANGERS[name])
    assert says in words
    assert "We take PDF files and JPEG, PNG and WebP pictures." in words


def test_each_door_takes_its_own_kinds(bare: Flask) -> None:
    assert "does not fit here" in refusal(made.PDF, allow=PICTURES)
    assert "we take PDF files." in refusal(made.make_picture(), allow=PAPERS)
    assert "We take JPEG, PNG and WebP pictures." in refusal(b"?", allow=PICTURES)
    assert filetypes.accept(PICTURES) == "image/jpeg,image/png,image/webp"


def test_empty_and_too_big_files_are_refused(bare: Flask) -> None:
    assert "empty" in refusal(b"")
    assert "5 MB is the most" in refusal(made.make_pdf(5 * 1024 * 1024 + 1))
    assert files.receive(upload(made.make_pdf(5 * 1024 * 1024))).size == 5 * 1024 * 1024


def test_a_pdf_is_kept_as_it_came_and_must_be_whole(bare: Flask) -> None:
    received = files.receive(upload(made.PDF, "Plan.PDF"))
    assert stored_bytes(received) == made.PDF
    assert (received.media_type, received.size) == ("application/pdf", len(made.PDF))
    files.store().delete(received.name)
    assert "end of this PDF is missing" in refusal(made.PDF[:-8])


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("door plan.jpg", "door plan.pdf"),
        ("a.php.jpg", "a.php.pdf"),
        ("plan 3.10.2024", "plan 3.10.2024.pdf"),
        ("..\\..\\x", "x.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("-rf.jpg", "rf.pdf"),
        (".bashrc", "bashrc.pdf"),
        ("a\0b\r\nc\x1b[31m.pdf", "a b c [31m.pdf"),
        ("evil\u202egpj.exe", "evil gpj.pdf"),
        ("café 🎉.png", "café 🎉.pdf"),
        ('"; x=y', "x=y.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("x" * 300 + ".jpg", "x" * 96 + ".pdf"),
    ],
)
def test_names_are_only_for_showing(bare: Flask, sent: str, shown: str) -> None:
    received = files.receive(upload(made.PDF, sent))
    assert received.shown_name == shown
    assert [lying.name for lying in files.store().names()] == [received.name]
    assert len(received.name) == 32


def test_files_are_readable_by_nobody_else(bare: Flask, tmp_path: Path) -> None:
    received = files.receive(upload(made.PDF))
    place = tmp_path / "evidence" / received.name[:2] / received.name
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_a_full_disk_is_a_refusal_and_leaves_nothing(
    bare: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "could not save this file" in refusal(made.PDF)


def test_a_store_takes_no_name_that_it_did_not_give(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in ("../../etc/passwd", "A" * 32, "", "f" * 31, "f" * 32 + "\n"):
        with pytest.raises(ValueError, match="not a name"):
            store.open(name)


def test_pictures_from_many_threads_each_come_back_as_themselves() -> None:
    sizes = [(20 + n, 10) for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        rebuilt = list(pool.map(lambda s: pictures.develop(made.make_picture(size=s)), sizes))
    assert [Image.open(io.BytesIO(one.content)).size for one in rebuilt] == sizes


def test_the_separate_process_starts_again_when_it_is_gone() -> None:
    assert pictures.develop(made.make_picture())
    pictures._darkroom.close()
    assert pictures.develop(made.make_picture())
    assert pictures._darkroom._process is not None
    os.kill(pictures._darkroom._process, 9)
    assert pictures.develop(made.make_picture())


def test_the_separate_process_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "canary")
    pictures._darkroom.close()
    pictures.develop(made.make_picture())
    process = Path(f"/proc/{pictures._darkroom._process}")
    assert b"canary" not in (process / "environ").read_bytes()
    assert (process / "cwd").resolve() == Path("/")
    held = {int(one.name): os.readlink(one) for one in (process / "fd").iterdir()}
    assert held.pop(pictures.LINE).startswith("socket:")
    assert set(held.values()) == {"/dev/null"}


@pytest.mark.sqlite_only
def test_a_damaged_file_is_a_page_that_says_so_and_no_fault(own_app: Flask) -> None:
    @public
    def harmed() -> str:
        raise files.Damaged

    own_app.add_url_rule("/harmed", view_func=harmed)
    page = Visitor(own_app).get("/harmed", 410)
    assert page.h1 == "This file is damaged"


# With a database.


def kept(app: Flask, content: bytes = made.PDF, name: str = "plan.pdf") -> int:
    with app.app_context():
        received = files.receive(upload(content, name))
        lock(CITY)
        row = files.keep(received)
        commit()
        return row.id


def place_of(app: Flask, number: int) -> Path:
    with app.app_context():
        stored = db.session.get_one(StoredFile, number)
        folder: Path = app.extensions["charter.settings"].evidence_folder
        return folder / stored.name[:2] / stored.name


def test_a_kept_file_is_read_back(app: Flask) -> None:
    number = kept(app)
    with app.app_context():
        assert files.read(db.session.get_one(StoredFile, number)) == made.PDF
        assert list(files.missing()) == []


@pytest.mark.parametrize("damage", ["flip", "gone", "empty"])
def test_damage_is_noticed_and_never_handed_out(app: Flask, damage: str) -> None:
    whole, harmed = kept(app), kept(app)
    place = place_of(app, harmed)
    if damage == "gone":
        place.unlink()
    else:
        place.write_bytes(b"" if damage == "empty" else b"\x01" + made.PDF[1:])
    with app.app_context():
        for hand_out in (files.read, files.answer):
            with pytest.raises(files.Damaged) as caught:
                hand_out(db.session.get_one(StoredFile, harmed))
            assert "damaged or missing" in caught.value.words
            assert (caught.value.code, caught.value.description) == (410, caught.value.words)
        assert [stored.id for stored in files.missing()] == [harmed]
        assert files.read(db.session.get_one(StoredFile, whole)) == made.PDF


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content", "media_type", "shown"),
    [
        (made.PDF, "application/pdf", "attachment"),
        (made.make_picture(), "image/jpeg", "inline"),
        (made.odd()["clear colour"], "image/png", "inline"),
    ],
)
def test_files_are_handed_out_closed_in(
    app: Flask, content: bytes, media_type: str, shown: str
) -> None:
    number = kept(app, content, "plän.pdf")
    with app.test_request_context(headers={"Range": "bytes=0-3", "Accept": "text/html"}):
        answer = files.answer(db.session.get_one(StoredFile, number))
        answer.direct_passthrough = False
        assert answer.status_code == 200
        assert answer.mimetype == media_type
        assert answer.headers["Content-Disposition"].startswith(shown)
        assert "filename*=UTF-8''pl%C3%A4n" in answer.headers["Content-Disposition"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert "ETag" not in answer.headers
        assert int(answer.headers["Content-Length"]) == len(answer.get_data())


def test_sweeping_takes_old_files_without_a_row_and_nothing_else(app: Flask) -> None:
    row = kept(app)
    with app.app_context():
        old, new = (files.receive(upload(made.PDF)).name for _ in range(2))
        folder = app.extensions["charter.settings"].evidence_folder
        half = folder / old[:2] / (old[:2] + "0" * 30 + ".part")
        half.write_bytes(b"half")
        for place in (half, folder / old[:2] / old, place_of(app, row)):
            os.utime(place, (time.time() - 90_000,) * 2)
        assert files.sweep() == 2
        kept_name = db.session.get_one(StoredFile, row).name
        assert {lying.name for lying in files.store().names()} == {new, kept_name}
        assert files.sweep(timedelta(0)) == 1
        assert list(files.missing()) == []


DIES = """
import io, os, signal, sys
from pathlib import Path
from werkzeug.datastructures import FileStorage
from charter.core import db, files
from tests.builders.pictures import PDF
from tests.builders.settings import make_bare_app, make_settings

url, folder, step = sys.argv[1:]
app = make_bare_app(make_settings(Path(folder), database_url=url))
db.init_app(app)
done = []

def dies_at(owner, name):
    real = getattr(owner, name)
    def stand_in(*args, **kwargs):
        if f"{name}-{done.count(name) + 1}" == step:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(name)
        return real(*args, **kwargs)
    setattr(owner, name, stand_in)

for owner, name in ((os, "fsync"), (os, "rename"), (files, "keep"), (db, "commit")):
    dies_at(owner, name)
with app.app_context():
    received = files.receive(FileStorage(io.BytesIO(PDF), filename="a.pdf"))
    db.lock(db.CITY)
    files.keep(received)
    db.commit()
    print("acknowledged", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("step", ["fsync-1", "fsync-2", "fsync-3", "rename-1", "fsync-4"])
def test_a_kill_while_a_file_is_written_leaves_nothing_that_stays(
    bare: Flask, tmp_path: Path, step: str, run_python: Callable[..., str]
) -> None:
    assert run_python(DIES, f"sqlite:///{tmp_path}/unused", tmp_path, step) == ""
    left = [lying.name for lying in files.store().names()]
    assert len(left) == (step not in ("fsync-1", "fsync-2"))
    assert [name.endswith(".part") for name in left] == [step != "fsync-4"] * len(left)


@pytest.mark.parametrize("step", ["keep-1", "commit-1", "after"])
def test_a_kill_at_any_step_keeps_all_or_nothing(
    app: Flask, step: str, database_url: str, run_python: Callable[..., str]
) -> None:
    folder = app.extensions["charter.settings"].folder
    acknowledged = "acknowledged" in run_python(DIES, database_url, folder, step)
    with app.app_context():
        rows = list(db.session.scalars(db.select(StoredFile)))
        assert len(rows) == (step == "after") == acknowledged
        assert list(files.missing()) == []
        files.sweep(timedelta(seconds=-5))
        assert len(list(files.store().names())) == len(rows)


@pytest.fixture
def run_python() -> Callable[..., str]:
    """Run a program in a process of its own, which ends by being killed, and give what it said."""

    def run(program: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == -9, done.stderr
        return done.stdout

    return run
