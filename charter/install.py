"""Setting an installation up: `flask init`, the one command that runs before there is an app.

It stands above the composition root because it makes the secrets that the root needs, and then
the tables, through the root. The demo is filled by the same services that a city uses.
"""

import base64
import os
import secrets
from pathlib import Path

import click
from flask_migrate import upgrade
from sqlalchemy import select

from charter import config
from charter.app import create_app
from charter.commitments import editions
from charter.core.db import CITY, Installation, commit, db, lock
from charter.demo import city as demo_city

SEEDS = config.ROOT / "seeds"


@click.command("init")
def init() -> None:
    """Set this installation up, or bring it up to date: secrets, tables, the charter.

    Secrets are written once and never again. Safe to repeat: nothing is lost.
    """
    folder, demo = config.folder_of(os.environ)
    try:
        write_settings(folder, demo)
        app = create_app()
    except config.ConfigFault as fault:
        raise click.ClickException(str(fault)) from fault
    with app.app_context():
        report = prepare(demo)
        click.echo(f"Ready: {'the demo city' if demo else 'your city'}. {report}")
        if demo:
            click.echo(demo_city.load())


def prepare(demo: bool) -> str:
    """Bring the tables to the newest migration and load the charter's editions."""
    upgrade()
    db.session.rollback()
    lock(CITY)
    if db.session.scalars(select(Installation)).first() is None:
        db.session.add(Installation(id=1, is_demo=demo))
    report = editions.load_seeds(SEEDS / "charter")
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
