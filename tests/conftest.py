"""Fixtures that every test may use: an application on a real database, and visitors to it."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache

from charter import config
from charter.accounts.models import User
from charter.app import create_app
from charter.core.db import db
from tests.browser import browser, pytest_collection_modifyitems
from tests.builders.accounts import sign_in_as
from tests.engines import (
    ENGINES,
    ENGINES_IN_TIME,
    SQLITE,
    Databases,
    databases,
    pytest_configure,
    pytest_configure_node,
)
from tests.visitor import Visitor

# Hooks and fixtures that pytest finds here because they stand here.
__all__ = (
    "browser",
    "databases",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_configure_node",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on both engines, unless it says that one is enough (for now)."""
    own = any("engine" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "engine" in metafunc.fixturenames and not own:
        marks = {mark.name for mark in metafunc.definition.iter_markers()}
        engines = ENGINES_IN_TIME if "long_on_postgresql" in marks else ENGINES
        engines = (SQLITE,) if "sqlite_only" in marks else engines
        metafunc.parametrize("engine", engines, scope="function")


def settings_for(url: str, folder: Path) -> config.Settings:
    """Settings of an application under test: its keys are fixed, its city is invented."""
    return config.Settings(
        folder=folder,
        demo=False,
        database_url=url,
        public_url="https://charter.example",
        is_public=True,
        secrets=config.Secrets(
            session="t" * 48,
            trail=b"trail" * 7,
            pepper=b"pepper" * 6,
            sample_seed=b"sample" * 6,
            field_keys={"k1": base64.b64decode("QUFB" * 10 + "QUE=")},
            current="k1",
        ),
        city=config.City(
            city_name="Testbury",
            service_name="Night Safety Charter",
            charter_name="Women's Night Safety Charter",
            office_name="the night office",
            office_email="office@charter.example",
            edition="bristol-2024",
        ),
        trusted_hosts=("charter.example", "localhost", "127.0.0.1"),
        testing=True,
    )


@pytest.fixture
def database_url(
    engine: str, databases: Databases, tmp_path: Path, worker_id: str
) -> Iterator[str]:
    """A fresh database with every table in it, always at one address, so that apps can be kept."""

    def migrate(url: str) -> None:
        made = create_app(settings_for(url, tmp_path))
        with made.app_context():
            upgrade()
            db.engine.dispose()

    with databases.fresh(engine, migrate, worker_id) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> config.Settings:
    """The settings the application of this test is made with; override to change one."""
    return settings_for(database_url, tmp_path)


@pytest.fixture(scope="session")
def kept_apps() -> dict[str, Flask]:
    """Applications by database address: making one takes longer than most tests do."""
    return {}


@pytest.fixture
def app(
    settings: config.Settings, databases: Databases, kept_apps: dict[str, Flask]
) -> Iterator[Flask]:
    """The application. Never hold its context open around a visitor's requests."""
    settings.folder.mkdir(exist_ok=True)
    own = replace(settings, public_url="https://localhost")
    made = kept_apps.get(own.database_url)
    if made is None:
        made = kept_apps[own.database_url] = fresh_app(own, databases)
    extensions = dict(made.extensions)
    made.extensions["charter.settings"] = own
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
    made.extensions.clear()
    made.extensions.update(extensions)


@pytest.fixture
def own_app(settings: config.Settings, databases: Databases) -> Iterator[Flask]:
    """An application that a test may take apart: nobody else gets it."""
    settings.folder.mkdir(exist_ok=True)
    made = fresh_app(replace(settings, public_url="https://localhost"), databases)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def fresh_app(settings: config.Settings, databases: Databases) -> Flask:
    """A new application whose templates are compiled once for all tests."""
    made = create_app(settings)
    cache = databases.folder / "templates"
    cache.mkdir(exist_ok=True)
    made.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(cache))
    return made


@pytest.fixture
def client(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def as_(app: Flask) -> Callable[[User | int], Visitor]:
    """`as_(user)` is a visitor signed in as that person (or person's id)."""

    def signed_in(user: User | int) -> Visitor:
        visitor = Visitor(app)
        sign_in_as(visitor.client, user)
        return visitor

    return signed_in
