"""An audit from outside over a sample of 20 venues, from its grant to its report."""

import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from charter.auditors import service
from charter.auditors.models import AuditFinding, AuditSight, Engagement
from charter.core import clock, trail
from charter.core.access import Role
from charter.core.db import db
from charter.proofs.models import Evidence
from charter.venues.models import Kind
from tests.builders.accounts import make_member
from tests.builders.auditors import make_auditor
from tests.builders.certificates import make_ready, noon
from tests.builders.commitments import make_scene
from tests.digest import changed, digest
from tests.visitor import Visitor

As = Callable[..., Visitor]
DAY = timedelta(days=1)
KINDS = (Kind.PUB, Kind.BAR, Kind.NIGHTCLUB, Kind.HOTEL)
WRITTEN = {"audit_finding", "audit_question", "audit_sight", "trail_entry", "web_session"}


def day(name: str, value: object) -> dict[str, str]:
    """The three parts of a date in a form."""
    parts = zip(("year", "month", "day"), str(value).split("-"), strict=True)
    return {f"{name}-{part}": number.lstrip("0") for part, number in parts}


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_an_audit_of_twenty_venues_from_grant_to_report(app: Flask, as_: As) -> None:
    with app.app_context():
        for n in range(40):
            kind, area = KINDS[n % 4], f"SM{n % 2 + 1}"
            make = make_ready if n % 2 else make_scene
            make(name=f"Venue {n}", kind=kind, postcode=f"{area} 1AA", area=area)
        admin = make_member(Role.OFFICE_ADMIN).id
        auditor = make_auditor(email="ines@outside.example", name="Ines Rowe")
        today = clock.today()
        db.session.rollback()
    office = as_(admin)
    form = {
        "title": "Autumn audit", "name": "Ines Rowe", "email": "ines@outside.example",
        **day("from_on", today), **day("to_on", today + 14 * DAY), "how": "drawn", "size": "20",
        "seed": "autumn 2026", "once": "a-token-of-the-form", "scope": "Is it there?",
    }  # fmt: skip
    assert "20 venues of 40" in office.refused("/office/engagements/new", form).text
    office.post("/office/engagements/new", {**form, "step": "grant"})
    with app.app_context():
        number = db.session.scalars(select(Engagement.id)).one()
        sample = set(service.venue_ids(number))
        units = service.population()
        strata = Counter(unit.stratum for unit in units)
        drawn = Counter(unit.stratum for unit in units if unit.venue_id in sample)
        assert all(abs(drawn[name] - count / 2) < 1 for name, count in strata.items())
        db.session.rollback()

    visitor = as_(auditor)
    links = {link.href for link in visitor.get("/audit").links if "/venues/" in link.href}
    cases = sorted(links, key=lambda href: int(href.split("/")[-1]))
    assert len(cases) == 20
    before = digest(app)
    for place, case in enumerate(cases):
        seen = [link.href for link in visitor.get(case).links if "/seen/" in link.href]
        for link in seen[:2]:
            assert "How did you see it" in visitor.get(link).text
            visitor.post(link, {"how": "at-venue", **day("seen_on", today)})
        grade = ("conforms", "observation", "minor", "major")[place % 4]
        found = {"requirement": "message.posters-up", "grade": grade, "words": f"Found {place}."}
        if grade in ("minor", "major"):
            found |= {"action": "Put one up.", "owner": "Manager", **day("due_on", today + DAY)}
        visitor.post(f"{case}/findings/new", found)
        visitor.post(f"{case}/ask", {"requirement": "", "words": f"Question {place}?"})
    assert set(changed(before, digest(app))) <= WRITTEN

    with app.app_context():
        assert len(db.session.scalars(select(AuditFinding)).all()) == 20
        shown = set(db.session.scalars(select(Evidence.venue_id)))
        assert len(db.session.scalars(select(AuditSight)).all()) == 2 * len(shown & sample)
        assert [check.fault for check in trail.verify() if check.fault] == []
        db.session.rollback()
    answer = visitor.answer(f"/audit/{number}.pdf")
    pages = PdfReader(io.BytesIO(answer.data)).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert all(f"Found {place}." in words for place in range(20))
    assert "autumn 2026" in words
    assert f"Page 1 of {len(pages)}" in words

    with clock.moved_to(noon(today + 15 * DAY)):
        late = as_(auditor)
        for address in (*cases, "/audit", f"/audit/{number}.pdf"):
            assert late.answer(address).status_code == 404, address
