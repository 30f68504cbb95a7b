"""The demo's inbox: every mail and second-factor code, on a clearly marked page."""

from flask import Blueprint

bp = Blueprint("demo", __name__, url_prefix="/demo")
