"""The office's pages of sessions: plan them, the room's code, the register."""

from flask import Blueprint

bp = Blueprint("sessions_office", __name__, url_prefix="/office/sessions")
