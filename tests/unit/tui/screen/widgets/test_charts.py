"""Shapes made of characters."""

from __future__ import annotations

import pytest

from tui.screen.widgets.charts import big_figures, drift_graph, graph_scale, link_bars
from tui.screen.widgets.text_layout import cells, centered, fit, pad, spread


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [(80, 9, 5), (46, 5, 5), (45, 5, 3), (80, 4, 3), (23, 3, 3), (22, 9, 1)],
)
def test_big_figures_are_a_rectangle_that_fits(width: int, height: int, rows: int) -> None:
    figures = big_figures("0:12:47", width, height)
    assert len(figures) == rows
    assert len({len(row) for row in figures}) == 1
    assert len(figures[0]) <= width


def test_every_digit_looks_different() -> None:
    assert len({tuple(big_figures(digit, 9, 3)) for digit in "0123456789-:"}) == 12


def test_ahead_is_above_the_middle_and_behind_below() -> None:
    above, below = drift_graph([10.0, 10.0], 1, 2, scale=10.0)
    assert (above, below) == ("⣿", "⠀")
    above, below = drift_graph([-10.0, -10.0], 1, 2, scale=10.0)
    assert (above, below) == ("⠀", "⣿")


def test_a_graph_shows_the_newest_samples_at_its_right_end() -> None:
    rows = drift_graph([50.0] * 100 + [None, 0.0], 3, 2, scale=50.0)
    assert rows == ["⣿⣿⢀", "⠀⠀⠀"]
    assert drift_graph([], 3, 2, scale=50.0) == ["⠀⠀⠀", "⠀⠀⠀"]


def test_the_scale_of_a_graph_is_round_and_large_enough() -> None:
    assert graph_scale([]) <= 10
    assert graph_scale([-38.0, None]) == 50
    assert graph_scale([1e9]) == 5000


def test_a_better_link_has_more_bars() -> None:
    lit = [len(link_bars(quality)[0]) for quality in ("lost", "poor", "fair", "good")]
    assert lit == [0, 1, 2, 3]
    assert len(link_bars("good", strong=True)[0]) == 4


def test_text_is_measured_in_cells() -> None:
    assert fit("映画館です", 6) == "映画…"
    assert pad("映画", 6) == "映画  "
    assert pad("a\nb\tc", 6, right=True) == " a b c"
    assert cells([("映画", "bold"), ("x", "")]) == 5


def test_the_right_end_of_a_line_stays_when_it_gets_narrow() -> None:
    shown = spread([("a very long title", "")], [("HOST", "")], 12).plain
    assert shown == "a very …HOST"
    assert spread([("ab", "")], [("HOST", "")], 8).plain == "ab  HOST"


def test_markup_in_foreign_text_is_text() -> None:
    nasty = "[@click=app.quit]x[/] [/]"
    assert centered([(nasty, "bold")], 40).plain.strip() == nasty
