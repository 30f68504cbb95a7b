"""What is read out of a venue's own list, and how jobs follow each other; without a database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from charter.core import clock
from charter.core.errors import Refused
from charter.staff import jobs, service, sheet, stints
from charter.staff.models import StaffJob, StaffMember
from charter.venues import sheets
from charter.venues.sheets import Faults
from tests.builders.staff import HEADINGS, as_csv, messy_list, workbook

pytestmark = pytest.mark.sqlite_only
TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def on_the_day(app: Flask) -> Iterator[None]:
    """A Friday in November, with the city's settings at hand."""
    with app.app_context(), clock.moved_to(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        yield


def faults_of(text: str) -> list[str]:
    with pytest.raises(Faults) as refused:
        sheet.of_text(text)
    return list(refused.value.lines)


def member(*rows: StaffJob) -> StaffMember:
    return StaffMember(id=1, venue_id=1, name="Sam", name_key="sam", jobs=list(rows))


def job(
    started: date | None, left: date | None = None, key: str = "bar", at: date = date(2026, 1, 5)
) -> StaffJob:
    recorded = datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
    return StaffJob(
        job=key, employer="venue", started_on=started, left_on=left, recorded_at=recorded
    )


def spans(found: StaffMember) -> list[tuple[str, date | None, date | None]]:
    return [(each.job, each.started_on, each.left_on) for each in stints.in_order(found.jobs)]


def test_jobs_and_employers_are_understood_in_peoples_own_words() -> None:
    for words, key in {"Bar": "bar", " BAR-back": "bar", "sia": "door", "DJ": "sound"}.items():
        assert jobs.written(words) == key
    assert (jobs.employer(""), jobs.employer("The Venue"), jobs.employer("agency")) == (
        "venue",
        "venue",
        "agency",
    )
    assert jobs.employer("Self employed") == jobs.employer("freelance") == "self-employed"
    for wrong in (jobs.written, jobs.employer):
        with pytest.raises(ValueError, match="“juggler”"):
            wrong("juggler")
    assert jobs.words("door", "agency") == "Door, an agency"
    assert jobs.words("gone-from-seed", "venue") == "Gone from seed"


def test_names_are_shortened_and_folded_within_their_columns() -> None:
    assert service.short_name("Sam Ó Néill") == "Sam N."
    assert service.initials("Ann (Annie) o'Neill Smith Jones") == "A.A.O."
    assert len(service.key_of("a" + "&" * 79)) <= 80
    assert service.key_of("  Brid O’Neill") == service.key_of("Bríd O'Neill")
    with pytest.raises(ValueError, match="Enter a name"):
        service.clean_name("– . –")


def test_a_messy_workbook_is_read_whole() -> None:
    found = sheet.of_file(messy_list(TODAY), "Staff (final) NEW.xlsx")
    assert len(found) == len({each.key for each in found}) == 60
    by_name = {each.name: each for each in found}
    assert by_name["Bríd O'Neill"].job == "floor"
    assert by_name["Jóse O'Neill"] == sheet.Entry(
        11, "Jóse O'Neill", "door", "agency", TODAY - timedelta(days=139), None
    )
    assert {each.employer for each in found} == {"", "venue", "agency"}
    assert all(each.started_on and each.started_on < TODAY for each in found)
    # One row in the middle is blank: numbers stay the sheet's own.
    assert [each.number for each in found] == [*range(2, 32), *range(33, 63)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_csv_file_is_read_in_whatever_way_it_was_saved(encoding: str) -> None:
    rows = [HEADINGS, ("Zoë D'Arcy", "barmaid", "", "1/3/2024", ""), ("Al", "chef", "", "", "")]
    found = sheet.of_file(as_csv(rows, ";").encode(encoding), "list.csv")
    assert [(e.name, e.job, e.started_on) for e in found] == [
        ("Zoë D'Arcy", "bar", date(2024, 3, 1)),
        ("Al", "kitchen", None),
    ]


def test_pasted_cells_need_no_headings_and_keep_their_numbers() -> None:
    found = sheet.of_text("Sam\tbar\nAl\tdoor\tagency\t2026-03-01\t2026-04-01")
    assert [(e.number, e.name, e.job, e.employer) for e in found] == [
        (1, "Sam", "bar", ""),
        (2, "Al", "door", "agency"),
    ]
    assert (found[1].started_on, found[1].left_on) == (date(2026, 3, 1), date(2026, 4, 1))
    assert sheet.of_text("JOB,  name\nbar, Sam")[0].name == "Sam"
    assert faults_of("Sam,bar\nAl\n=1,door") == [
        "Row 2: Job is missing",
        "Row 3: Name holds a formula. Type its value instead",
    ]
    assert faults_of("Sam,juggler") == ["Row 1: Job: “juggler” is none of the jobs in the template"]


def test_every_fault_of_every_row_is_told_at_once() -> None:
    lines = faults_of(
        "Name,Job,Employer,Started,Left\n"
        "Sam,juggler,circus,31/2/2026,\n"
        "Al,bar,,1/5/2026,1/4/2026\n"
        "...,bar,,,\n"
        f"{'x' * 81},bar,,,\n"
        "Mo,bar,,1/5/1906,1/5/2099\n"
        "MÓ,door,,,\n"
    )
    assert [line.partition(":")[0] for line in lines] == [
        *["Row 2"] * 3,
        "Row 3",
        "Row 4",
        "Row 5",
        *["Row 6"] * 2,
        "Row 7",
    ]
    assert lines[3] == "Row 3: Left is before Started"
    assert lines[-1].startswith("Row 7: MÓ is in row 6 too.")


def test_what_is_no_list_is_refused_in_words() -> None:
    assert faults_of("Name,Job\n") == ["There is nobody in this list"]
    assert "The heading “Id” is not one of the template's" in faults_of("Id,Name,Job\n1,Sam,bar")
    assert faults_of("Name,Employer\nSam,") == ["There is no column headed “Job”"]
    with pytest.raises(Faults, match="holds a formula"):
        sheet.of_file(workbook([HEADINGS, ("=A1", "bar", "", "", "")]), "list.xlsx")
    for form in ("csv", "xlsx"):
        with pytest.raises(Faults, match="nobody"):
            sheet.of_file(sheets.template(sheet.COLUMNS, form), f"list.{form}")


def test_a_job_changes_from_a_day_on_and_the_old_one_stays() -> None:
    sam = member(job(date(2026, 3, 1), left=TODAY + 30 * DAY))
    stints.move(sam, "floor", "venue", TODAY, 1)
    assert spans(sam) == [
        ("bar", date(2026, 3, 1), TODAY - DAY),
        ("floor", TODAY, TODAY + 30 * DAY),
    ]
    # Backdated: the days between become the other job's, and what came after stays.
    stints.move(sam, "door", "venue", date(2026, 5, 1), 1)
    assert [key for key, *_ in spans(sam)] == ["bar", "door", "floor"]
    assert spans(sam)[1] == ("door", date(2026, 5, 1), TODAY - DAY)
    with pytest.raises(Refused, match="will have left"):
        stints.move(sam, "bar", "venue", TODAY + 31 * DAY, 1)


def test_only_a_slip_is_put_right_in_its_place() -> None:
    for fresh in (job(TODAY), job(TODAY + DAY), job(date(2026, 3, 1), at=TODAY)):
        sam = member(fresh)
        stints.move(sam, "floor", "agency", min(TODAY, fresh.started_on or TODAY), 1)
        assert [key for key, *_ in spans(sam)] == ["floor"]
    with pytest.raises(Refused, match="since Sunday 1 March 2026"):
        stints.move(member(job(date(2026, 3, 1))), "floor", "venue", date(2026, 2, 1), 1)


def test_a_last_day_ends_the_job_that_runs_on_it() -> None:
    sam = member(job(None, left=TODAY - DAY), job(TODAY, key="floor"))
    stints.end(sam, TODAY + DAY)
    assert spans(sam) == [("bar", None, TODAY - DAY), ("floor", TODAY, TODAY + DAY)]
    stints.end(sam, TODAY)
    assert stints.last_day(sam) == TODAY
    with pytest.raises(Refused, match="before they started"):
        stints.end(sam, TODAY - DAY)
    with pytest.raises(Refused, match="left already"):
        stints.end(member(job(None, left=TODAY - DAY)), TODAY)
