"""Every word of a command becomes the option of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tui.cli import launch
from tui.cli.main import cli
from tui.cli.options import HostOptions, JoinOptions, SeatOptions

if TYPE_CHECKING:
    from collections.abc import Callable

Options = HostOptions | JoinOptions | SeatOptions

_SEAT_WORDS = (
    *("--name", "Ana", "--mpv", "vo=null", "--mpv", "ao=null", "--video", "none", "--plain"),
    *("--json", "--correction", "soft", "--trim", "-40", "--max-height", "720"),
    *("--trust-domain", "a.example", "--trust-domain", "b.example", "--lan-media"),
)
_SEAT = SeatOptions(
    name="Ana",
    mpv=("vo=null", "ao=null"),
    video="none",
    plain=True,
    as_json=True,
    correction="soft",
    trim_ms=-40.0,
    max_height=720,
    trusted_domains=("a.example", "b.example"),
    lan_media=True,
)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Options]:
    """What a command would launch."""
    launched: list[Options] = []

    def keep(options: Options) -> int:
        launched.append(options)
        return 0

    for command in ("host", "join", "demo"):
        monkeypatch.setattr(launch, command, keep)

    def run(*words: str) -> Options:
        result = CliRunner().invoke(cli, words, standalone_mode=False)
        assert result.exception is None, result.exception
        return launched.pop()

    return run


def test_a_host_s_words(typed: Callable[..., Options]) -> None:
    words = (
        *("host", "/a", "/b", "--server", "films.example", "--listen", ":1", "--lan"),
        *("--insecure-lan", "--play", "--no-wait", "--stream", "0123", "--take-over"),
        *("--tolerance", "300"),
    )
    assert typed(*words, *_SEAT_WORDS) == HostOptions(
        seat=_SEAT,
        media=("/a", "/b"),
        server="films.example",
        listen=":1",
        lan=True,
        insecure_lan=True,
        play=True,
        wait=False,
        returns=True,
        stream="0123",
        take_over=True,
        tolerance_ms=300,
    )
    assert typed("host", "/a") == HostOptions(media=("/a",))
    assert typed("host", "--return") == HostOptions(returns=True)


def test_a_guest_s_words(typed: Callable[..., Options]) -> None:
    assert typed("join", "x#y", "/a", "--insecure-lan", *_SEAT_WORDS) == JoinOptions(
        seat=_SEAT, invite="x#y", media="/a", insecure_lan=True
    )
    assert typed("join", "x#y") == JoinOptions(invite="x#y")


def test_the_demo_s_words(typed: Callable[..., Options]) -> None:
    assert typed("demo", *_SEAT_WORDS) == _SEAT
    assert typed("demo") == SeatOptions()
