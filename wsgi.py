"""The WSGI application."""

from charter.app import create_app

app = create_app()
