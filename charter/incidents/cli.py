"""The `flask book` commands: each is one call to a service, and says plainly what it did."""

from typing import IO

import click
from flask.cli import AppGroup

from charter.core.db import CITY, commit, db, lock, steady
from charter.core.errors import Refused
from charter.incidents import chain, following, heads, reading, retention

group = AppGroup("book", help="The incident books; book 0 is the office's own series.")


@group.command("verify")
@click.option("--book", type=int, help="Only this book: the venue's number, or 0.")
@click.option(
    "--heads",
    "kept",
    type=click.File("r", encoding="utf-8", errors="replace"),
    help="Heads that were kept elsewhere: mails as text, or what `flask book heads` printed.",
)
def book_verify(book: int | None, kept: IO[str] | None) -> None:
    """Check every book line by line and entry by entry; name the first thing that is wrong.

    Lines that were cut off at the end show only against heads that nobody here could change:
    give those that were mailed with --heads.
    """
    elsewhere = heads.read(kept.read()) if kept is not None else []
    if kept is not None and not elsewhere:
        raise click.ClickException("No head of a book stands in that file")
    bad = 0
    db.session.rollback()
    steady()
    for check in chain.verify(book, elsewhere):
        place = _book_in_words(check.book)
        seal = chain.seal(bytes.fromhex(check.head))
        click.echo(f"{place}: {check.lines} lines, {check.entries} entries, seal {seal}")
        if check.fault:
            bad += 1
            click.echo(f"{place}: BAD: {check.fault}", err=True)
    db.session.rollback()
    if bad:
        raise click.ClickException(f"{bad} books do not verify")


@group.command("heads")
def book_heads() -> None:
    """Print how far every book has come, in the lines that are mailed and that --heads reads."""
    for mark in heads.today():
        click.echo(str(mark))


@group.command("release")
@click.argument("book", type=int)
@click.argument("number", type=int)
@click.option("--why", prompt="Why is it no longer needed?", help="Goes into the book.")
def book_release(book: int, number: int, why: str) -> None:
    """Let go of entry NUMBER of a BOOK that is kept for longer, where no one can in the pages.

    For a venue that has left: its words and names go in the next night.
    """
    lock(book)
    entry = reading.entry(book, number)
    try:
        if entry is None:
            raise Refused("There is no such entry")
        following.release(entry, retention.NOBODY, why=why.strip())
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(refused.words) from refused
    commit()
    click.echo(f"{_book_in_words(book)}: entry {number} is not kept for longer any more.")


def _book_in_words(book: int) -> str:
    return "the office's own series" if book == CITY else f"book {book}"
