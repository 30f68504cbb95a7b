"""What the demo's venues hand in: made-up statements, papers and photos, and made-up names."""

import base64
import hashlib
import io

from PIL import Image, ImageDraw
from werkzeug.datastructures import FileStorage

from charter.core import clock, files
from charter.core.paper.report import Letterhead, Report
from charter.editions import service as editions
from charter.editions.terms import Kind, Requirement
from charter.proofs import drafts
from charter.proofs.service import Content
from charter.venues import service as venues

_FIRST = ("Ash", "Bo", "Cleo", "Dani", "Eden", "Fran", "Gale", "Indy", "Jules", "Kai", "Lou")
_LAST = (
    "Ferry",
    "Groves",
    "Holt",
    "Ivers",
    "Kerr",
    "Lowe",
    "Marsh",
    "Nye",
    "Orme",
    "Pike",
    "Quill",
)


def name_for(key: str) -> str:
    """An invented name, always the same one for the same key."""
    number = hashlib.sha256(key.encode()).digest()
    return f"{_FIRST[number[0] % len(_FIRST)]} {_LAST[number[1] % len(_LAST)]}"


def phone_secret(key: str) -> str:
    """The secret on an invented person's invented phone."""
    return base64.b32encode(hashlib.sha256(f"demo phone {key}".encode()).digest()[:20]).decode()


def content(venue_id: int, requirement: Requirement, *, signed_name: str) -> Content:
    """A believable proof of what a requirement asks of this venue."""
    kind, today = requirement.proof_kind, clock.today()
    if kind is Kind.SIGNED_BY:
        return Content(signed_name=signed_name, confirmed=True)
    if kind is Kind.LINK:
        return Content(link="https://venue.saltmarsh.example/safety")
    if kind is Kind.FILE:
        return Content(happened_on=today, files=[_file(requirement)])
    if kind is Kind.PHOTO_PER_PLACE:
        venue = venues.venue(venue_id)
        edition = editions.edition(venue.edition_key if venue and venue.edition_key else "")
        photos = {
            place.key: _received(_photo(place.name), "photo.jpg")
            for place in drafts.places(venue_id, edition, requirement)
        }
        return Content(happened_on=today, photos=photos)
    return Content(happened_on=today, statement=f"Done at our team meeting. {requirement.example}")


def _file(requirement: Requirement) -> files.Received:
    """A photo where one is asked for, else a paper named after what it shows."""
    if "photo" in requirement.proof.lower():
        return _received(_photo(requirement.task), "photo.jpg")
    name = f"{requirement.key.partition('.')[2]}.pdf"
    return paper(requirement.task, requirement.example, name)


def photo(words: str) -> files.Received:
    """A made-up photo of a place, with these words on it."""
    return _received(_photo(words), "photo.jpg")


def _received(content_bytes: bytes, name: str) -> files.Received:
    return files.receive(FileStorage(io.BytesIO(content_bytes), filename=name))


def paper(heading: str, words: str, name: str) -> files.Received:
    """A page of a made-up venue with these words, received under a file name."""
    head = Letterhead(
        office_name="A made-up venue",
        charter_title="Demo",
        colour="#4b2e83",
        short_address="saltmarsh.example",
        as_at=clock.today(),
    )
    report = Report(head, heading)
    report.heading(heading)
    report.paragraph(words)
    return _received(report.finish(), name)


def _photo(words: str) -> bytes:
    shade = hashlib.sha256(words.encode()).digest()
    picture = Image.new("RGB", (640, 480), (40 + shade[0] % 60, 30 + shade[1] % 40, 70))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((150, 60, 490, 420), fill=(246, 240, 228), outline=(200, 160, 60), width=8)
    draw.text((180, 110), "You are safe to say no.", fill=(50, 30, 80), font_size=24)
    draw.text((180, 160), "Tell anyone behind the bar.", fill=(50, 30, 80), font_size=24)
    draw.text((180, 370), words[:30], fill=(90, 70, 110), font_size=20)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
