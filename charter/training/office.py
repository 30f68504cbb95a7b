"""The office's pages of training: the city's coverage, and other people's courses."""

from flask import Blueprint

bp = Blueprint("training_office", __name__, url_prefix="/office/training")
