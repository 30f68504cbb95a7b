"""A house whose night stands still."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from charter.core import clock
from tests.registers.house import NIGHT, House
from tests.visitor import Visitor


@pytest.fixture
def house(app: Flask, as_: Callable[[int], Visitor]) -> Iterator[House]:
    with clock.moved_to(NIGHT):
        yield House(app, as_)
