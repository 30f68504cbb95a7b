"""Carries one mail to the mail server and says how that ended; knows no database.

The whole talk has one end in time, however slowly the other side drips. TLS is checked against
the machine's authorities, and where the server does not offer it nothing is sent: there is no
falling back to plain text. When the line breaks after the text was handed over nobody knows
whether it arrived, and the outcome says so.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from charter.config import Smtp

SECONDS = 60.0
STEP_SECONDS = 20.0
_POLICY = SMTP.clone(cte_type="7bit")
# Recipients were checked when they were given, so a value that does not fit is a setting.
_BEFORE_THE_MAIL = (OSError, ValueError, MessageError)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail ready to go: who it is from and to, and what it says."""

    sender: str
    sender_name: str
    recipient: str
    subject: str
    body: str
    message_id: str
    written_at: datetime

    def message(self) -> bytes:
        """The mail in the form of RFC 5322; ValueError or MessageError for what cannot be one."""
        if not self.sender.isascii():
            raise ValueError("the sender's address is not ASCII")
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = Address(self.sender_name, addr_spec=self.sender)
        mail["To"] = Address(addr_spec=self.recipient)
        mail["Subject"] = self.subject
        mail["Date"] = format_datetime(self.written_at)
        mail["Message-ID"] = self.message_id
        # RFC 3834: asks machines, such as holiday notices, not to answer.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(self.body)
        return mail.as_bytes()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. `error` is a short word, None when sent.

    "later": not taken now; "never": refused for good; "unknown": it may have arrived.
    `is_unreachable`: the fault is the server's or our settings', so other mails would meet it.
    """

    state: Literal["sent", "later", "never", "unknown"]
    error: str | None = None
    is_unreachable: bool = False


def host_of(url: str) -> str:
    """The host's name in an address of the web."""
    return urlsplit(url).hostname or "localhost"


def send(smtp: Smtp, letter: Envelope, *, seconds: float = SECONDS) -> Outcome:
    """Carry one mail, in at most `seconds` after the server's name was found."""
    with _Fuse(seconds) as fuse:
        try:
            message = letter.message()
            line = _Line(smtp, fuse)
        except _BEFORE_THE_MAIL as fault:
            return Outcome("later", _word(fault, fuse), is_unreachable=True)
        with contextlib.closing(line):
            try:
                line.introduce(smtp)
            except _BEFORE_THE_MAIL as fault:
                return Outcome("later", _word(fault, fuse), is_unreachable=True)
            try:
                return line.hand_over(letter, message)
            except OSError as fault:
                return Outcome("unknown" if line.is_handing else "later", _word(fault, fuse))


class _Fuse:
    """Cuts a connection when its time is up."""

    def __init__(self, seconds: float) -> None:
        self.is_blown = False
        self._held: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._blow)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._held is not None:
            self._held.close()

    def hold(self, line: socket.socket) -> None:
        """Take hold of a connection. A duplicate, because TLS takes the socket itself away."""
        self._held = line.dup()
        if self.is_blown:
            self._blow()

    def _blow(self) -> None:
        self.is_blown = True
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)


class _Line(smtplib.SMTP):
    """A connection to the mail server, on a fuse."""

    def __init__(self, smtp: Smtp, fuse: _Fuse) -> None:
        self.is_handing = False
        self._fuse = fuse
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._is_wrapped = smtp.security == "tls"
        own_name = smtp.sender.rpartition("@")[2]
        super().__init__(smtp.host, smtp.port, local_hostname=own_name, timeout=STEP_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout)
        self._fuse.hold(line)
        return self._context.wrap_socket(line, server_hostname=host) if self._is_wrapped else line

    def introduce(self, smtp: Smtp) -> None:
        """Say who we are, go over to TLS where asked, sign in where asked."""
        self.ehlo_or_helo_if_needed()
        if smtp.security == "starttls":
            self.starttls(context=self._context)
            self.ehlo()
        if smtp.user:
            self.login(smtp.user, smtp.password or "")

    def hand_over(self, letter: Envelope, message: bytes) -> Outcome:
        """Sender, recipient, text."""
        code = self.mail(letter.sender)[0]
        if code != 250:
            return Outcome("later", f"sender-{code}", is_unreachable=True)
        code = self.rcpt(letter.recipient)[0]
        if code not in (250, 251):
            return _answered(code)
        self.is_handing = True
        try:
            code = self.data(message)[0]
        except smtplib.SMTPDataError as fault:
            code = fault.smtp_code
        self.is_handing = False
        with contextlib.suppress(OSError):
            self.quit()
        return _answered(code)


def _answered(code: int) -> Outcome:
    if code == 250:
        return Outcome("sent")
    return Outcome("never" if 500 <= code < 600 else "later", f"code-{code}")


def _word(fault: Exception, fuse: _Fuse) -> str:
    if fuse.is_blown:
        return "too-slow"
    for kind, word in (
        (smtplib.SMTPNotSupportedError, "no-tls"),
        (ssl.SSLError, "tls-not-trusted"),
        (smtplib.SMTPAuthenticationError, "sign-in-refused"),
        (socket.gaierror, "no-such-host"),
        (TimeoutError, "too-slow"),
        (smtplib.SMTPResponseException, "not-served"),
        (smtplib.SMTPServerDisconnected, "cut-off"),
        ((ValueError, MessageError), "settings"),
    ):
        if isinstance(fault, kind):
            return word
    return "unreachable"
