"""Pages of spot checks, the venue's own and the office's."""

from flask import Blueprint

bp = Blueprint("checks", __name__, url_prefix="")
