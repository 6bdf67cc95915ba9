"""The table of faults names tests and commands that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE))


def test_each_fault_has_its_row() -> None:
    assert list(map(int, ROWS)) == list(range(1, len(ROWS) + 1))


def test_each_row_names_tests_that_there_are() -> None:
    for number, row in ROWS.items():
        source = ""
        for word in re.findall(r"`([^` ]+)`", row.rpartition(" | ")[2]):
            if word.endswith(".py"):
                folder = ROOT if "/" in word else ROOT / "tests" / "integration"
                source = (folder / word).read_text(encoding="utf-8")
            elif word.startswith("test_"):
                assert f"def {word}(" in source, (number, word)


def test_each_row_names_commands_that_there_are() -> None:
    for number, row in ROWS.items():
        for script, _, name in re.findall(r"`scripts/(\w+)( (\w+))?`", row):
            assert (ROOT / "scripts" / script).is_file(), (number, script)
            places = [ROOT / "bench" / f"{name}.py", ROOT / "bench" / "soak" / f"{name}.py"]
            assert not name or any(place.is_file() for place in places), (number, name)
