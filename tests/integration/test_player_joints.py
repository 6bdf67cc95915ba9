"""What the player relies on in python-mpv and yt-dlp without their promise.

A failure here says that an upgrade has moved something; the module that is named uses it.
"""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

LIBMPV = "player/backend/mpv/binding/libmpv.py"
RENDERER = "player/backend/mpv/binding/software_renderer.py"


@pytest.fixture(scope="module")
def library() -> Any:
    return importlib.import_module("mpv")


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("_mpv_create", LIBMPV),
        ("_mpv_set_option_string", LIBMPV),
        ("_mpv_terminate_destroy", LIBMPV),
        ("ShutdownError", LIBMPV),
        ("_mpv_render_context_render", RENDERER),
        ("MpvRenderParam", RENDERER),
    ],
)
def test_python_mpv_still_has_the_names_that_are_not_its_api(
    library: Any, name: str, user: str
) -> None:
    assert hasattr(library, name), f"python-mpv has no {name} any more: {user} needs another way"


@pytest.mark.parametrize(
    ("name", "leading"),
    [("_get_property", ["self", "name", "decoder"]), ("_set_property", ["self", "name", "value"])],
)
def test_python_mpv_reads_and_writes_a_property_in_one_call(
    library: Any, name: str, leading: list[str]
) -> None:
    method = getattr(library.MPV, name, None)
    assert method is not None, f"python-mpv has no MPV.{name} any more: {LIBMPV} calls it"
    taken = list(inspect.signature(method).parameters)
    assert taken[: len(leading)] == leading, f"MPV.{name} takes {taken}: {LIBMPV} calls it"


def test_a_core_tells_by_its_own_fields_whether_it_is_alive(library: Any) -> None:
    handle = library.MPV.__new__(library.MPV)
    assert handle.__dict__.get("handle") is None, f"{LIBMPV} tells a half-made core by its handle"
    handle.__init__(vo="null", ao="null")
    try:
        fields = handle.__dict__
        assert fields.get("handle") is not None, f"MPV.handle has moved: {LIBMPV} asks for it"
        assert fields.get("_core_shutdown") is False, f"MPV._core_shutdown has moved: {LIBMPV}"
        assert handle._get_property("pause", bytes.decode) is False
    finally:
        handle.terminate()
    assert not handle.__dict__.get("handle"), f"{LIBMPV} takes a core without a handle for ended"


def test_an_option_that_is_refused_has_mpv_s_error_code_as_second_argument(library: Any) -> None:
    handle = library._mpv_create()
    try:
        with pytest.raises(AttributeError) as refused:
            library._mpv_set_option_string(handle, b"no-such-option-at-all", b"yes")
    finally:
        library._mpv_terminate_destroy(handle)
    assert refused.value.args[1] == -5, f"{LIBMPV} reads mpv's code from {refused.value.args}"


def test_render_parameters_are_an_array_of_type_and_data(library: Any) -> None:
    fields = [name for name, *_ in library.MpvRenderParam._fields_]
    assert fields == ["type_id", "data"], f"{RENDERER} fills in these fields"


_ASK_FOR_A_PAGE = """
import json, socket

import yt_dlp

asked = []

def resolve(host, *arguments, **named):
    asked.append(host if isinstance(host, str) else host.decode())
    raise PermissionError("refused on purpose")

socket.getaddrinfo = resolve
options = {"quiet": True, "retries": 0, "socket_timeout": 5, "proxy": "http://a:b@127.0.0.2:1"}
with yt_dlp.YoutubeDL(options) as downloader:
    for handler in downloader._request_director.handlers.values():
        schemes = ("wss",) if handler.RH_KEY == "Websockets" else ("http", "https")
        for scheme in schemes:
            url = f"{scheme}://site.invalid/"
            try:
                handler.send(yt_dlp.networking.Request(url))
            except (yt_dlp.networking.exceptions.RequestError, ValueError):
                pass
    print(json.dumps(asked))
"""


def test_all_of_yt_dlp_s_connections_go_through_the_proxy_that_it_is_given() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _ASK_FOR_A_PAGE], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    asked: list[str] = json.loads(child.stdout)
    assert "127.0.0.2" in asked
    assert set(asked) == {"127.0.0.2"}, (
        "a handler of yt-dlp's connects by itself: player/media/resolver/ytdlp_worker.py cannot"
        " hold it to the rules"
    )
