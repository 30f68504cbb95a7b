"""The demo city of a worker, and somebody's browser in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.engines import Databases
from tests.pages.browsers import Browsers
from tests.pages.city import City, build, opened


@pytest.fixture(scope="session")
def city(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The demo city: built once for all workers, served to this one from a copy of its own."""
    built = databases.folder / "city"
    with databases.once("city") as is_first:
        if is_first:
            build(built)
    with opened(built, _home(tmp_path_factory)) as found:
        yield found


def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages") / "city"


@pytest.fixture(scope="session")
def browsers(browser: Browser, city: City, databases: Databases) -> Iterator[Browsers]:
    """Everybody's browsers in the city, with scripts and without."""
    found = Browsers(browser, city, databases.folder)
    yield found
    found.close()
