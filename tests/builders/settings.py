"""Settings of an installation, for tests that need no whole application."""

from pathlib import Path
from typing import Any

from flask import Flask

from charter import config


def make_settings(folder: Path, **overrides: Any) -> config.Settings:
    """A city called Testbury, with keys that are fixed, in a folder of its own."""
    values: dict[str, Any] = {
        "folder": folder,
        "demo": False,
        "database_url": f"sqlite:///{folder / 'charter.sqlite'}",
        "public_url": "https://charter.example",
        "is_public": True,
        "secrets": config.Secrets(
            session="t" * 48,
            trail=b"t" * 32,
            pepper=b"p" * 32,
            sample_seed=b"s" * 32,
            field_keys={"k1": b"k" * 32},
            current="k1",
        ),
        "city": config.City(
            city_name="Testbury",
            service_name="Night Safety Charter",
            charter_name="Women's Night Safety Charter",
            office_name="the night office",
            office_email="office@charter.example",
        ),
        "trusted_hosts": ("charter.example", "localhost"),
        "testing": True,
    }
    return config.Settings(**{**values, **overrides})


def make_bare_app(settings: config.Settings) -> Flask:
    """A Flask application that knows its settings and nothing else."""
    app = Flask("charter", static_folder=None)
    app.extensions["charter.settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secrets.session, SQLALCHEMY_DATABASE_URI=settings.database_url
    )
    return app
