"""PDFs that somebody tampered with, each in another way, made from a genuine certificate."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText

from charter.core import clock

Tamper = Callable[[bytes], bytes]


def other_signer(name: str = "The night office") -> signers.SimpleSigner:
    """Somebody else's key, with a certificate that calls itself by a name of ours."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(
            certificate.public_bytes(serialization.Encoding.DER)
        ),
        signing_key=load_private_key_from_pemder_data(pem, passphrase=None),
        cert_registry=SimpleCertificateStore(),
    )


class Ruthless(signers.PdfSigner):
    """Somebody who signs though the first signature forbids every change."""

    def _enforce_certification_constraints(self, reader: Any) -> None:
        """Care about nothing."""


def signed_by_another(pdf: bytes, *, certify: bool = True, field: str = "Signature") -> bytes:
    """A file with a signature of somebody else's."""
    meta = signers.PdfSignatureMetadata(
        field_name=field,
        certify=certify,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    Ruthless(meta, signer=other_signer()).sign_pdf(writer, output=out)
    return out.getvalue()


def at(pdf: bytes, place: int) -> bytes:
    """A file with one bit of one byte turned."""
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def _contents(pdf: bytes) -> tuple[int, int]:
    """Where the signature's hexadecimal digits begin and end."""
    found = re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", pdf)
    assert found
    return found.start(1), found.end(1)


def flip_first_stream(pdf: bytes) -> bytes:
    """One bit in the drawn page."""
    return at(pdf, pdf.index(b"stream") + 40)


def flip_header(pdf: bytes) -> bytes:
    """One bit in the first line."""
    return at(pdf, 6)


def flip_signature(pdf: bytes) -> bytes:
    """One digit in the middle of the signature."""
    start, _ = _contents(pdf)
    place = start + 1200
    digit = b"0" if pdf[place : place + 1] != b"0" else b"1"
    return pdf[:place] + digit + pdf[place + 1 :]


def flip_padding(pdf: bytes) -> bytes:
    """One of the noughts that fill up the room of the signature: no digest covers them."""
    _, end = _contents(pdf)
    return pdf[: end - 2] + b"1" + pdf[end - 1 :]


def flip_last_byte(pdf: bytes) -> bytes:
    """One bit of the very last byte."""
    return at(pdf, len(pdf) - 1)


def append_comment(pdf: bytes) -> bytes:
    """A line after the end, which no viewer shows."""
    return pdf + b"\n% nothing to see\n"


def overlay(pdf: bytes) -> bytes:
    """An annotation over the name, by an incremental update: the signature stays intact."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(
                list(map(generic.NumberObject, (60, 600, 500, 700)))
            ),
            generic.pdf_name("/Contents"): generic.TextStringObject("The Crown"),
            generic.pdf_name("/DA"): generic.TextStringObject("/Helv 30 Tf"),
        }
    )
    annots = page.get("/Annots", generic.ArrayObject())
    page["/Annots"] = generic.ArrayObject([*annots, writer.add_object(note)])
    writer.mark_update(page.container_ref)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def change_title(pdf: bytes) -> bytes:
    """Another title, by an incremental update."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.set_info(
        writer.add_object(
            generic.DictionaryObject(
                {generic.pdf_name("/Title"): generic.TextStringObject("The Crown")}
            )
        )
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def save_again(pdf: bytes) -> bytes:
    """Written anew by another program, with the signature's field still in it."""
    out = io.BytesIO()
    PdfWriter(clone_from=io.BytesIO(pdf)).write(out)
    return out.getvalue()


def save_again_with_note(pdf: bytes) -> bytes:
    """Written anew by another program, with another name on top."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.add_annotation(0, FreeText(text="The Crown", rect=(60, 600, 500, 700)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cut_the_end(pdf: bytes) -> bytes:
    """Without its last hundred bytes: the list of objects is not found any more."""
    return pdf[:-100]


def countersign(pdf: bytes) -> bytes:
    """A second signature, by somebody else, after ours."""
    return signed_by_another(pdf, certify=False, field="Second")


def strip_and_sign(pdf: bytes) -> bytes:
    """The same page without our signature, signed by somebody who calls themselves like us."""
    return signed_by_another(unsigned(pdf))


def unsigned(pdf: bytes) -> bytes:
    """The same page, and no signature."""
    reader = PdfReader(io.BytesIO(pdf))
    writer = PdfWriter()
    page = reader.pages[0]
    page.pop("/Annots", None)
    writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def signature_of_another(pdf: bytes) -> bytes:
    """Somebody else's page with our signature's digits copied into its own place."""
    theirs = strip_and_sign(pdf)
    (start, end), (here, stop) = _contents(pdf), _contents(theirs)
    room = stop - here
    digits = pdf[start:end].rstrip(b"0").ljust(room, b"0")[:room]
    return theirs[:here] + digits + theirs[stop:]


CHANGED: tuple[Tamper, ...] = (
    flip_first_stream, flip_header, flip_signature, flip_padding, flip_last_byte, append_comment,
    overlay, change_title, save_again, save_again_with_note, cut_the_end, countersign,
    signature_of_another,
)  # fmt: skip
NOT_OURS: tuple[Tamper, ...] = (strip_and_sign, unsigned)
