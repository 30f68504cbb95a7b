"""Takes the pictures that the README and the documents show: `python -m tests.screenshots`.

The city in them is the demo's, whose venues and people are made up. Two runs on one day give the
same pictures, but for the codes and numbers that are drawn at random.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlalchemy import select

from charter.audits import walks
from charter.audits.rules import Kind
from charter.certificates.models import Certificate
from charter.certificates.rules import grouped
from charter.core.db import db
from charter.proofs.models import Evidence
from charter.venues.models import Venue
from tests.browser import launch
from tests.pages.browsers import Browsers
from tests.pages.city import City, build, opened

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PHONE, DESK = 360, 1280
# One screen of a phone, and of a desk; what is below is not in the picture.
TALL = {PHONE: 1180, DESK: 900}
COLOURS = 128
DOTS_PER_INCH = 60


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its name, who looks, where, and how wide their screen is.

    `is_dark`: as it is at night, whatever time it is now.
    """

    name: str
    person: str
    path: str
    width: int
    opens: str = ""
    is_dark: bool = False

    @property
    def file(self) -> Path:
        """Where the picture goes."""
        return FOLDER / f"{self.name}-{self.width}.png"


def _shots(city: City) -> list[Shot]:
    half_moon, anchor = city.venue("The Half Moon"), city.venue("The Anchor")
    lantern = city.venue("The Lantern")
    venue_id, evidence_id = _waiting(city)
    walk, found = _walks(city, lantern)
    return [
        Shot("champion-home", "area-manager", f"/venues/{half_moon}/", PHONE),
        Shot(
            "requirement",
            "new champion",
            f"/venues/{anchor}/requirements/staff.policy",
            PHONE,
            "An example of good proof",
        ),
        Shot("entry", "staff", f"/venues/{lantern}/book/new", PHONE, is_dark=True),
        Shot("walk-room", "champion", f"/venues/{lantern}/audits/{walk}/rooms/walk-up", PHONE),
        Shot("walk-found", "champion", f"/venues/{lantern}/audits/{found}", PHONE),
        Shot("training", "champion", f"/venues/{lantern}/training", PHONE),
        Shot("book-keeping", "officer", "/office/book-keeping", DESK),
        Shot("office-training", "officer", "/office/training?by=job", DESK),
        Shot("sign-up-check", "nobody", "/sign-up/check", PHONE),
        Shot("verify", "nobody", f"/verify/{grouped(_certificate(city).code)}", PHONE),
        Shot("office-venues", "officer", "/office/venues", DESK),
        Shot("review", "officer", f"/office/venues/{venue_id}/proofs/{evidence_id}", DESK),
    ]


def _walks(city: City, venue_id: int) -> tuple[int, int]:
    """A venue's own walk that is under way, and the last one that is finished."""
    with city.app.app_context():
        [running] = walks.running(venue_id, [Kind.OWN])
        return running.id, walks.finished(venue_id, [Kind.OWN])[0].id


def _waiting(city: City) -> tuple[int, int]:
    """A proof with photos that waits for the office; else any that waits."""
    with city.app.app_context():
        where = select(Evidence).where(Evidence.state == "waiting").order_by(Evidence.id)
        rows = list(db.session.scalars(where))
        best = max(rows, key=lambda row: len(row.files))
        return best.venue_id, best.id


def _certificate(city: City) -> Certificate:
    with city.app.app_context():
        where = Certificate.venue_id == Venue.id, Venue.name == "The Lantern"
        row = db.session.scalars(select(Certificate).join(Venue, where[0]).where(where[1])).one()
        assert row.pdf
        return row


def _take(browsers: Browsers, shot: Shot) -> None:
    page = browsers.screen(shot.person).open(shot.path)
    page.set_viewport_size({"width": shot.width, "height": TALL[shot.width]})
    if shot.opens:
        page.get_by_text(shot.opens).first.click()
        page.mouse.move(0, 0)
    if shot.is_dark:
        page.evaluate("document.documentElement.classList.add('dark')")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.fonts.ready")
    page.evaluate("document.querySelector('.demo-banner, .demo')?.remove()")
    _keep(Image.open(io.BytesIO(page.screenshot())), shot.file)


def _keep(picture: Image.Image, file: Path) -> None:
    """Write a picture small: few colours are enough for pages that use few."""
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.relative_to(FOLDER.parent.parent)}: {file.stat().st_size // 1024} KB")


def _take_certificate(city: City, home: Path) -> None:
    if not shutil.which("pdftoppm"):
        print("No picture of the certificate: pdftoppm (poppler-utils) is not on this machine.")
        return
    pdf = home / "certificate.pdf"
    pdf.write_bytes(_certificate(city).pdf)
    drawn = home / "certificate"
    command = ("pdftoppm", "-png", "-singlefile", "-r", str(DOTS_PER_INCH), str(pdf), str(drawn))
    subprocess.run(command, check=True)
    _keep(Image.open(drawn.with_suffix(".png")), FOLDER / "certificate.png")


def main() -> int:
    """Build the city, look at it, and write every picture; the exit status for the shell."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        build(home / "built")
        with opened(home / "built", home / "city") as city, launch() as browser:
            browsers = Browsers(browser, city)
            for shot in _shots(city):
                _take(browsers, shot)
            browsers.close()
            _take_certificate(city, home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
