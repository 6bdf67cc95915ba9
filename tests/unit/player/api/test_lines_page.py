"""The page about a seat's lines says what they are."""

from __future__ import annotations

from pathlib import Path

from tests.lines_page import lines_page


def test_the_page_is_what_the_types_say() -> None:
    page = Path(__file__).parents[4] / "docs" / "lines.md"
    assert page.read_text(encoding="utf-8") == lines_page(), (
        "make it anew: python -m tests.lines_page > docs/lines.md"
    )
