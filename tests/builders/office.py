"""A whole city of venues, written straight into the tables: for pages that must not grow with it.

Wants an application context and commits by itself. The same number gives the same city.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select

from charter.accounts.models import Membership
from charter.certificates import rules
from charter.certificates.models import Certificate
from charter.commitments.models import CommitmentStanding, VenueStanding
from charter.core import clock
from charter.core.access import Role
from charter.core.db import db
from charter.editions import service as editions
from charter.editions.terms import Edition
from charter.venues.models import Kind, Venue, VenueState
from charter.venues.rules import area_of, name_key, search_words
from tests.builders.accounts import make_member
from tests.builders.commitments import load_charter

FIRST = ("Blue", "Old", "Quiet", "Golden", "Lost", "North", "Velvet", "Copper", "Green", "Little")
SECOND = ("Lantern", "Anchor", "Cellar", "Room", "Bell", "Harbour", "Note", "Garden", "Crown")


def make_city(number: int, *, seed: int = 1, pdf_bytes: int = 400) -> list[int]:
    """So many venues in every state, two thirds of them signed; their ids."""
    key = load_charter()
    admin = make_member(Role.OFFICE_ADMIN).id
    champion = make_member(Role.CHAMPION, venue=_one_venue(key)).id
    edition = editions.edition(key)
    random, today = Random(seed), clock.today()
    start = len(db.session.scalars(select(Venue.id)).all())
    db.session.execute(
        insert(Venue), [_venue(start + n, key, random, today) for n in range(number)]
    )
    db.session.flush()
    ids = list(db.session.scalars(select(Venue.id).order_by(Venue.id).offset(start)))
    signed = list(
        db.session.scalars(select(Venue.id).where(Venue.id.in_(ids), Venue.signed_on.is_not(None)))
    )
    rows = [_commitments(venue_id, edition, random, today) for venue_id in signed]
    standings = [_standing(some, key, random, today) for some in rows]
    _fill(CommitmentStanding, [row for some in rows for row in some])
    _fill(VenueStanding, standings)
    _fill(Certificate, [
        _certificate(row["venue_id"], key, admin, today, pdf_bytes)
        for row in standings if row["all_met"]
    ])  # fmt: skip
    _fill(Membership, [
        {"user_id": champion, "role": Role.CHAMPION, "venue_id": venue_id, "is_stand_in": False,
         "starts_on": today - timedelta(days=90), "ends_on": None}
        for venue_id in signed if random.random() < 0.9
    ])  # fmt: skip
    db.session.commit()
    return ids


def _one_venue(key: str) -> int:
    row = Venue(name="Aa first", name_key="aa first", search="aa first", kind=Kind.PUB)
    db.session.add(row)
    db.session.commit()
    return row.id


def _fill(model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model), rows)


def _venue(number: int, key: str, random: Random, today: date) -> dict[str, Any]:
    state = random.choices(list(VenueState), (20, 4, 2, 70, 4))[0]
    is_signed = state in (VenueState.WORKING, VenueState.LEFT)
    name = f"The {random.choice(FIRST)} {random.choice(SECOND)} {random.randint(1, 99)}"
    postcode = f"AA{random.randint(1, 9)} {number % 9 + 1}AB"
    street = f"{number} Quay Street"
    return {
        "name": name, "name_key": name_key(name), "street": street, "town": "Testbury",
        "postcode": postcode, "area": area_of(postcode), "kind": random.choice(list(Kind)),
        "search": search_words(name, street, postcode), "state": state,
        "latitude": 51.4 + random.random() / 10, "longitude": -2.6 + random.random() / 10,
        "edition_key": key if is_signed else None,
        "signed_on": today - timedelta(days=random.randint(1, 400)) if is_signed else None,
        "opening_nights": "",
    }  # fmt: skip


def _commitments(
    venue_id: int, edition: Edition, random: Random, today: date
) -> list[dict[str, Any]]:
    done = random.random() < 0.4
    rows = []
    for each in edition.commitments:
        total = len(each.essentials)
        met = total if done else random.randint(0, total)
        end = today + timedelta(days=random.randint(5, 300)) if met else None
        state = "met" if met == total else "partly-met" if met else "not-met"
        if met and random.random() < 0.02:
            state, end = "lapsed", today - timedelta(days=random.randint(1, 60))
        elif state == "met" and random.random() < 0.04:
            # Ran out by time alone, and no night has taken note of it.
            end = today - timedelta(days=random.randint(1, 60))
        rows.append({
            "venue_id": venue_id, "commitment_key": each.key, "number": each.number,
            "state": state, "essentials_met": met - (state == "lapsed"), "essentials": total,
            "holds_until": end, "lapses_key": each.essentials[0].key if end else None,
        })  # fmt: skip
    return rows


def _standing(rows: list[dict[str, Any]], key: str, random: Random, today: date) -> dict[str, Any]:
    first = min(
        ((row["holds_until"], row["lapses_key"]) for row in rows if row["holds_until"]),
        default=(None, None),
    )
    return {
        "venue_id": rows[0]["venue_id"], "edition_key": key,
        "commitments_met": sum(row["state"] == "met" for row in rows),
        "commitments": len(rows),
        "essentials_met": sum(row["essentials_met"] for row in rows),
        "essentials": sum(row["essentials"] for row in rows),
        "all_met": all(row["state"] == "met" for row in rows),
        "any_lapsed": any(row["state"] == "lapsed" for row in rows),
        "holds_until": first[0], "lapses_key": first[1],
        "waiting": random.choice((0, 0, 0, 1, 2, 5)), "returned": 0, "questions": 0,
        "has_champion": True, "assessed_on": today,
    }  # fmt: skip


def _certificate(
    venue_id: int, key: str, admin: int, today: date, pdf_bytes: int
) -> dict[str, Any]:
    number = venue_id
    return {
        "serial": rules.serial(today.year, number),
        "code": rules.new_code(number.to_bytes(rules.CODE_BYTES)),
        "venue_id": venue_id, "edition_key": key, "facts": {"venue_name": "A venue"},
        "pdf": bytes(pdf_bytes), "sha256": number.to_bytes(32), "proposed_by": admin,
        "issued_by": admin, "valid_from": today, "valid_until": today + timedelta(days=300),
        "status_list": 1, "status_index": number,
    }  # fmt: skip
