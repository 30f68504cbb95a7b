"""The briefing as a new starter reads it, without an account."""

from flask import Blueprint

bp = Blueprint("tonight", __name__, url_prefix="/tonight")
