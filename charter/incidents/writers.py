"""Whose team somebody who writes is of: by their job here, else by what their account may do."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from charter.core.db import db
from charter.incidents.choices import Team
from charter.incidents.service import Writer
from charter.staff import stints
from charter.staff.jobs import jobs
from charter.staff.models import StaffMember

DOOR = "door"


def of_account(venue_id: int, user_id: int, *, manages: bool) -> Writer:
    """Somebody signed in. Their job counts if they tied their account to the venue's list."""
    rows = db.session.scalars(
        select(StaffMember)
        .where(StaffMember.venue_id == venue_id, StaffMember.user_id == user_id)
        .options(selectinload(StaffMember.jobs))
    ).all()
    teams = {team for row in rows if (team := _team(row)) is not None}
    own = next((team for team in _ORDER if team in teams), None)
    team = own or (Team.MANAGEMENT if manages else Team.FLOOR)
    return Writer(team=team, user_id=user_id, manages=manages)


def of_member(member: StaffMember) -> Writer:
    """Somebody of the list, on the venue's own phone: they write, and manage nothing."""
    return Writer(team=_team(member) or Team.FLOOR, member_id=member.id)


_ORDER = (Team.MANAGEMENT, Team.DOOR, Team.FLOOR)


def _team(member: StaffMember) -> Team | None:
    """The team of somebody's jobs today, or None if they have none."""
    running = [job.job for job in stints.jobs_now(member)]
    known = [jobs()[key] for key in running if key in jobs()]
    if any(job.in_charge for job in known):
        return Team.MANAGEMENT
    if any(job.key == DOOR for job in known):
        return Team.DOOR
    return Team.FLOOR if running else None
