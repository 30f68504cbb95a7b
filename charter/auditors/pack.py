"""The evidence pack: the report, the files of the proofs, a list of hashes, and a page to check by.

A ZIP that is sent while it is made: one file at a time is in memory, and nothing lies on the disk
but the report. Every file is checked against the hash that was taken when it came in; one that
does not fit, or whose time is over, is named and left out.
"""

import hashlib
import zipfile
from collections.abc import Generator, Iterator
from html import escape
from typing import IO, Any

from sqlalchemy import select

from charter.auditors import evidence
from charter.auditors.sections import Asked
from charter.core import files
from charter.core.db import db
from charter.core.files import StoredFile
from charter.core.paper.handing import paper_file
from charter.proofs.models import Evidence, EvidenceFile

REPORT, MANIFEST, PAGE = "evidence-report.pdf", "SHA256SUMS.txt", "index.html"
_AT_ONCE = 65_536
# The oldest day that a ZIP can hold: a member's own time would differ with each download.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class _Pipe:
    """What a ZIP is written to: it gives away at once what was put in."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.at = 0

    def write(self, part: bytes) -> int:
        """Take a part."""
        self.parts.append(bytes(part))
        self.at += len(part)
        return len(part)

    def tell(self) -> int:
        """How much was put in."""
        return self.at

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> Iterator[bytes]:
        """What was put in since the last time."""
        parts, self.parts = self.parts, []
        yield from parts


def parts(about: Asked) -> Iterator[bytes]:
    """The ZIP, piece by piece."""
    pipe = _Pipe()
    sums: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as made:  # type: ignore[call-overload]  # all that it asks of a file
        with paper_file() as drawn:
            evidence.draw(drawn, about)
            drawn.seek(0)
            digest = yield from _copied(made, pipe, REPORT, drawn)
        sums.append((REPORT, digest, "the report"))
        for name, stored, words in _files(about):
            try:
                content = files.read(stored)
            except files.Damaged:
                sums.append((name, "", f"{words}: not in the pack, its bytes are gone"))
                continue
            made.writestr(_member(name), content)
            yield from pipe.taken()
            sums.append((name, hashlib.sha256(content).hexdigest(), words))
        lines = "".join(f"{digest}  {name}\n" for name, digest, _ in sums if digest)
        made.writestr(_member(MANIFEST), lines)
        made.writestr(_member(PAGE), _page(about, sums))
    yield from pipe.taken()


def _member(name: str) -> zipfile.ZipInfo:
    about = zipfile.ZipInfo(name, _NO_TIME)
    about.external_attr = 0o644 << 16
    return about


def _copied(
    made: zipfile.ZipFile, pipe: _Pipe, name: str, source: IO[bytes]
) -> Generator[bytes, None, str]:
    digest = hashlib.sha256()
    with made.open(_member(name), "w") as member:
        while part := source.read(_AT_ONCE):
            digest.update(part)
            member.write(part)
            yield from pipe.taken()
    return digest.hexdigest()


def _files(about: Asked) -> Iterator[tuple[str, StoredFile, str]]:
    rows: Any = db.session.execute(
        select(EvidenceFile, Evidence.requirement_key, Evidence.version, StoredFile)
        .join(Evidence, Evidence.id == EvidenceFile.evidence_id)
        .join(StoredFile, StoredFile.id == EvidenceFile.file_id)
        .where(Evidence.venue_id == about.venue.id, Evidence.uploaded_at <= about.by)
        .order_by(Evidence.requirement_key, Evidence.version, EvidenceFile.id)
    ).all()
    for file, key, version, stored in rows:
        ending = stored.shown_name.rpartition(".")[2] or "bin"
        name = f"files/{key}/v{version}-{file.id}.{ending}"
        place = f"{file.place_name}, " if file.place_name else ""
        yield name, stored, f"{key}, version {version}: {place}{stored.shown_name}"


def _page(about: Asked, sums: list[tuple[str, str, str]]) -> str:
    """A page without a script that lists every file with its hash and says how to check."""
    rows = "".join(
        f"<tr><th scope=row>{_link(name, digest)}</th><td>{escape(words)}</td>"
        f"<td><code>{digest or '–'}</code></td></tr>"
        for name, digest, words in sums
    )
    title = f"Evidence pack: {escape(about.venue.name)}, as at {about.on.isoformat()}"
    return (
        "<!doctype html><html lang=en-GB><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{title}</title><style>body{{font:1em/1.5 sans-serif;margin:2em}}"
        "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.4em;text-align:left}"
        f"code{{overflow-wrap:anywhere}}</style><h1>{title}</h1>"
        f"<p>To check that nothing was changed: open a terminal in this folder and run "
        f"<code>sha256sum -c {MANIFEST}</code> "
        f"(on a Mac, <code>shasum -a 256 -c {MANIFEST}</code>)."
        " The report names the same hashes beside each proof.</p>"
        f"<table><thead><tr><th scope=col>File<th scope=col>What<th scope=col>SHA-256</thead>"
        f"<tbody>{rows}</tbody></table></html>"
    )


def _link(name: str, digest: str) -> str:
    return f'<a href="{escape(name, quote=True)}">{escape(name)}</a>' if digest else escape(name)
