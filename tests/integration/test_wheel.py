"""The wheel, installed from the registry into a clean environment, runs anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {"protocol", "player", "tui", "server_stub"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def run(*command: str | Path) -> str:
    done = subprocess.run(
        command, cwd="/", env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean_environment() -> dict[str, str]:
    """Nothing that would let the checkout be found instead of the wheel."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {key: value for key, value in os.environ.items() if key not in hidden}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def matinee(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a clean environment that has nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder)
    pip = (folder / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check")
    run(*pip, "install", "--no-input", "--no-compile", "-c", ROOT / "constraints.txt", wheel)
    return folder / "bin" / "matinee"


@contextlib.contextmanager
def started(*command: str | Path) -> Generator[subprocess.Popen[str]]:
    """A process in a group of its own, which is ended as a whole."""
    with subprocess.Popen(
        command,
        cwd="/",
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_the_wheel_holds_our_packages_and_the_film_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == PACKAGES
    assert "tui/demo/film.mp4" in names


def test_the_wheel_says_its_version_from_anywhere(matinee: Path) -> None:
    assert "0.1.0" in run(matinee, "--version")


def test_the_wheel_plays_the_demo_from_anywhere(matinee: Path) -> None:
    seen: set[str] = set()
    with started(matinee, "demo", "--json") as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            event: dict[str, Any] = json.loads(line)
            if event.get("event") == "status" and event.get("state") == "playing":
                seen.add(str(event.get("role")))
            if seen == {"host", "viewer"}:
                break
    assert seen == {"host", "viewer"}
