"""Concatenation lists."""

from __future__ import annotations

from player.media.manifests.concat import written_concat


def test_each_part_has_its_seconds_and_the_options_of_its_connection() -> None:
    text = written_concat([("http://a/1", 4.0), ("http://a/2", 2.5)], {"http_proxy": "http://p"})
    assert text == (
        "ffconcat version 1.0\n"
        "file 'http://a/1'\nduration 4.000000\noption http_proxy 'http://p'\n"
        "file 'http://a/2'\nduration 2.500000\noption http_proxy 'http://p'\n"
    )


def test_no_word_can_end_its_line_or_its_quotes() -> None:
    text = written_concat([("http://a/'\nfile /etc/passwd", 1.0)], {"referer": "", "x": "'"})
    assert text == (
        "ffconcat version 1.0\n"
        "file 'http://a/'\\''file /etc/passwd'\nduration 1.000000\noption x ''\\'''\n"
    )
