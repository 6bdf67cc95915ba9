"""Fixtures that every test may use."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.films import Films

# A busy machine is no failure of a property; in CI the same examples run each time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes, what is about real time runs in one, a test after the other."""
    for item in items:
        folder, name = item.path.parent.name, item.path.name
        if folder == "integration":
            is_media = not name.startswith(("test_server_", "test_postgres_"))
            item.add_marker(pytest.mark.xdist_group("media" if is_media else "server"))


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Makes test films, each once per run."""
    return Films(tmp_path_factory.mktemp("films"))
