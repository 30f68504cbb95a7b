"""Pages of a venue's training: coverage, one person, other people's courses."""

from flask import Blueprint

bp = Blueprint("training", __name__, url_prefix="/venues/<int:venue_id>/training")
