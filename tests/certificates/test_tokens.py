"""Keys in a token (PKCS#11) and time-stamps (RFC 3161), each with a real other side."""

import io
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flask import Flask
from pkcs11.util.ec import decode_ec_private_key
from pkcs11.util.x509 import decode_x509_certificate
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper

from charter import config
from charter.certificates import signing
from charter.certificates.checking import Answer
from charter.core import clock
from charter.core.db import db
from charter.core.errors import Refused
from tests.builders import tampering
from tests.builders.certificates import issue, make_ready
from tests.builders.signatures import answered, lock_and, needs, pdfsig

pytestmark = pytest.mark.sqlite_only

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.Token:
    """A token in software that holds a key and its certificate, both called `office`."""
    module = next(each for each in MODULES if Path(each).exists())
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "city", "--pin", "1234",
         "--so-pin", "5678"],
        check=True, capture_output=True,
    )  # fmt: skip
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = self_made(private, "The office’s token", stamps=False)
    library = pkcs11.lib(module)
    library.reinitialize()
    with library.get_token(token_label="city").open(rw=True, user_pin="1234") as session:
        der = private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        label = {pkcs11.Attribute.LABEL: "office", pkcs11.Attribute.TOKEN: True}
        key = decode_ec_private_key(der) | label
        session.create_object(key)
        session.create_object(decode_x509_certificate(certificate) | label)
    return config.Token(module=module, label="city", key="office", pin="1234")


def self_made(
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str, *, stamps: bool
) -> bytes:
    """A certificate for a key, by itself; for one that stamps times where asked."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(3)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
    )
    if stamps:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    made = builder.sign(private, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def with_settings(app: Flask, **more: Any) -> config.Settings:
    """Change the running application's settings; gives those before."""
    before: config.Settings = app.extensions["charter.settings"]
    app.extensions["charter.settings"] = replace(before, **more)
    return before


@needs("softhsm2-util")
@needs("pdfsig")
def test_a_key_in_a_token_signs_and_never_leaves_it(
    app: Flask, token: config.Token, tmp_path: Path
) -> None:
    before = with_settings(app, token=token)
    try:
        with app.app_context():
            scene = make_ready()
            key = lock_and(signing.take_from_token)
            assert key.holder == "token"
            row = issue(scene)
            assert row.signing_key_id == key.id
            said = pdfsig(row.pdf, tmp_path)
            assert "Signature is Valid." in said
            assert "Total document signed" in said
            assert answered(app, row.pdf).answer is Answer.ISSUED
            assert answered(app, tampering.overlay(row.pdf)).answer is Answer.CHANGED
            assert not list((before.folder / "signing").glob(f"{key.fingerprint.hex()[:32]}*"))
            with pytest.raises(Refused, match="known already"):
                lock_and(signing.take_from_token)
            with_settings(app, token=replace(token, pin="9999"))
            with pytest.raises(Refused, match="does not answer"):
                issue(make_ready())
            with_settings(app, token=replace(token, key="nobody"))
            db.session.rollback()
            with pytest.raises(Refused, match="no certificate"):
                issue(make_ready())
            db.session.remove()
    finally:
        app.extensions["charter.settings"] = before


@pytest.fixture
def time_stamps() -> Iterator[str]:
    """The address of a time-stamping service (RFC 3161) of our own, over real HTTP."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    stamper = DummyTimeStamper(
        tsa_cert=asn1_x509.Certificate.load(self_made(private, "Time", stamps=True)),
        tsa_key=load_private_key_from_pemder_data(pem, passphrase=None),
    )

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            body = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@needs("pdfsig")
def test_a_time_stamp_of_somebody_elses_is_in_the_signature_where_it_is_wanted(
    app: Flask, time_stamps: str, tmp_path: Path
) -> None:
    before = with_settings(app, timestamp_url=time_stamps)
    try:
        with app.app_context():
            scene = make_ready()
            content = issue(scene).pdf
            [each] = PdfFileReader(io.BytesIO(content)).embedded_signatures
            names = {attr["type"].native for attr in each.signer_info["unsigned_attrs"]}
            assert "signature_time_stamp_token" in names
            assert "Signature is Valid." in pdfsig(content, tmp_path)
            assert answered(app, content).answer is Answer.ISSUED
            with_settings(app, timestamp_url="http://127.0.0.1:9/")
            with pytest.raises(Refused, match="does not answer"):
                issue(make_ready())
            db.session.remove()
    finally:
        app.extensions["charter.settings"] = before
