"""A venue's certificate for other systems: Open Badges 3.0, and lists that say what holds today.

An Open Badges 3.0 credential is a W3C Verifiable Credential. Ours is a signed token (JWS compact,
the standard's JSON Web Token proof): its payload is the credential, its header names the key by
an address where the public half lies. It names two bits in two lists (W3C Bitstring Status List
1.0): `revocation` for what is withdrawn or replaced, for good, and `suspension` for what does not
count now and may again. So whoever keeps the credential can ask at any time whether it still holds,
without telling us which one they mean.

Sources: 1EdTech Open Badges Specification 3.0, W3C Verifiable Credentials Data Model 2.0, W3C
Bitstring Status List 1.0, IETF RFC 7515, 7517 and 7518.
"""

import base64
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import ColumnElement, or_, select

from charter import config
from charter.certificates import marks, reading, signing
from charter.certificates.models import Certificate, SigningKey
from charter.certificates.register import stands
from charter.commitments.models import VenueStanding
from charter.core import clock
from charter.core.db import db
from charter.core.errors import Refused

REVOCATION, SUSPENSION = "revocation", "suspension"
PURPOSES = (REVOCATION, SUSPENSION)
MEDIA_TYPE = "application/vc+jwt"
CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
LIST_SECONDS = 300
_LIMIT = "This does not promise that nothing can happen there."


def of_certificate(shown: reading.Shown, badge: str) -> str:
    """The signed credential of a certificate; `badge` is the code of its venue's badge.

    Raises Refused where nothing can be signed.
    """
    row, home = shown.certificate, config.current().public_url
    address, subject = f"{home}/verify/{shown.code}", f"{home}/badge/{badge}"
    facts = row.facts
    parts = (facts.get(part) for part in ("venue_name", "street", "town", "postcode"))
    credential = {
        "@context": CONTEXTS,
        "id": address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": facts.get("charter") or config.current().city.charter_name,
        "issuer": profile(),
        "validFrom": _moment(row.issued_at),
        "validUntil": _moment(datetime.combine(row.valid_until, time.max, clock.zone())),
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityHash": ", ".join(filter(None, parts)),
                    "identityType": "name",
                    "hashed": False,
                }
            ],
            "achievement": _achievement(row),
        },
        "credentialStatus": [_status(row, purpose) for purpose in PURPOSES],
    }
    claims = {
        "iss": issuer(),
        "jti": address,
        "sub": subject,
        "nbf": int(row.issued_at.timestamp()),
    }
    return _signed(credential | claims)


def issuer() -> str:
    """The address that names who issues."""
    return f"{config.current().public_url}/issuer"


def profile() -> dict[str, Any]:
    """Who issues: an Open Badges profile."""
    city = config.current().city
    return {
        "id": issuer(),
        "type": ["Profile"],
        "name": city.office_name,
        "url": config.current().public_url,
        "email": city.office_email,
    }


def _achievement(row: Certificate) -> dict[str, Any]:
    facts, home = row.facts, config.current().public_url
    met = "\n".join(f"{number}. {words}" for number, words in facts.get("commitments", ()))
    return {
        "id": f"{home}/charter#{row.edition_key}",
        "type": ["Achievement"],
        "achievementType": "Certification",
        "name": facts.get("edition") or row.edition_key,
        "description": f"The venue showed dated proof of all that the charter needs. {_LIMIT}",
        "criteria": {"id": f"{home}/charter", "narrative": met or "Every commitment was met."},
    }


def _status(row: Certificate, purpose: str) -> dict[str, str]:
    address = list_address(purpose, row.status_list)
    return {
        "id": f"{address}#{row.status_index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(row.status_index),
        "statusListCredential": address,
    }


def list_address(purpose: str, number: int) -> str:
    """Where a list lies."""
    return f"{config.current().public_url}/status/{purpose}/{number}"


def status_list(purpose: str, number: int) -> str | None:
    """The signed list of a purpose; None for one that no certificate is in.

    Raises Refused where nothing can be signed.
    """
    query = select(Certificate.id).where(Certificate.status_list == number).limit(1)
    if purpose not in PURPOSES or db.session.scalar(query) is None:
        return None
    address, now = list_address(purpose, number), clock.now()
    listed = {
        "@context": CONTEXTS[:1],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer(),
        "validFrom": _moment(now),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded(set_bits(purpose, number)),
            "ttl": LIST_SECONDS * 1000,
        },
    }
    return _signed(listed | {"iss": issuer(), "jti": address, "iat": int(now.timestamp())})


def set_bits(purpose: str, number: int) -> list[int]:
    """The places in a list of the certificates that its purpose is true of today; one statement."""
    found = (
        select(Certificate.status_index)
        .outerjoin(VenueStanding, VenueStanding.venue_id == Certificate.venue_id)
        .where(Certificate.status_list == number, _true(purpose, clock.today()))
        .order_by(Certificate.status_index)
    )
    return list(db.session.scalars(found))


def _true(purpose: str, today: date) -> ColumnElement[bool]:
    ended = or_(Certificate.withdrawn_at.is_not(None), Certificate.replaced_by_id.is_not(None))
    if purpose == REVOCATION:
        return ended
    holds = stands(today)
    return ~ended & or_(~holds, holds.is_(None))


def encoded(places: Iterable[int]) -> str:
    """A list with these bits set: compressed, base64url, with the mark of multibase for it."""
    bits = bytearray(marks.LIST_BITS // 8)
    for place in places:
        # The first bit is the left one of the first byte.
        bits[place // 8] |= 128 >> place % 8
    return "u" + _base64(gzip.compress(bytes(bits), mtime=0))


def public_key(row: SigningKey) -> dict[str, str]:
    """The public half of a key as a JSON Web Key. Raises Refused for a kind we do not use."""
    key = x509.load_der_x509_certificate(row.certificate).public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        point = key.public_numbers()
        made = {
            "kty": "EC", "crv": "P-256", "alg": "ES256",
            "x": _base64(point.x.to_bytes(32)), "y": _base64(point.y.to_bytes(32)),
        }  # fmt: skip
    elif isinstance(key, rsa.RSAPublicKey):
        public = key.public_numbers()
        made = {
            "kty": "RSA", "alg": "RS256",
            "n": _base64(public.n.to_bytes((public.n.bit_length() + 7) // 8)),
            "e": _base64(public.e.to_bytes((public.e.bit_length() + 7) // 8)),
        }  # fmt: skip
    else:
        raise Refused("Credentials are signed with a P-256 or an RSA key.")
    return {**made, "use": "sig", "kid": key_address(row)}


def key_address(row: SigningKey) -> str:
    """Where the public half of a key lies."""
    return f"{issuer()}/keys/{row.id}"


def _signed(payload: dict[str, Any]) -> str:
    key = signing.current()
    if key is None:
        raise Refused(signing.NO_KEY)
    head = {"alg": public_key(key)["alg"], "typ": "vc+jwt", "kid": key_address(key)}
    body = ".".join(_base64(_plain(part)) for part in (head, payload))
    return f"{body}.{_base64(signing.sign_bytes(body.encode(), key))}"


def _plain(part: dict[str, Any]) -> bytes:
    return json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
