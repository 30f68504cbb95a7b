"""Mail servers as they are met: a good one, and ones that refuse, hang, drip, drop and lie."""

import contextlib
import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from charter.config import Smtp


@dataclass
class Kept:
    """What a server was sent, and what it shall answer: one line for each time it is asked."""

    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    to_recipient: list[str] = field(default_factory=list)
    to_text: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Answer RCPT TO with the next planned line, else take it."""
        if self.to_recipient:
            return self.to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Answer the text with the next planned line, else keep it."""
        if self.to_text:
            return self.to_text.pop(0)
        self.mails.append(envelope.content)
        self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def good_server(**how: Any) -> Iterator[tuple[Kept, int]]:
    """A real mail server in a thread; `how` goes to aiosmtpd."""
    kept = Kept()
    server = Controller(kept, hostname="127.0.0.1", port=free_port(), **how)
    server.start()
    try:
        yield kept, server.port
    finally:
        server.stop()


def plain(port: int) -> Smtp:
    """Settings for a server on this machine without TLS."""
    return Smtp("127.0.0.1", port, "no-reply@charter.example", security="none")


def make_certificate(folder: Path, name: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate: the file to trust, and the server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1788)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / f"{name}.pem"
    place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / f"{name}.key"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place, secret)
    return place, context


def letting_in(_server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
    """Let in whoever says the right password."""
    return AuthResult(success=data.password == b"let-me-in", handled=False)


@contextlib.contextmanager
def rude_server(
    *, greets: str = "220 hello", after_text: str = "drop", drips: bool = False
) -> Iterator[tuple[list[bytes], int]]:
    """A server by hand. What it is told is kept line by line.

    `greets`: "" says nothing at all, or, if it `drips`, one byte every tenth of a second, for
    ever. `after_text`: "drop" hangs up when the text has come.
    """
    heard: list[bytes] = []
    over = threading.Event()

    class Talk(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if greets:
                    self.request.sendall(greets.encode() + b"\r\n")
                    _converse(self.request, heard, after_text)
                    return
                while not over.wait(0.1):
                    self.request.sendall(b"2" if drips else b"")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        listener = threading.Thread(target=server.serve_forever, args=(0.05,))
        listener.start()
        try:
            yield heard, server.server_address[1]
        finally:
            over.set()
            server.shutdown()
            listener.join()


def _converse(line: socket.socket, heard: list[bytes], after_text: str) -> None:
    is_text = False
    for said in line.makefile("rb"):
        heard.append(said.rstrip(b"\r\n"))
        word = said[:4].upper().strip()
        if is_text:
            if said == b".\r\n":
                if after_text == "drop":
                    return
                is_text = False
                line.sendall(after_text.encode() + b"\r\n")
        elif word == b"DATA":
            is_text = True
            line.sendall(b"354 go on\r\n")
        elif word == b"QUIT":
            line.sendall(b"221 bye\r\n")
            return
        else:
            line.sendall(b"250 fine\r\n")
