"""The `flask signing` commands: the keys that sign certificates."""

from collections.abc import Callable

import click
from flask.cli import AppGroup

from charter.certificates import signing
from charter.certificates.models import SigningKey
from charter.core import clock
from charter.core.db import CITY, commit, db, lock
from charter.core.errors import Refused

group = AppGroup("signing", help="The keys that sign certificates.")


@group.command("keys")
def signing_keys() -> None:
    """List every key, newest first: number, fingerprint, where it is, and whether it signs."""
    for row in signing.every_key():
        state = "signs"
        if row.withdrawn_at:
            state = f"withdrawn {clock.local(row.withdrawn_at):%Y-%m-%d}: {row.withdrawn_because}"
        elif row.retired_at:
            state = f"replaced {clock.local(row.retired_at):%Y-%m-%d}"
        click.echo(f"{row.id}\t{row.name}\t{row.holder}\t{state}")


@group.command("new")
def signing_new() -> None:
    """Make a new key that signs from now on. What the one before signed still verifies."""
    _take_key(signing.make)


@group.command("token")
def signing_token() -> None:
    """Let the key of the PKCS#11 token in the settings sign from now on."""
    _take_key(signing.take_from_token)


def _take_key(verb: Callable[[], SigningKey]) -> None:
    lock(CITY)
    try:
        row = verb()
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(refused.words) from refused
    number, name = row.id, row.name
    commit()
    click.echo(f"Key {number} signs from now on: {name}")


@group.command("withdraw")
@click.argument("number", type=int)
@click.option("--why", prompt="Why is it not to be trusted?", help="Everybody may read it.")
def signing_withdraw(number: int, why: str) -> None:
    """Withdraw key NUMBER: files signed with it say so from now on. Cannot be undone."""
    lock(CITY)
    try:
        row = signing.withdraw(number, why.strip()[:300])
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(refused.words) from refused
    name = row.name
    commit()
    click.echo(f"Key {number} is withdrawn: {name}")
