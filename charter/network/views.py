"""The notice board."""

from flask import Blueprint

from charter.network.models import Notice

bp = Blueprint("network", __name__, url_prefix="/network")

__all__ = ["Notice", "bp"]
