"""A venue's pages of the briefing for tonight."""

from flask import Blueprint

from charter.briefings.models import BriefingPage

bp = Blueprint("briefings", __name__, url_prefix="/venues/<int:venue_id>/briefing")

__all__ = ["BriefingPage", "bp"]
