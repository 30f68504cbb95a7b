"""Pages of a venue's staff list."""

from flask import Blueprint

from charter.staff.models import StaffLink

bp = Blueprint("staff", __name__, url_prefix="/venues/<int:venue_id>/staff")

__all__ = ["StaffLink", "bp"]
