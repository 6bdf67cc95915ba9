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


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Makes test films, each once per run."""
    return Films(tmp_path_factory.mktemp("films"))
