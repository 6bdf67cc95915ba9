"""What this machine has and lacks for a party, each in one line with its remedy."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import time
from importlib import metadata
from typing import TYPE_CHECKING, Final

from player.api.capabilities import has_display, mpv_version, named_proxies
from protocol.exceptions import MatineeError, SettingsError
from tui.doctor import hosting as doctor_server
from tui.doctor import logins as doctor_logins
from tui.doctor.report import Check
from tui.settings import load_settings, settings_file
from tui.storage import paths
from tui.text.remedies import remedy_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MIN_SIZE: Final = (60, 16)
_JS_RUNTIMES: Final = ("deno", "node", "bun", "qjs")


def examine(server: str = "") -> Iterator[Check]:
    """Check all that a party needs, and hosting; ``server`` is tried, "" for none."""
    yield _python()
    yield _mpv()
    yield from _tools()
    yield _terminal_size()
    yield _terminal_colours()
    yield _terminal_text()
    yield _display()
    yield _clock()
    yield from _proxies()
    yield from _folders()
    yield from doctor_server.hosting()
    if server:
        yield from doctor_server.server(server)


def _python() -> Check:
    return Check("python", "ok", sys.version.split()[0])


def _mpv() -> Check:
    try:
        return Check("mpv", "ok", mpv_version())
    except MatineeError as error:
        return Check("mpv", "fail", error.message, remedy_text(error))


def _tools() -> Iterator[Check]:
    try:
        yield Check("yt-dlp", "ok", metadata.version("yt-dlp"))
    except metadata.PackageNotFoundError:
        yield Check("yt-dlp", "fail", "not installed", "pip install 'yt-dlp[default]'")
    runtime = next((name for name in _JS_RUNTIMES if shutil.which(name)), "")
    if runtime:
        yield Check("javascript", "ok", runtime)
    else:
        yield Check(
            "javascript", "warn", "no runtime, so YouTube gives little", "install deno or node"
        )
    if shutil.which("ffmpeg"):
        yield Check("ffmpeg", "ok", "found")
    else:
        yield Check("ffmpeg", "warn", "not found", "install ffmpeg; a few sites need it")


def _terminal_size() -> Check:
    width, height = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty():
        return Check("terminal", "warn", "this is not one", "there are --plain and --json")
    if width < _MIN_SIZE[0] or height < _MIN_SIZE[1]:
        needed = f"{_MIN_SIZE[0]}x{_MIN_SIZE[1]}"
        return Check("terminal", "fail", f"{width}x{height}", f"enlarge it to {needed}")
    return Check("terminal", "ok", f"{width}x{height}, {os.environ.get('TERM', 'no TERM')}")


def _terminal_colours() -> Check:
    if os.environ.get("NO_COLOR"):
        return Check("colours", "ok", "none, as NO_COLOR asks")
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Check("colours", "ok", "16 million")
    if "256" in os.environ.get("TERM", ""):
        return Check("colours", "ok", "256")
    return Check(
        "colours", "warn", "16, which the high contrast theme is for", "COLORTERM=truecolor helps"
    )


def _terminal_text() -> Check:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if "utf" in encoding.lower():
        return Check("unicode", "ok", encoding)
    return Check("unicode", "fail", f"{encoding} cannot draw the screen", "set LANG=C.UTF-8")


def _display() -> Check:
    if has_display():
        return Check("display", "ok", "mpv can open a window")
    return Check("display", "warn", "none, so no window", "--video terminal draws in the terminal")


def _proxies() -> Iterator[Check]:
    for named in named_proxies(os.environ):
        if named.problem:
            remedy = named.remedy or "start the proxy, or unset the variable"
            yield Check("proxy", "fail", named.problem, remedy)
        elif named.proxy is not None:
            yield Check("proxy", "ok", f"{named.proxy.shown} answers")


def _clock() -> Check:
    steps = [_clock_step() for _ in range(20)]
    finest = min(steps)
    if finest > 0.001:
        return Check("clock", "fail", f"steps of {finest * 1000:.1f} ms", "use another system")
    return Check("clock", "ok", f"steps of {finest * 1e6:.1f} µs")


def _clock_step() -> float:
    first = time.monotonic()
    while (now := time.monotonic()) == first:
        pass
    return now - first


def _folders() -> Iterator[Check]:
    makers: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("data", lambda: paths.prepared(paths.data_folder())),
        ("runtime", paths.runtime_folder),
        ("logs", lambda: paths.prepared(paths.log_folder())),
    )
    for subject, make in makers:
        try:
            folder = make()
        except SettingsError as error:
            yield Check(subject, "fail", error.message, remedy_text(error))
        else:
            unused = paths.unused_runtime() if subject == "runtime" else ""
            yield Check(subject, "warn" if unused else "ok", unused or str(folder))
    try:
        settings = load_settings({})
    except SettingsError as error:
        yield Check("settings", "fail", error.message, remedy_text(error))
        return
    yield Check("settings", "ok", str(settings_file()))
    yield from doctor_logins.logins(settings.logins)
