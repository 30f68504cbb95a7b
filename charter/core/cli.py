"""The `flask trail` and `flask keys` commands."""

from typing import IO

import click
from flask.cli import AppGroup

from charter import config
from charter.core import letters, sealed, trail
from charter.core.db import CITY, commit, db, lock

trail_group = AppGroup("trail", help="The record of who did what.")


@trail_group.command("verify")
@click.option(
    "--heads",
    "kept",
    type=click.File("r", encoding="utf-8", errors="replace"),
    help="Heads that were kept elsewhere: the mails of the nights, saved as text.",
)
def trail_verify(kept: IO[str] | None) -> None:
    """Check every chain; name the first bad entry; print each head and count to keep elsewhere.

    Entries that were cut off at the end show only against heads that nobody here could change:
    give those that were mailed with --heads.
    """
    elsewhere = letters.trail_marks(kept.read()) if kept is not None else []
    if kept is not None and not elsewhere:
        raise click.ClickException("No head of the trail stands in that file")
    bad = 0
    for check in trail.verify(elsewhere):
        place = "city" if check.chain == CITY else f"venue {check.chain}"
        click.echo(f"{place}: {check.count} entries, head {check.head[:32]}")
        if check.fault:
            bad += 1
            click.echo(f"{place}: BAD: {check.fault}", err=True)
    if bad:
        raise click.ClickException(f"{bad} chains do not verify")


keys_group = AppGroup("keys", help="The keys of sealed columns.")


@keys_group.command("rotate")
def keys_rotate() -> None:
    """Seal everything again under `current` of secrets.toml. May be stopped and run again.

    First add a new key to [field_keys], name it in `current`, and restart; old keys must stay
    until this command has finished.
    """
    total = 0
    batches = sealed.rotate()
    while True:
        lock(CITY)
        done = next(batches, None)
        if done is None:
            db.session.rollback()
            break
        total += done
        commit()
    lock(CITY)
    trail.note("keys.rotated", "key", None, count=total, key=config.current().secrets.current)
    commit()
    click.echo(f"{total} values sealed under {config.current().secrets.current}.")
