"""The city's own signature in each certificate: its keys, and the signature itself (PAdES).

The page behind the code is the truth; the signature is a second witness for whoever has only the
file. It certifies the document with "no changes allowed", so that a viewer names whatever is added
afterwards. The public half of every key that was ever used stays in the table `signing_key`: what
it signed still verifies after the key was replaced, and says so after it was withdrawn. The private
half lies in the instance folder, or never leaves a token that is reached by PKCS#11.

What makes the signatures (`pades`, `tokens`) is loaded when something is to be signed: it is a
fifth of what a worker takes of memory, and most workers never sign.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from charter import config
from charter.certificates.models import SigningKey
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused

LASTS = timedelta(days=3653)
# A demo is built as if it had gone on for a year, and a clock may be a little slow.
BEFORE = timedelta(days=400)
NO_KEY = "There is no key to sign with: run `flask init` once, or `flask signing new`."


def every_key() -> list[SigningKey]:
    """Every key that ever signed, newest first."""
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.id.desc())))


def one(key_id: int | None) -> SigningKey | None:
    """The key with this number; None for a certificate from before there were keys."""
    return db.session.get(SigningKey, key_id) if key_id else None


def current() -> SigningKey | None:
    """The key that signs now, or None."""
    return db.session.scalars(
        select(SigningKey)
        .where(SigningKey.retired_at.is_(None), SigningKey.withdrawn_at.is_(None))
        .order_by(SigningKey.id.desc())
        .limit(1)
    ).first()


def ensure() -> SigningKey:
    """The key that signs now; a new one in the instance folder where there is none."""
    return current() or make()


def make() -> SigningKey:
    """Make a new key with its own certificate, and let it sign from now on.

    The key before it signs no more, and what it signed still verifies. Needs the city's lock.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = _own_certificate(private)
    der = certificate.public_bytes(serialization.Encoding.DER)
    row = _add(der, holder="file")
    place = _place(row)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return row


def take_from_token() -> SigningKey:
    """Let the key of the PKCS#11 token in the settings sign from now on.

    Its certificate is read from the token. Raises Refused while no token is set, or when the token
    does not answer. Needs the city's lock.
    """
    from charter.certificates import tokens

    with tokens.signer() as signer:
        der = tokens.certificate(signer).dump()
    known = db.session.scalars(select(SigningKey).where(SigningKey.certificate == der)).first()
    if known is not None:
        raise Refused("This key is known already.")
    return _add(der, holder="token")


def _add(der: bytes, *, holder: str) -> SigningKey:
    now = clock.now()
    for before in db.session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))):
        before.retired_at = now
    row = SigningKey(certificate=der, holder=holder, made_at=now)
    db.session.add(row)
    db.session.flush()
    trail.note("key.made", "signing-key", row.id, holder=holder)
    return row


def withdraw(key_id: int, because: str) -> SigningKey:
    """Say that a key must not be trusted any more, and why, to everyone who checks a file.

    Certificates signed with it go on: their pages are the truth. Needs the city's lock. Raises
    Refused for a key that is not there or withdrawn already.
    """
    row = db.session.get(SigningKey, key_id)
    if row is None or row.withdrawn_at is not None:
        raise Refused("There is no such key to withdraw.")
    row.withdrawn_at = clock.now()
    row.withdrawn_because = because
    trail.note("key.withdrawn", "signing-key", row.id)
    return row


def _own_certificate(private: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate of the city's office for its own key: whoever checks has our list of keys."""
    settings = config.current()
    city = settings.city
    office = f"{city.office_name[:1].upper()}{city.office_name[1:]}"
    name = f"DEMO, not a real city: {office}" if settings.demo else office
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, city.city_name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, city.service_name[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )
    now = clock.now()
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256())
    )


def _place(row: SigningKey) -> Path:
    return config.current().folder / "signing" / f"{row.fingerprint.hex()[:32]}.pem"


def sign(content: bytes, key: SigningKey, at: datetime) -> bytes:
    """A PDF with the city's certifying signature: nothing may be changed after it.

    Raises Refused when the private key is not there, when the token or the time-stamping service
    does not answer.
    """
    from charter.certificates import pades

    with pades.signer(key, _place(key)) as signer:
        return pades.signed(content, signer, at)


def sign_bytes(content: bytes, key: SigningKey) -> bytes:
    """A bare signature over SHA-256 of some bytes, as JSON Web Signatures have it (RFC 7518).

    Two numbers of 32 bytes for a P-256 key, PKCS#1 v1.5 for an RSA key. Raises Refused as `sign`.
    """
    from charter.certificates import pades

    with pades.signer(key, _place(key)) as signer:
        return pades.bare(content, signer)
