"""A person's own jobs: which rows of which lists are them."""

from flask import Blueprint

bp = Blueprint("own_jobs", __name__, url_prefix="/account/jobs")
