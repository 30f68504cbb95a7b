"""The city's own signature in each certificate: its keys, and the signature itself (PAdES).

The page behind the code is the truth; the signature is a second witness for whoever has only the
file. It certifies the document with "no changes allowed", so that a viewer names whatever is added
afterwards. The public half of every key that was ever used stays in the table `signing_key`: what
it signed still verifies after the key was replaced, and says so after it was withdrawn. The private
half lies in the instance folder, or never leaves a token that is reached by PKCS#11.
"""

import asyncio
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore
from sqlalchemy import select

from charter import config
from charter.certificates import tokens
from charter.certificates.models import SigningKey
from charter.core import clock, trail
from charter.core.db import db
from charter.core.errors import Refused

FIELD = "Signature"
LASTS = timedelta(days=3653)
# A demo is built as if it had gone on for a year, and a clock may be a little slow.
BEFORE = timedelta(days=400)
TIMESTAMP_SECONDS = 5
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
    if key.holder != "token":
        return _signed(content, _file_signer(_place(key), bytes(key.certificate)), at)
    with tokens.signer() as signer:
        if tokens.certificate(signer).dump() != bytes(key.certificate):
            raise Refused("The token holds another key. Take it with `flask signing token` first.")
        return _signed(content, signer, at)


def sign_bytes(content: bytes, key: SigningKey) -> bytes:
    """A bare signature over SHA-256 of some bytes, as JSON Web Signatures have it (RFC 7518).

    Two numbers of 32 bytes for a P-256 key, PKCS#1 v1.5 for an RSA key. Raises Refused as `sign`.
    """
    if key.holder != "token":
        return _bare(content, _file_signer(_place(key), bytes(key.certificate)))
    with tokens.signer() as signer:
        return _bare(content, signer)


def _bare(content: bytes, signer: signers.Signer) -> bytes:
    with ThreadPoolExecutor(1) as aside:
        made = aside.submit(asyncio.run, signer.async_sign_raw(content, "sha256")).result()
    own = signer.signing_cert
    if own is None or own.public_key.algorithm != "ec":
        return bytes(made)
    r, s = decode_dss_signature(made)
    return r.to_bytes(32) + s.to_bytes(32)


class _Dated(signers.PdfSigner):
    """A signer whose signatures carry the time it is given, not that of the machine."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        """The session of one signature, at the given time."""
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


def _signed(content: bytes, signer: signers.Signer, at: datetime) -> bytes:
    settings = config.current()
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        name=settings.city.office_name,
        location=settings.city.city_name,
    )
    stamp = settings.timestamp_url
    stamper = HTTPTimeStamper(stamp, timeout=TIMESTAMP_SECONDS) if stamp else None
    pdf_signer = _Dated(meta, signer=signer, timestamper=stamper)
    pdf_signer.at = at
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    try:
        # It runs an event loop of its own, and there may be one in this thread.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(pdf_signer.sign_pdf, writer, output=out).result()
    except TimestampRequestError as fault:
        raise Refused("The time-stamping service does not answer. Try again.") from fault
    return out.getvalue()


@lru_cache(maxsize=4)
def _file_signer(place: Path, certificate: bytes) -> signers.SimpleSigner:
    if not place.exists():
        raise Refused(f"The private key {place.name} is not in the folder `signing`.")
    if place.stat().st_mode & 0o077:
        raise Refused(f"The private key {place.name} can be read by others: chmod 600 it.")
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate),
        signing_key=load_private_key_from_pemder_data(place.read_bytes(), passphrase=None),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # has no types
    )
