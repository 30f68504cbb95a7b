"""The pages of a champion who goes and of one who comes."""

from flask import Blueprint

bp = Blueprint("handover", __name__, url_prefix="/venues/<int:venue_id>")
