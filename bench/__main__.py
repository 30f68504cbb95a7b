"""`python -m bench`: fill, serve, measure, and print what came out against the goals."""

import argparse
import contextlib
import itertools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from flask import Flask
from psycopg import sql

from bench import dataset, floor, goals, pages
from bench.client import Figures, measure
from bench.servers import Machine, Server, serving
from charter import config, install
from charter.app import create_app
from charter.certificates import pdf, rules
from charter.core import clock
from charter.core.db import db
from charter.editions import service as editions
from tests.engines import POSTGRESQL, SQLITE, Databases

QUIET = 8.0  # per cent of the machine that others may take before figures mean little
Says = Callable[[str], object]
Place = Callable[[str], str]


def main() -> int:
    """Run the benchmark; 1 when --strict and a goal is missed."""
    options = _options()
    began = time.perf_counter()
    say = partial(print, flush=True)
    with tempfile.TemporaryDirectory(prefix="charter-bench-") as name:
        folder = Path(name)
        with _databases(options.engine, folder) as place:
            runs = [
                _run(venues, place, folder / str(venues), options, say) for venues in options.venues
            ]
    results = [each for run in runs for each in goals.against_floor(run)]
    for small, large in itertools.pairwise(runs):
        results += goals.against_itself(small, large)
    missed = _print_goals(results)
    say(f"\n{missed} of {len(results)} goals missed. {time.perf_counter() - began:.0f} s in all.")
    return int(bool(options.strict and missed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--engine", choices=(SQLITE, POSTGRESQL), default=SQLITE)
    parser.add_argument("--venues", type=int, nargs="+", default=[250, 2500], metavar="N")
    parser.add_argument("--quick", action="store_true", help="one short repetition of each page")
    parser.add_argument("--strict", action="store_true", help="fail when a goal is missed")
    options = parser.parse_args()
    options.seconds, options.repeat = (0.3, 1) if options.quick else (1.0, 3)
    return options


@contextlib.contextmanager
def _databases(engine: str, folder: Path) -> Iterator[Place]:
    """What gives the address of a new, empty database by its name."""
    if engine == SQLITE:
        yield lambda name: f"sqlite:///{folder / name}.sqlite"
        return
    with contextlib.closing(Databases.open()) as databases:
        cluster = databases.cluster()

        def place(name: str) -> str:
            named = sql.Identifier(name)
            cluster.execute(sql.SQL("CREATE DATABASE {} OWNER charter").format(named))
            return cluster.url(name)

        yield place


def _run(
    venues: int, place: Place, folder: Path, options: argparse.Namespace, say: Says
) -> goals.Run:
    folder.mkdir()
    ours, bare = place(f"ours_{venues}"), place(f"floor_{venues}")
    floor.fill(bare, venues)
    install.write_settings(folder, False)
    city = folder / "city.toml"
    # None is drawn for review, so that every renewal measured is the same work.
    city.write_text(re.sub(r"review_share = [\d.]+", "review_share = 0", city.read_text()))
    environ = {"INSTANCE": str(folder), "DEMO": "0", "DATABASE_URL": ours}
    app = create_app(config.load(environ))
    with app.app_context():
        install.prepare(False)
        db.session.remove()
    made = dataset.make(app, venues)
    say(
        f"\n{venues:,} venues on {options.engine}: filled in {made.fill_seconds:.1f} s, "
        f"every standing taken in {made.restand_seconds:.1f} s "
        f"({made.restand_seconds / venues * 1000:.1f} ms a venue); "
        + ", ".join(f"{count} {what}" for what, count in made.standing_counts.items())
    )
    log = folder / "server.log"
    with (
        serving("bench.floor:app", {"FLOOR_DATABASE": bare}, log) as bare_server,
        serving("wsgi:app", environ, log) as our_server,
    ):
        run = _measure(app, made, bare_server, our_server, options, say)
    with app.app_context():
        db.engine.dispose()
    _print_run(run, say)
    return run


def _measure(
    app: Flask,
    made: dataset.Made,
    bare_server: Server,
    our_server: Server,
    options: argparse.Namespace,
    say: Says,
) -> goals.Run:
    wire = pages.Wire(app)
    ours, bare = pages.of_ours(made), pages.of_floor()
    statements, sizes = {}, {}
    for page in ours:
        count, answer = wire.count(app, page)
        if answer.status_code != page.expect:
            raise SystemExit(f"{page.title}: {answer.status_code}\n{answer.text[:3000]}")
        statements[page.name], sizes[page.name] = count, len(answer.data)
    machine = Machine()
    figures: dict[tuple[str, str, int], list[Figures]] = {}
    for _, callers in itertools.product(range(options.repeat), (1, 8)):
        for each in bare:
            figures.setdefault(("floor", each.name, callers), []).append(
                measure(
                    bare_server,
                    itertools.repeat(each.request).__next__,
                    each.expect,
                    seconds=options.seconds,
                    callers=callers,
                )
            )
        for page in ours:
            figures.setdefault(("ours", page.name, callers), []).append(
                measure(
                    our_server,
                    wire.following(page),
                    page.expect,
                    seconds=options.seconds,
                    callers=callers,
                )
            )
    share = machine.foreign_share()
    if share is not None:
        loud = ": TOO MUCH, believe no ratio near its limit" if share > QUIET else ""
        say(f"others took {share:.0f} % of the machine meanwhile{loud}")

    def cells(side: str, names: list[str]) -> dict[str, goals.Cell]:
        return {
            name: goals.Cell(tuple(figures[side, name, 1]), tuple(figures[side, name, 8]))
            for name in names
        }

    return goals.Run(
        venues=made.venues,
        floor=cells("floor", [each.name for each in bare]),
        ours=cells("ours", [page.name for page in ours]),
        against={page.name: page.floor for page in ours},
        statements=statements,
        sizes=sizes,
        draw_ms=_draw_ms(app),
    )


def _draw_ms(app: Flask) -> float:
    """How long it takes to draw one certificate, in milliseconds, once everything is loaded."""
    times = []
    with app.app_context():
        edition = editions.current()
        for number in range(1, 13):
            code = rules.new_code(number.to_bytes(rules.CODE_BYTES, "big"))
            facts = dataset.specimen(number, edition, code, clock.today())
            start = time.perf_counter()
            pdf.draw(facts)
            times.append((time.perf_counter() - start) * 1000)
        db.session.remove()
    return median(times[2:])


def _print_run(run: goals.Run, say: Says) -> None:
    say(
        f"{'':<26}{'one caller':>32}{'eight callers':>25}{'of the floor':>23}\n"
        f"{'milliseconds':<26}{'best':>8}{'p50':>8}{'p95':>8}{'CPU':>8}{'p50':>9}{'p95':>8}"
        f"{'req/s':>8}{'p50':>9}{'best':>7}{'CPU':>7}{'SQL':>5}{'bytes':>9}"
    )
    for name, cell in run.floor.items():
        say(f"{'floor: ' + name:<26}{_times(cell)}")
    for name, cell in run.ours.items():
        bare = run.floor[run.against[name]]
        say(
            f"{goals.NAMES[name]:<26}{_times(cell)}{run.ratio(name):>9.1f}"
            f"{cell.best / bare.best:>7.1f}{cell.cpu / max(bare.cpu, 0.01):>7.1f}"
            f"{run.statements[name]:>5}{run.sizes[name]:>9,}"
        )
    say(f"{'certificate, drawn anew':<26}{run.draw_ms:>8.2f}")


def _times(cell: goals.Cell) -> str:
    busy = cell.busy
    return (
        f"{cell.best:>8.2f}{cell.p50:>8.2f}{cell.p95:>8.2f}{cell.cpu:>8.2f}"
        f"{busy.p50:>9.2f}{busy.p95:>8.2f}{busy.per_second:>8.0f}"
    )


def _print_goals(results: list[goals.Result]) -> int:
    print(f"\n{'goal':<6}{'what':<62}{'got':>8}{'limit':>9}")
    for each in results:
        sign = ">=" if each.at_least else "<="
        verdict = "met" if each.met else "MISSED"
        print(
            f"{each.goal:<6}{each.what:<62}{each.value:>8.2f}{sign:>4}{each.limit:>5g}  {verdict}"
        )
    return sum(not each.met for each in results)


if __name__ == "__main__":
    sys.exit(main())
