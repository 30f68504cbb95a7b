"""One door for uploaded files: checked, rebuilt if a picture, kept under a random name, read back.

A file is received before the write lock is taken and without the database: `receive` checks it,
rebuilds it and has it safely on the disk (fsync of file and folder). `keep` then adds its row in
the change's own transaction. So a row never lacks its file, and a crash between the two leaves a
file without a row, which `sweep` takes away a day later. Nothing here ever takes a row away: a
file whose time is over is marked as erased with the change, and `sweep` takes its bytes after it.

What people send is never trusted: neither its name nor what their browser calls it. PDFs are kept
as they came and are only ever handed out as a download.
"""

import contextlib
import hashlib
import io
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from flask import Response, current_app, send_file
from sqlalchemy import LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from charter import config
from charter.core import clock, pictures
from charter.core.db import Model, db
from charter.core.errors import Refused
from charter.core.filetypes import PAPERS, PDF, PICTURES, advice, kind_of

__all__ = ["PAPERS", "PICTURES", "Received", "StoredFile", "answer", "keep", "receive"]
SHOWN_NAME = 100
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", PDF: ".pdf"}
_STORED = re.compile(r"[0-9a-f]{32}(\.part)?")
_SANDBOX = "default-src 'none'; style-src 'none'; sandbox"
_NEVER_OPENED = timedelta(hours=24)
_FAULTS: dict[pictures.Fault, str] = {
    "pixels": "This picture has too many dots for us: 40 million is the most. "
    "Make it smaller, or take a screenshot of it, and send that.",
    "unreadable": "This picture is damaged or only part of it arrived. "
    "Open it to see if it is whole, then send it again.",
    "time": "This picture took too long to open. Save it again as a JPEG and send that.",
}


class StoredFile(Model):
    """One file that was received: where it lies, and the SHA-256 its bytes must have.

    `erased_at` is when its time was over: the row stays and its bytes are taken away.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    shown_name: Mapped[str] = mapped_column(String(SHOWN_NAME))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    erased_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies safely in the store and has no row yet."""

    name: str
    sha256: bytes
    media_type: str
    size: int
    shown_name: str


class Damaged(Refused, HTTPException):
    """A kept file is gone, or its bytes are no longer what was received.

    Where nobody refuses for it, it answers as 410: a page that says so, and no fault of ours.
    """

    code = 410

    def __init__(
        self,
        words: str = "This file is damaged or missing on our side, so we do not show it. "
        "The office has to bring it back from a backup.",
    ) -> None:
        super().__init__(words)


class Erased(Damaged):
    """A file whose time was over: its bytes were taken away, so there is no such page."""

    code = 404

    def __init__(self) -> None:
        super().__init__("This file was kept for as long as we keep such files, and then deleted.")


@dataclass(frozen=True, slots=True)
class Lying:
    """A file found in a store and the moment it was written, in seconds of the machine's clock."""

    name: str
    written: float


class Store(Protocol):
    """Where bytes lie under a name: a folder now, an object store later."""

    def put(self, name: str, content: bytes) -> None:
        """Keep bytes durably, all or nothing; raises OSError when it cannot."""

    def open(self, name: str) -> bytes:
        """The bytes under a name; raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Take a file away; one that is gone already is no fault."""

    def names(self) -> Iterator[Lying]:
        """Everything that lies here, half-written files too."""


class FolderStore:
    """Files in a folder of this machine, spread over 256 folders, readable by nobody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, name: str) -> Path:
        if not _STORED.fullmatch(name):
            raise ValueError("not a name that we gave")
        return self.folder / name[:2] / name

    def put(self, name: str, content: bytes) -> None:
        """Write beside, fsync, rename, fsync the folders; a failure leaves nothing behind."""
        place = self._place(name)
        self._make(place.parent)
        part = self._place(f"{name}.part")
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(part, place)
            _sync(place.parent)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(folder.parent)
            _sync(folder.parent.parent)

    def open(self, name: str) -> bytes:
        """Read one file whole."""
        return self._place(name).read_bytes()

    def delete(self, name: str) -> None:
        """Unlink one file."""
        self._place(name).unlink(missing_ok=True)

    def names(self) -> Iterator[Lying]:
        """Every file with a name of ours; one that goes away meanwhile is passed over."""
        for place in self.folder.glob("??/*"):
            if _STORED.fullmatch(place.name):
                with contextlib.suppress(FileNotFoundError):
                    yield Lying(place.name, place.stat().st_mtime)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def store() -> Store:
    """The store of the running application."""
    return FolderStore(config.current().evidence_folder)


def receive(
    upload: FileStorage, *, allow: frozenset[str] = PICTURES | PAPERS, field: str = "file"
) -> Received:
    """Check an upload, rebuild it if it is a picture, and have it safely in the store.

    Needs no database and takes up to seconds: call it before the write lock. Raises Refused, for
    `field`, in words that say how to mend it.
    """
    most = config.current().upload_bytes
    content = upload.stream.read(most + 1)
    if not content:
        raise Refused("This file is empty. Choose it again, or choose another one.", field)
    if len(content) > most:
        raise Refused(f"This file is too big: {most // 1048576} MB is the most we take.", field)
    kind = kind_of(content)
    if kind not in allow:
        raise Refused(advice(kind, allow), field)
    media_type, content = _checked_paper(content, field) if kind == PDF else _new(content, field)
    name = secrets.token_hex(16)
    try:
        store().put(name, content)
    except OSError as fault:
        current_app.logger.error("a file could not be saved: %s", fault.strerror)
        raise Refused(
            "We could not save this file just now. Send the rest without it, "
            "or try again in a few minutes.",
            field,
        ) from fault
    digest = hashlib.sha256(content).digest()
    shown = _shown(upload.filename or "", _ENDINGS[media_type])
    return Received(name, digest, media_type, len(content), shown)


def _checked_paper(content: bytes, field: str) -> tuple[str, bytes]:
    if b"%%EOF" not in content[-2048:]:
        raise Refused(
            "The end of this PDF is missing. Open it to see if it is whole, then send it again.",
            field,
        )
    return PDF, content


def _new(content: bytes, field: str) -> tuple[str, bytes]:
    try:
        picture = pictures.develop(content)
    except pictures.PictureFault as fault:
        raise Refused(_FAULTS[fault.kind], field) from fault
    return picture.media_type, picture.content


def _shown(name: str, ending: str) -> str:
    """A name fit to be shown and to be saved under; its ending is always the true one."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(
        letter if letter.isprintable() and letter not in '<>:"|?*%;' else " "
        for letter in unicodedata.normalize("NFC", last)
    )
    stem = re.sub(r"\.[A-Za-z]\w{0,4}$", "", " ".join(plain.split()).lstrip(".-~ "))
    return (stem[: SHOWN_NAME - len(ending)].rstrip(". ") or "file") + ending


def keep(received: Received) -> StoredFile:
    """Add the row of a received file, in the change's own transaction."""
    stored = StoredFile(
        name=received.name,
        sha256=received.sha256,
        media_type=received.media_type,
        size=received.size,
        shown_name=received.shown_name,
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def read(stored: StoredFile) -> bytes:
    """The bytes of a kept file. Raises Erased if its time was over, Damaged if they changed."""
    if stored.erased_at is not None:
        raise Erased
    try:
        content = store().open(stored.name)
    except OSError as fault:
        current_app.logger.error("file %s cannot be read: %s", stored.id, fault.strerror)
        raise Damaged from fault
    if hashlib.sha256(content).digest() != stored.sha256:
        current_app.logger.error("file %s is not what was received", stored.id)
        raise Damaged
    return content


def answer(stored: StoredFile) -> Response:
    """Hand a file out: pictures, which we made, in the page; everything else as a download.

    Raises Damaged. Whoever may read it has been judged before.
    """
    response = send_file(
        io.BytesIO(read(stored)),
        mimetype=stored.media_type,
        as_attachment=stored.media_type not in ("image/jpeg", "image/png"),
        download_name=stored.shown_name,
        conditional=False,
        etag=False,
    )
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store, private"
    return response


def erase(file_ids: Collection[int]) -> int:
    """Mark files as erased, in the change's own transaction; how many were not before.

    Their bytes go with the next `sweep`: a kill between the two loses nothing and keeps nothing.
    """
    query = update(StoredFile).where(StoredFile.id.in_(file_ids), StoredFile.erased_at.is_(None))
    return len(
        db.session.scalars(query.values(erased_at=clock.now()).returning(StoredFile.id)).all()
    )


def unused(before: datetime) -> Sequence[int]:
    """Ids of files kept before an instant to which no row of any table refers any more."""
    refers = [
        column
        for table in db.metadata.tables.values()
        for column in table.columns
        if any(key.column is StoredFile.__table__.c.id for key in column.foreign_keys)
    ]
    return db.session.scalars(
        select(StoredFile.id).where(
            StoredFile.erased_at.is_(None),
            StoredFile.created_at < before,
            *(StoredFile.id.not_in(select(column).where(column.is_not(None))) for column in refers),
        )
    ).all()


def sweep(older_than: timedelta = _NEVER_OPENED) -> int:
    """Take away the bytes of erased files, and files that have no row and are older than this.

    Says how many. Never takes rows.
    """
    before = time.time() - older_than.total_seconds()  # files carry the machine's time, not ours
    there = store()
    lying, gone = list(there.names()), 0
    for start in range(0, len(lying), 500):
        some = lying[start : start + 500]
        known = select(StoredFile.name, StoredFile.erased_at)
        rows = db.session.execute(known.where(StoredFile.name.in_([each.name for each in some])))
        erased = {row.name: row.erased_at is not None for row in rows}
        for each in some:
            if erased.get(each.name, each.written < before):
                there.delete(each.name)
                gone += 1
    return gone


def missing() -> Iterator[StoredFile]:
    """Rows whose file is gone or changed: reads every file, one at a time."""
    for stored in db.session.scalars(
        select(StoredFile)
        .where(StoredFile.erased_at.is_(None))
        .order_by(StoredFile.id)
        .execution_options(yield_per=100)
    ):
        try:
            read(stored)
        except Damaged:
            yield stored
