"""A venue's pages of sessions: find one, book people, run one's own."""

from flask import Blueprint

from charter.sessions.models import TrainingSession

bp = Blueprint("sessions", __name__, url_prefix="/venues/<int:venue_id>/sessions")

__all__ = ["TrainingSession", "bp"]
