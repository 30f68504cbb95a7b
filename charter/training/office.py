"""The office's pages of training in the whole city: coverage, new starters, and the spreadsheet."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from charter.core import clock
from charter.core.access import Permission, requires
from charter.staff import jobs
from charter.training import city, courses, starters, topics
from charter.training.city import By
from charter.training.courses import Part
from charter.training.tally import BRIEFING, CHAMPION, TRAINING, Numbers
from charter.training.topics import Topic
from charter.venues.models import Kind
from charter.venues.sheets import neutral

bp = Blueprint("training_office", __name__)
COLUMNS = (
    "venue", "area", "kind", "course", "job", "employer",
    "people", "trained", "due in 30 days", "lapsed", "never", "new starter", "as at",
)  # fmt: skip
LACKS: Mapping[str, str] = {
    "": "All",
    BRIEFING: "Not briefed",
    TRAINING: "Not trained in time",
}


def _topics() -> tuple[Topic, ...]:
    return (*topics.front_of_house(), *topics.of_part(Part.CHAMPION))


@bp.get("/office/training")
@requires(Permission.OFFICE_READ)
def index() -> str:
    """How the city stands with one course today, by area, by kind of venue or by job."""
    every = {each.key: each for each in _topics()}
    topic = every.get(request.args.get("course", "")) or next(iter(every.values()))
    asked = request.args.get("by", "")
    by = By(asked) if asked in set(By) else By.AREA
    found = city.coverage(topic.key, by, clock.today())
    return render_template(
        "training_office/index.html",
        topics=every.values(),
        topic=topic,
        by=by,
        ways=tuple(By),
        found=found,
        rows=_rows(by, found.rows),
        of_champions=topic.courses[0].part is Part.CHAMPION,
        today=clock.today(),
    )


def _rows(by: By, found: Mapping[str, Numbers]) -> list[tuple[str, str, Numbers]]:
    """Each row as its words, where it leads, and its numbers: by words, jobs as in the seed."""
    if by is By.JOB:
        order = [key for key in (CHAMPION, *jobs.jobs()) if key in found]
        order += sorted(found.keys() - set(order))
        return [(jobs.name(key), "", found[key]) for key in order]
    rows = [(_words(by, key), _venues(by, key), numbers) for key, numbers in found.items()]
    return sorted(rows, key=lambda row: _natural(row[0]))


def _natural(words: str) -> list[str | int]:
    """What sorts T2 before T10."""
    parts = re.split("([0-9]+)", words.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def _words(by: By, key: str) -> str:
    return (Kind(key).label.capitalize() if by is By.KIND else key) or "No area"


def _venues(by: By, key: str) -> str:
    if not key:
        return ""
    return (
        url_for("office.venues", area=key) if by is By.AREA else url_for("office.venues", kind=key)
    )


@bp.get("/office/training/starters", endpoint="starters")
@requires(Permission.OFFICE_READ)
def new_starters() -> str:
    """Venues whose new starters lack the briefing or the training, the longest wait first."""
    asked = request.args.get("lack", "")
    lack = asked if asked in LACKS else ""
    after = request.args.get("after", "")
    page = starters.page(clock.today(), lack=lack, after=after)
    return render_template(
        "training_office/starters.html",
        totals=starters.totals(clock.today()),
        rows=page.rows,
        kinds={kind.value: kind.label for kind in Kind},
        lacks=LACKS,
        lack=lack,
        next=url_for(".starters", lack=lack or None, after=page.after) if page.after else "",
        is_first=not after,
    )


@bp.get("/office/training.csv", endpoint="csv")
@requires(Permission.OFFICE_READ)
def spreadsheet() -> Response:
    """Every venue's counts by course, job and employer; nobody's name."""

    def lines() -> Iterator[str]:
        yield _written(COLUMNS)
        today = clock.today()
        for line in city.everything(today):
            yield _written(
                (
                    *(line.venue, line.area, Kind(line.kind).label),
                    *(courses.title(line.course), jobs.name(line.job)),
                    *(jobs.EMPLOYERS.get(line.employer, line.employer), *line.numbers),
                    today.isoformat(),
                )
            )

    return Response(
        stream_with_context(lines()),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="training.csv"'},
    )


def _written(row: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([neutral(cell) for cell in row])
    return out.getvalue()
