"""The jobs people have at night, read once from their seed file, and who employs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from charter import config
from charter.core.seed import KEY, Fault, tables
from charter.venues.rules import folded

SEED = config.ROOT / "seeds" / "training" / "jobs.toml"
EMPLOYERS: Mapping[str, str] = {
    "venue": "the venue",
    "agency": "an agency",
    "self-employed": "self-employed",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `customers`: counts as front of house; `in_charge`: somebody to go to on the shift.

    `also` are other words that people write for it.
    """

    key: str
    name: str
    customers: bool
    in_charge: bool = False
    also: tuple[str, ...] = ()


def read(path: Path) -> tuple[Job, ...]:
    """The jobs in a seed file, in its order. Raises `seed.Fault` with every fault in it."""
    found, faults = tables(path, "job")
    made = []
    for table in found:
        made.append(
            Job(
                key=table.name_of("key", KEY),
                name=table.text("name") or "",
                customers=table.flag("customers"),
                in_charge=table.flag("in_charge", False),
                also=table.words("also", ()),
            )
        )
        table.finish()
    words = [
        word
        for job in made
        for word in {folded(each) for each in (job.key, job.name, *job.also)}
        if word
    ]
    twice = sorted({word for word in words if words.count(word) > 1})
    faults += [f"{path}: two jobs are written as “{word}”" for word in twice]
    if faults:
        raise Fault(faults)
    return tuple(made)


@cache
def jobs() -> Mapping[str, Job]:
    """Every job by its key, in the order in which they are offered."""
    return {job.key: job for job in read(SEED)}


def name(key: str) -> str:
    """What a job is called; a key that is no longer in the seed is its own name."""
    job = jobs().get(key)
    return job.name if job else key.replace("-", " ").capitalize()


def words(key: str, employed_by: str) -> str:
    """A job as a line says it, with who employs them if it is not the venue: "Door, an agency"."""
    if employed_by == "venue":
        return name(key)
    return f"{name(key)}, {EMPLOYERS.get(employed_by, employed_by)}"


@cache
def _by_words() -> Mapping[str, str]:
    words: dict[str, str] = {}
    for job in jobs().values():
        for each in (job.key, job.name, *job.also):
            words.setdefault(folded(each), job.key)
    return words


def written(typed: str) -> str:
    """The key of the job that somebody wrote in their own words. Raises ValueError in words."""
    found = _by_words().get(folded(typed))
    if found is None:
        raise ValueError(f"“{typed[:30]}” is none of the jobs in the template")
    return found


def employer(typed: str) -> str:
    """The key of the employer that somebody wrote; nothing written means the venue."""
    asked = folded(typed)
    if not asked:
        return "venue"
    for key, label in EMPLOYERS.items():
        if asked in (folded(key), folded(label), folded(label.removeprefix("an "))):
            return key
    if asked in ("us", "we", "employed", "employee", "in house", "permanent", "casual"):
        return "venue"
    if asked in ("freelance", "freelancer", "contractor", "self"):
        return "self-employed"
    raise ValueError(f"“{typed[:30]}” is none of: venue, agency, self-employed")
