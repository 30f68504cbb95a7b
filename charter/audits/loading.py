"""Loads the templates of space audits from their seeds, and hands each edition out as it was."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select

from charter.audits.models import AuditTemplate
from charter.audits.template import Template, faults_after, parse
from charter.core import trail
from charter.core.db import db
from charter.core.seed import Fault
from charter.venues import zones


@dataclass(frozen=True, slots=True)
class Report:
    """What loading did: templates whose edition is new, and those that are as they were."""

    new: tuple[str, ...]
    same: tuple[str, ...]

    def __str__(self) -> str:
        said = [f"{name}: new" for name in self.new]
        said += [f"{name}: nothing changed" for name in self.same]
        return f"Questions of safety walks: {'; '.join(said)}."


def load_seeds(folder: Path, *, check: bool = False) -> Report:
    """Load every `*.toml` of a folder, or only judge them (`check`).

    Raises `Fault` naming each file and fault, and then nothing is loaded. Writing needs the city's
    lock.
    """
    faults: list[str] = []
    stored, new, same = _stored(check), list[tuple[Template, dict[str, Any]]](), list[str]()
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            body = _read(path)
            found = parse(body, str(path), _zones())
        except Fault as fault:
            faults += fault.faults
            continue
        if found.key in seen:
            faults.append(f"{path}: template {found.key} is also in {seen[found.key].name}")
        seen[found.key] = path
        faults += [f"{path}: {each}" for each in faults_after(stored[found.key], found)]
        if found in stored[found.key]:
            same.append(_named(found))
        else:
            new.append((found, body))
    if not seen:
        faults.append(f"{folder}: holds no template of a space audit (*.toml)")
    if faults:
        raise Fault(faults)
    if not check:
        _store(new)
    return Report(tuple(_named(found) for found, _ in new), tuple(same))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Fault([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault([f"{path}: is not TOML: {error}"]) from error


def _named(found: Template) -> str:
    return f"{found.key}, edition {found.edition}"


def _zones() -> list[str]:
    return [each.key for each in zones.kinds()]


def _stored(check: bool) -> Mapping[str, list[Template]]:
    found: dict[str, list[Template]] = defaultdict(list)
    if check and not inspect(db.session.connection()).has_table(AuditTemplate.__tablename__):
        return found
    order = (AuditTemplate.key, AuditTemplate.edition)
    for row in db.session.scalars(select(AuditTemplate).order_by(*order)):
        found[row.key].append(_kept(row))
    return found


def _kept(row: AuditTemplate) -> Template:
    # A zone that is no longer in the seed of zones was one when this was loaded.
    there = [each.get("zone", "") for each in row.body["question"]]
    return parse(row.body, f"{row.key}, edition {row.edition}", there)


def _store(new: list[tuple[Template, dict[str, Any]]]) -> None:
    for found, body in new:
        db.session.add(AuditTemplate(key=found.key, edition=found.edition, body=body))
        trail.note("audit-template.loaded", "audit_template", None, template=found.key,
                   edition=found.edition)  # fmt: skip
    db.session.flush()


def template(key: str, edition: int) -> Template:
    """One edition of a template, with the words it had when it was loaded. Raises LookupError."""
    row = db.session.get(AuditTemplate, (key, edition))
    if row is None:
        raise LookupError(f"no edition {edition} of {key} was ever loaded")
    return _kept(row)


def current(key: str) -> Template:
    """The newest edition of a template: what an audit that begins now is asked."""
    query = select(AuditTemplate).where(AuditTemplate.key == key)
    row = db.session.scalar(query.order_by(AuditTemplate.edition.desc()).limit(1))
    if row is None:
        raise LookupError(f"no edition of {key} was ever loaded")
    return _kept(row)
