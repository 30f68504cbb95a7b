"""Pages of one's own account: signing in and out, second factor, password, sessions."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
