"""Setting an installation up and serving it: the commands that run before there is an app.

They stand above the composition root because `flask init` makes the secrets that the root needs,
and then the tables, through the root. The demo is filled by the services that a city uses.
"""

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_migrate import upgrade
from gunicorn.app.base import BaseApplication
from sqlalchemy import select

from charter import config
from charter.app import create_app
from charter.audits import loading as audits
from charter.certificates import signing
from charter.core import sealed
from charter.core.db import CITY, Installation, commit, db, lock
from charter.demo import city as demo_city
from charter.editions import service as editions
from charter.nightwalks import service as night_walks

SEEDS = config.ROOT / "seeds"


@click.command("init")
def init() -> None:
    """Set this installation up, or bring it up to date: secrets, tables, the charter.

    Secrets are written once and never again. Safe to repeat: nothing is lost.
    """
    set_up()


@click.command("serve")
@click.option("--init", "prepares", is_flag=True, help="First do what `flask init` does.")
def serve(prepares: bool) -> None:
    """Serve the application and send its mail, until stopped (Ctrl-C)."""
    app = set_up() if prepares else _application()
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "5000")
    with app.app_context():
        unreadable = sealed.missing_keys()
        # Each server process opens its own connections: none may be shared with this one.
        db.session.remove()
        db.engine.dispose()
    if unreadable:
        raise click.ClickException(f"secrets.toml lacks field keys: {', '.join(unreadable)}")
    folder = app.extensions["charter.settings"].folder
    (folder / config.SERVED).write_text(f"PORT={port}\n", "utf-8")
    _Server(app, f"{host}:{port}").run()


class _Server(BaseApplication):
    """Gunicorn around an application that is made already, with one worker for mail beside it."""

    def __init__(self, app: Flask, address: str) -> None:
        self._app = app
        self._address = address
        super().__init__()

    def load_config(self) -> None:
        """Two processes of four threads: a slow upload holds up nobody else."""
        settings = {
            "bind": self._address,
            "worker_class": "gthread",
            "workers": 2,
            "threads": 4,
            "control_socket_disable": True,
            "loglevel": "warning",
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
            "when_ready": self._ready,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, as each server process is to run it."""
        return self._app

    def _ready(self, _server: Any) -> None:
        demo = self._app.extensions["charter.settings"].demo
        environ = {**os.environ, "DEMO": "1" if demo else "0"}
        flask = Path(sys.executable).parent / "flask"
        subprocess.Popen([flask, "worker"], cwd=config.ROOT, env=environ)  # noqa: S603 - ours
        _greet(self._app, self._address)


def _greet(app: Flask, address: str) -> None:
    settings: config.Settings = app.extensions["charter.settings"]
    click.echo(f"\n  {settings.city.service_name}: http://{address}\n")
    if settings.demo:
        click.echo((SEEDS / "demo" / "sign-ins.txt").read_text("utf-8"))
        click.echo(f"  Every mail and code: http://{address}/demo/inbox\n")
    else:
        click.echo("  First administrator: .venv/bin/flask users create-admin EMAIL\n")


def set_up() -> Flask:
    """Write what is missing, bring tables and charter up to date, fill the demo; give the app."""
    folder, demo = config.folder_of(os.environ)
    try:
        write_settings(folder, demo)
    except config.ConfigFault as fault:
        raise click.ClickException(str(fault)) from fault
    app = _application()
    with app.app_context():
        report = prepare(demo)
        click.echo(f"Ready: {'the demo city' if demo else 'your city'}. {report}")
        if demo:
            click.echo(demo_city.load())
    return app


def _application() -> Flask:
    try:
        return create_app()
    except config.ConfigFault as fault:
        raise click.ClickException(str(fault)) from fault


def prepare(demo: bool) -> str:
    """Bring the tables to the newest migration, load the charter and the questions of walks."""
    upgrade()
    db.session.rollback()
    lock(CITY)
    if db.session.scalars(select(Installation)).first() is None:
        db.session.add(Installation(id=1, is_demo=demo))
    report = editions.load_seeds(SEEDS / "charter")
    audits.load_seeds(SEEDS / "audits")
    night_walks.load_recipients()
    signing.ensure()
    commit()
    return str(report)


def write_settings(folder: Path, demo: bool) -> None:
    """Write city.toml and secrets.toml where they are missing; refuse to orphan a database."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    city = folder / "city.toml"
    if not city.exists():
        example = SEEDS / ("demo/city.toml" if demo else "city.toml")
        city.write_text(example.read_text("utf-8"), "utf-8")
    path = folder / "secrets.toml"
    if path.exists():
        return
    if (folder / "charter.sqlite").exists():
        raise config.ConfigFault(
            f"{folder} has a database but no secrets.toml: put the old one back. "
            "New secrets could not open what the old ones sealed."
        )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(new_secrets())


def new_secrets() -> str:
    """A fresh secrets.toml."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return (
        "# Written once by `flask init`. Keep a copy apart from the database's backups:\n"
        "# without these, sealed columns cannot be opened and the trail cannot be checked.\n"
        f'session = "{secrets.token_urlsafe(48)}"\n'
        f'trail = "{key()}"\npepper = "{key()}"\nsample_seed = "{key()}"\ncurrent = "k1"\n\n'
        f'[field_keys]\nk1 = "{key()}"\n'
    )
