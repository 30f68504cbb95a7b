"""Attacks take their time: none of them is part of the inner loop."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("slow")
