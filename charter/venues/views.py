"""Pages of a venue's own profile: identity, licence, zones, closures."""

from flask import Blueprint

bp = Blueprint("venues", __name__, url_prefix="/venues/<int:venue_id>/profile")
