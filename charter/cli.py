"""The `flask` commands: each is one call to a service, and says plainly what it did."""

import os
import time
from pathlib import Path
from typing import IO

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from charter import config
from charter.accounts import invitations, notices
from charter.accounts import service as accounts
from charter.auditors import service as engagements
from charter.auditors import work as audit_work
from charter.audits import loading as audits
from charter.audits import reminders as to_mend
from charter.briefings import questions
from charter.certificates import cli as signing_commands
from charter.certificates import reminders as certificate_news
from charter.commitments import lapses, standing
from charter.core import cli as core_commands
from charter.core import clock, files, mail
from charter.core import heads as trail_heads
from charter.core.db import CITY, CityValue, commit, db, lock
from charter.core.errors import Refused
from charter.doors import retention as doors
from charter.editions import service as editions
from charter.incidents import cli as book_commands
from charter.incidents import heads
from charter.incidents import reminders as book_dates
from charter.incidents import retention as books
from charter.nightwalks import rules as night_walk_rules
from charter.nightwalks import sending as street_faults
from charter.nightwalks import service as night_walks
from charter.office import retention
from charter.sessions import reminders
from charter.signup import signatories
from charter.training import seeds as training_seeds
from charter.venues import fhrs, rules, sheets

SEEDS = config.ROOT / "seeds"
MAIL_EVERY_SECONDS = 5


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due, then stop.")
@with_appcontext
def worker(once: bool) -> None:
    """Send waiting mail and run the nightly work, again and again."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            _work()
        except SQLAlchemyError:
            # The database may be back in a moment; the next round does what this one could not.
            current_app.logger.exception("the worker could not do its round")
        finally:
            db.session.remove()
        if once:
            return
        time.sleep(MAIL_EVERY_SECONDS)


def _work() -> None:
    if config.current().smtp is not None:
        mail.deliver()
    _nightly_if_due()


def _nightly_if_due() -> None:
    done = db.session.get(CityValue, "nightly")
    db.session.rollback()
    due = clock.today().toordinal()
    # A clock that had jumped ahead and is right again leaves a day to come behind: not done, then.
    if (done and done.number == due) or clock.night_of(clock.now()) < clock.today():
        return  # done today, or last night is not over: a book's head is one of whole nights
    run_nightly()


def run_nightly(*, after_a_pause: bool = False) -> str:
    """What time alone calls for: restate standings, take away what is kept no longer."""
    restated = 0
    for count in standing.nightly():
        commit()
        restated += count
    for _venue_id in notices.nightly():
        commit()
    in_trouble = certificate_news.remind()
    told = lapses.tell(but_not=in_trouble)
    commit()
    reminded = reminders.remind()
    commit()
    mending = to_mend.remind()
    commit()
    mending += street_faults.remind()
    commit()
    lock(CITY)
    engagements.know_auditors()
    audit_work.tell()
    commit()
    done = [f"{told} champions told of a lapse."] if told else []
    done += [f"{reminded} champions reminded of a session."] if reminded else []
    done += [f"{mending} people reminded of something to mend."] if mending else []
    for words in retention.nightly(after_a_pause=after_a_pause):
        commit()
        done += [words] if words else []
    done += _books_tonight()
    heads_mailed = trail_heads.tell()
    commit()
    done += [f"{heads_mailed} heads of the trail mailed."] if heads_mailed else []
    lock(CITY)
    row = db.session.get(CityValue, "nightly") or CityValue(name="nightly", number=0)
    row.number = clock.today().toordinal()
    db.session.add(row)
    commit()
    _give_back()
    return "\n".join([f"{restated} venues restated.", *done])


def _books_tonight() -> list[str]:
    """Tell of dates in the incident books, and keep and mail how far each has come."""
    told = book_dates.remind()
    commit()
    sealed_books = 0
    for _book in heads.nightly():
        commit()
        sealed_books += 1
    heads.tell_office()
    commit()
    done = [f"{told} people told of a date in a book."] if told else []
    return done + ([f"{sealed_books} books sealed."] if sealed_books else [])


def _give_back() -> None:
    """Have the database let go of what was taken away: see `incidents.retention`."""
    engine = db.engine
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            log = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        if log[0]:
            current_app.logger.warning("the write-ahead log is in use: cut off the next night")
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM {', '.join((*books.TABLES, *doors.TABLES))}"))


@click.command("nightly")
@click.option(
    "--after-a-pause",
    is_flag=True,
    help="The machine stood still for more than 35 days: what was due meanwhile may go.",
)
@with_appcontext
def nightly(after_a_pause: bool) -> None:
    """Restate every venue's standing and take away what is kept no longer."""
    click.echo(run_nightly(after_a_pause=after_a_pause))


@click.command("seed")
@click.option("--check", is_flag=True, help="Only check the files; change nothing.")
@with_appcontext
def seed(check: bool) -> None:
    """Load the charter's editions and the questions of safety walks, and check seeds/training.

    Or name file and fault, and load nothing.
    """
    if not check:
        lock(CITY)
    faults, reports = _faults_in_training(), []
    for load, folder in ((audits.load_seeds, "audits"), (editions.load_seeds, "charter")):
        try:
            reports.append(str(load(SEEDS / folder, check=check)))
        except editions.Fault as fault:
            faults = [*fault.faults, *faults]
    try:
        night_walk_rules.kinds()
    except editions.Fault as fault:
        faults = [*fault.faults, *faults]
    if faults:
        db.session.rollback()
        raise click.ClickException("\n".join(faults))
    if not check:
        night_walks.load_recipients()
    commit()
    click.echo("\n".join(reversed(reports)))


def _faults_in_training() -> list[str]:
    folder = SEEDS / "training"
    faults = training_seeds.faults(folder)
    try:
        questions.read(folder / "questions.toml")
    except editions.Fault as fault:
        faults += fault.faults
    return faults


users_group = AppGroup("users", help="People who can sign in.")


@users_group.command("create-admin")
@click.argument("email")
def users_create_admin(email: str) -> None:
    """Print a link by which EMAIL becomes an office administrator. Works until there are two."""
    lock(CITY)
    try:
        link = invitations.first_administrator(email)
    except Refused as refused:
        raise click.ClickException(refused.words) from refused
    commit()
    click.echo(f"Give this link to {email}. It works once, for seven days:\n{link}")


@users_group.command("list")
def users_list() -> None:
    """List who works for the office, looks after a company's venues, or audits."""
    for label, rows in accounts.office_groups().items():
        for row in rows:
            closed = " (account closed)" if row.user.is_disabled else ""
            click.echo(f"{row.user_id}\t{label}\t{row.user.email}{closed}")


venues_group = AppGroup("venues", help="Bring venues in from open data and from sheets.")
INVITE_AT_ONCE = 50


@venues_group.command("import-fhrs")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--type",
    "types",
    multiple=True,
    default=(rules.NIGHT_TYPE,),
    show_default=True,
    help="A type of premises to take, as the file writes it. May be given again for more.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
def venues_import_fhrs(file: Path, types: tuple[str, ...], dry_run: bool) -> None:
    """Take venues from the Food Hygiene Rating Scheme's XML FILE, all of them or none."""
    lock(CITY)
    try:
        with click.progressbar(length=fhrs.item_count(file), label="Reading") as bar:
            outcome = fhrs.import_file(file, types, seen=bar.update)
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(refused.words) from refused
    _keep(dry_run)
    for line in outcome.lines:
        click.echo(line, err=True)
    for name, number in sorted(outcome.other_types.items()):
        click.echo(f"left out: {number} of type {name}")
    click.echo(
        f"{_done(dry_run)}: {outcome.new} new, {outcome.changed} changed, "
        f"{outcome.same} as before, {outcome.refused} not taken."
    )


@venues_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", required=True, help="E-mail address of the officer who vouches for the list.")
@click.option("--invite", is_flag=True, help="Then invite champions and managers, in batches.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
def venues_import(file: Path, by: str, invite: bool, dry_run: bool) -> None:
    """Bring in venues and past signatories from a FILE.csv or .xlsx, all of them or none."""
    lock(CITY)
    try:
        officer = signatories.officer(by)
        entries = signatories.read(sheets.read(file.read_bytes(), file.name, signatories.COLUMNS))
        with click.progressbar(length=len(entries), label="Writing") as bar:
            outcome = signatories.bring_in(entries, by=officer, seen=bar.update)
    except Refused as refused:
        db.session.rollback()
        raise click.ClickException(refused.words) from refused
    officer_id = officer.id
    _keep(dry_run)
    for line in outcome.lines:
        click.echo(line, err=True)
    click.echo(
        f"{_done(dry_run)}: {outcome.new} new venues, {outcome.signed} signed, "
        f"{outcome.already} signed before."
    )
    if invite and not dry_run:
        _invite(entries, officer_id)


def _invite(entries: list[signatories.Entry], officer_id: int) -> None:
    made = 0
    with click.progressbar(length=len(entries), label="Inviting") as bar:
        for start in range(0, len(entries), INVITE_AT_ONCE):
            batch = entries[start : start + INVITE_AT_ONCE]
            lock(CITY)
            officer = accounts.person(officer_id)
            if officer is None:
                raise click.ClickException("That account is gone")
            count, lines = signatories.invite(batch, by=officer)
            commit()
            made += count
            bar.update(len(batch))
            for line in lines:
                click.echo(line, err=True)
    click.echo(f"{made} invitations are on their way.")


@venues_group.command("template")
@click.option("--format", "file_format", type=click.Choice(["csv", "xlsx"]), default="xlsx")
@click.option(
    "--output", type=click.File("wb"), default="-", help="File to write; standard output if none."
)
def venues_template(file_format: str, output: IO[bytes]) -> None:
    """Write an empty sheet to fill in for `flask venues import`."""
    output.write(sheets.template(signatories.COLUMNS, file_format))


def _keep(dry_run: bool) -> None:
    if dry_run:
        db.session.rollback()
    else:
        commit()


def _done(dry_run: bool) -> str:
    return "Nothing was changed. It would be" if dry_run else "Done"


@click.command("status")
@with_appcontext
def status() -> None:
    """Say what kind of installation this is and what waits."""
    settings = config.current()
    click.echo(f"{'demo' if settings.demo else 'city'} at {settings.public_url}")
    click.echo(f"tables: {len(inspect(db.engine).get_table_names())}")
    click.echo(f"mail waiting: {mail.waiting()}{'' if settings.smtp else ' (no SMTP_HOST set)'}")
    for stored in files.missing():
        click.echo(f"file of row {stored.id} is missing or changed", err=True)


def init_app(app: Flask) -> None:
    """Register every command."""
    for command in (
        worker,
        nightly,
        seed,
        venues_group,
        core_commands.trail_group,
        book_commands.group,
        core_commands.keys_group,
        signing_commands.group,
        users_group,
        status,
    ):
        app.cli.add_command(command)
