"""Checking in by phone, without an account."""

from flask import Blueprint

bp = Blueprint("check_in", __name__, url_prefix="/check-in")
