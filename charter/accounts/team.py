"""Pages of who covers a venue, and of the office's own people."""

from flask import Blueprint

bp = Blueprint("team", __name__)
