"""Makes signatures: PAdES in a PDF, bare ones for credentials; with a key from a file or a token.

Loaded only when something is to be signed (`signing`).
"""

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from charter import config
from charter.certificates import tokens
from charter.certificates.models import SigningKey
from charter.core.errors import Refused

FIELD = "Signature"
TIMESTAMP_SECONDS = 5


@contextmanager
def signer(key: SigningKey, place: Path) -> Iterator[signers.Signer]:
    """Whoever signs with a key, whose private half lies at `place` or in the token.

    Raises Refused when it is not there, is another one, or does not answer.
    """
    if key.holder != "token":
        yield _of_file(place, bytes(key.certificate))
        return
    with tokens.signer() as found:
        if tokens.certificate(found).dump() != bytes(key.certificate):
            raise Refused("The token holds another key. Take it with `flask signing token` first.")
        yield found


def bare(content: bytes, by: signers.Signer) -> bytes:
    """A bare signature over SHA-256 of some bytes."""
    with ThreadPoolExecutor(1) as aside:
        made = aside.submit(asyncio.run, by.async_sign_raw(content, "sha256")).result()
    own = by.signing_cert
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


def signed(content: bytes, by: signers.Signer, at: datetime) -> bytes:
    """A PDF with a certifying signature that allows no changes, of that time."""
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
    pdf_signer = _Dated(meta, signer=by, timestamper=stamper)
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
def _of_file(place: Path, certificate: bytes) -> signers.SimpleSigner:
    if not place.exists():
        raise Refused(f"The private key {place.name} is not in the folder `signing`.")
    if place.stat().st_mode & 0o077:
        raise Refused(f"The private key {place.name} can be read by others: chmod 600 it.")
    return signers.SimpleSigner(
        signing_cert=x509.Certificate.load(certificate),
        signing_key=load_private_key_from_pemder_data(place.read_bytes(), passphrase=None),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # has no types
    )
