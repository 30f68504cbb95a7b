"""Settings of this installation: frozen, read once from the environment and the instance folder.

What stands in the environment comes before what stands in `settings.env` of the instance folder;
a city keeps its settings there, so that every command finds them.

Two kinds of installation exist. A *city* lives in `instance/`; a *demo* lives in `instance/demo/`
and may be tried without a mail server. `flask init` writes the secrets of either once; nothing
here ever makes one up, so an application without its secrets does not start.

A city without PUBLIC_URL starts for setting up, on the loopback address only, and issues no
certificate: a QR code must never print 127.0.0.1, and a first look must not need a domain name.
"""

import base64
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32
LONGEST_KEY_ID = 15
# Where a running server is reached, so that other commands can print its address.
SERVED = "served.env"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ConfigFault(Exception):
    """The application may not start; the message says which setting is wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class City:
    """What a city calls things. Nothing in the code names a city: these words do."""

    city_name: str
    service_name: str
    charter_name: str
    office_name: str
    office_email: str
    office_phone: str | None = None
    heads_email: str | None = None
    colour: str = "#4b2e83"
    logo: Path | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    night_ends_hour: int = 6
    edition: str = ""
    review_share: float = 0.2
    renewal_waiting_days: int = 14
    certificate_months: int = 12
    grace_days: int = 14
    appeal_days: int = 14
    start_with: int = 3


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys of this installation. `field_keys` maps a key's id to 32 bytes; `current` seals."""

    session: str = field(repr=False)
    trail: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    sample_seed: bytes = field(repr=False)
    field_keys: Mapping[str, bytes] = field(repr=False)
    current: str


@dataclass(frozen=True, slots=True)
class Smtp:
    """Where mail goes out. `security` is "starttls", "tls" or (loopback only) "none"."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: str = "starttls"


@dataclass(frozen=True, slots=True)
class Token:
    """A PKCS#11 token whose key signs: the library that reaches it, its label, the key's label."""

    module: str
    label: str
    key: str
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the application reads from outside itself."""

    folder: Path
    demo: bool
    database_url: str
    public_url: str
    is_public: bool
    secrets: Secrets
    city: City
    smtp: Smtp | None = None
    token: Token | None = None
    timestamp_url: str | None = None
    proxies: int = 0
    trusted_hosts: tuple[str, ...] = ()
    upload_bytes: int = 10 * 1024 * 1024
    testing: bool = False

    @property
    def evidence_folder(self) -> Path:
        """Where uploaded files lie: beside the database, never under the static folder."""
        return self.folder / "evidence"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")


def current() -> Settings:
    """The running application's settings."""
    settings: Settings = current_app.extensions["charter.settings"]
    return settings


def folder_of(environ: Mapping[str, str]) -> tuple[Path, bool]:
    """The instance folder to use and whether it is the demo's.

    `DEMO=1` or `DEMO=0` decides; unset, a city that has been set up comes before the demo.
    """
    base = Path(environ.get("INSTANCE") or ROOT / "instance").resolve()
    wish = environ.get("DEMO", "")
    if wish not in ("", "0", "1"):
        raise ConfigFault("DEMO is 1 (the demo city) or 0 (a real one)")
    demo = wish == "1" or (
        wish == ""
        and not (base / "secrets.toml").exists()
        and (base / "demo" / "secrets.toml").exists()
    )
    return (base / "demo" if demo else base), demo


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, or raise ConfigFault in words that say what to do."""
    folder, demo = folder_of(environ)
    environ = {**_kept(folder / SERVED), **_kept(folder / "settings.env"), **environ}
    public_url, is_public = _public_url(environ, demo)
    host = urlsplit(public_url).hostname or ""
    extra = tuple(h for h in environ.get("TRUSTED_HOSTS", "").split(",") if h)
    if "*" in extra:
        raise ConfigFault("TRUSTED_HOSTS may not be a wildcard: name the hosts")
    for name in ("FLASK_DEBUG", "DEBUG", "TESTING"):
        if not demo and environ.get(name, "0").lower() not in ("", "0", "false"):
            raise ConfigFault(f"{name} is for development: unset it, or run the demo (DEMO=1)")
    return Settings(
        folder=folder,
        demo=demo,
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{folder / 'charter.sqlite'}",
        public_url=public_url,
        is_public=is_public,
        secrets=read_secrets(folder / "secrets.toml"),
        city=read_city(folder / "city.toml"),
        smtp=_smtp(environ),
        token=_token(environ),
        timestamp_url=_timestamp_url(environ),
        proxies=_number(environ, "PROXIES", 0),
        trusted_hosts=(host, *(() if is_public else _own_hosts(environ)), *extra),
    )


def _kept(path: Path) -> dict[str, str]:
    """Settings kept in a file, one NAME=value a line, for every command to find."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _number(environ: Mapping[str, str], name: str, otherwise: int) -> int:
    text = environ.get(name, "")
    if text and not text.isdecimal():
        raise ConfigFault(f"{name} is a number, not {text!r}")
    return int(text) if text else otherwise


def _own_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Names this machine answers to while it has no public address."""
    shown = environ.get("DEMO_PUBLIC") == "1"
    return ("localhost", "127.0.0.1", *((socket.gethostname(), ".local") if shown else ()))


def _public_url(environ: Mapping[str, str], demo: bool) -> tuple[str, bool]:
    url = environ.get("PUBLIC_URL", "").rstrip("/")
    port = environ.get("PORT", "5000")
    host = environ.get("HOST", "127.0.0.1")
    if not url:
        if host not in LOOPBACK and not (demo and environ.get("DEMO_PUBLIC") == "1"):
            raise ConfigFault(
                f"HOST={host} would open this to the network: set PUBLIC_URL to the address "
                "people will use (or, for the demo only, DEMO_PUBLIC=1)"
            )
        return f"http://127.0.0.1:{port}", False
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigFault("PUBLIC_URL must start with https://")
    if not parts.hostname or parts.path or parts.query:
        raise ConfigFault("PUBLIC_URL is an address without a path, like https://charter.example")
    return url, parts.hostname not in LOOPBACK


def read_secrets(path: Path) -> Secrets:
    """Read the secrets file that `flask init` wrote; refuse one that is missing, short or open."""
    if not path.exists():
        raise ConfigFault(f"No secrets at {path}: run `flask init` once (or `make run`)")
    if path.stat().st_mode & 0o077:
        raise ConfigFault(f"{path} can be read by others: chmod 600 it")
    data = tomllib.loads(path.read_text("utf-8"))
    try:
        keys = {name: _key(name, text) for name, text in data["field_keys"].items()}
        secrets = Secrets(
            session=data["session"],
            trail=_key("trail", data["trail"]),
            pepper=_key("pepper", data["pepper"]),
            sample_seed=_key("sample_seed", data["sample_seed"]),
            field_keys=keys,
            current=data["current"],
        )
    except KeyError as missing:
        raise ConfigFault(f"{path} has no {missing}") from missing
    if len(secrets.session) < SHORTEST_SECRET or "change" in secrets.session.lower():
        raise ConfigFault(f"session in {path} is too short or a default: make it long and random")
    if any(len(name) > LONGEST_KEY_ID or not name.isalnum() for name in keys):
        raise ConfigFault(f"names of field keys in {path} are short and plain, like k2")
    if secrets.current not in keys:
        raise ConfigFault(f"current in {path} names no field key")
    return secrets


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as fault:
        raise ConfigFault(f"secret {name} is not base64") from fault
    if len(key) < SHORTEST_SECRET:
        raise ConfigFault(f"secret {name} is shorter than {SHORTEST_SECRET} bytes")
    return key


def read_city(path: Path) -> City:
    """Read the city's own words and numbers."""
    if not path.exists():
        raise ConfigFault(f"No city settings at {path}: run `flask init` once (or `make run`)")
    data = tomllib.loads(path.read_text("utf-8"))
    known = set(City.__dataclass_fields__)
    unknown = set(data) - known
    if unknown:
        raise ConfigFault(f"{path} has settings nobody knows: {', '.join(sorted(unknown))}")
    if "timezone" in data:
        data["timezone"] = ZoneInfo(data["timezone"])
    if data.get("logo"):
        data["logo"] = path.parent / data["logo"]
    try:
        return City(**data)
    except TypeError as fault:
        raise ConfigFault(f"{path}: {fault}") from fault


def _smtp(environ: Mapping[str, str]) -> Smtp | None:
    host = environ.get("SMTP_HOST")
    if not host:
        return None
    if "SMTP_FROM" not in environ:
        raise ConfigFault("SMTP_FROM is missing: the address that mails come from")
    security = environ.get("SMTP_SECURITY", "starttls")
    if security not in ("starttls", "tls", "none") or (security == "none" and host not in LOOPBACK):
        raise ConfigFault("SMTP_SECURITY is starttls or tls (none only towards this machine)")
    return Smtp(
        host=host,
        port=_number(environ, "SMTP_PORT", 587),
        sender=environ["SMTP_FROM"],
        user=environ.get("SMTP_USER"),
        password=environ.get("SMTP_PASSWORD"),
        security=security,
    )


def _token(environ: Mapping[str, str]) -> Token | None:
    module = environ.get("PKCS11_MODULE")
    if not module:
        return None
    missing = [name for name in ("PKCS11_TOKEN", "PKCS11_KEY") if not environ.get(name)]
    if missing:
        raise ConfigFault(f"{missing[0]} is missing: the label of the token and of its key")
    return Token(
        module=module,
        label=environ["PKCS11_TOKEN"],
        key=environ["PKCS11_KEY"],
        pin=environ.get("PKCS11_PIN"),
    )


def _timestamp_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("TIMESTAMP_URL")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigFault("TIMESTAMP_URL is the address of a time-stamping service (RFC 3161)")
    return url
