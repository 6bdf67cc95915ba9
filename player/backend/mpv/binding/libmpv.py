"""Binding: core of libmpv behind types; the only importer of python-mpv.

python-mpv is untyped and raises half a dozen unrelated exceptions; whatever leaves this
module is typed, and every refusal of mpv's is a `CoreError`.
"""

from __future__ import annotations

import contextlib
import importlib
import locale
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from player.backend.mpv.binding import events as ev
from protocol.exceptions import PlayerUnavailable, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_MPV_ERRORS = (AttributeError, MemoryError, RuntimeError, SystemError, TypeError, ValueError)
"""What python-mpv raises for mpv's error codes; see its ``ErrorCode``."""

_OPTION_NOT_FOUND = -5
_OPTION_REFUSED = -7


class CoreError(Exception):
    """mpv said no."""


class CoreGone(CoreError):
    """The core has been shut down."""


class MpvCore:
    """A running libmpv core.

    Calls block for as long as the core takes to answer, mostly microseconds; they must
    come from threads that may block, and never from ``listen``.
    """

    def __init__(self, mpv: Any, handle: Any) -> None:
        self._mpv = mpv
        self._handle = handle

    @classmethod
    def start(
        cls,
        options: Mapping[str, str],
        optional: Mapping[str, str],
        chosen: Mapping[str, str],
        listen: Callable[[ev.CoreEvent], None],
    ) -> MpvCore:
        """Start a core; ``listen`` is called on mpv's event thread and must only enqueue.

        ``optional`` options are left out where this build of mpv lacks them; ``chosen``
        are a person's.

        Raises:
            PlayerUnavailable: there is no usable libmpv.
            SettingsError: one of ``chosen`` does not exist or has a value that mpv refuses.
        """
        mpv = _load_library()
        for name, value in chosen.items():
            _check_chosen(mpv, name, value)
        wanted = {**options, **{k: v for k, v in optional.items() if not _refusal(mpv, k, v)}}

        def logged(level: str, prefix: str, text: str | bytes) -> None:
            listen(ev.LogLine(level, prefix, _text_of(text).strip(), time.monotonic()))

        def happened(event: Any) -> None:
            _pass_on(mpv, event, listen)

        _set_c_numbers()
        handle = mpv.MPV.__new__(mpv.MPV)
        try:
            handle.__init__(log_handler=logged, loglevel="warn", **{**wanted, **chosen})
        except _MPV_ERRORS as error:
            # python-mpv has initialised the core in spite of the error: end it.
            if handle.__dict__.get("handle") is not None:
                handle.terminate()
            words = f"libmpv did not start ({_words_of(error)})"
            raise PlayerUnavailable(words, _install_hint()) from error
        handle.register_event_callback(happened)
        return cls(mpv, handle)

    @property
    def alive(self) -> bool:
        """False once the core shuts down, as we or a person asked."""
        state: dict[str, Any] = self._handle.__dict__
        return state.get("handle") is not None and not state.get("_core_shutdown", True)

    def get(self, name: str) -> object:
        """Value of a property; None when it is not available now."""
        with self._guard():
            return self._handle._get_property(name, _decoded)

    def number(self, name: str) -> float | None:
        """Value of a numeric property; None when it is not available now."""
        value = self.get(name)
        return float(value) if isinstance(value, int | float) else None

    def set(self, name: str, value: str | float | bool | list[str] | dict[str, str]) -> None:
        """Set a property; lists and maps need no escapes."""
        with self._guard():
            self._handle._set_property(name, value)

    def command(self, *words: str | bytes | float) -> object:
        """Run a command; its strings are taken as they are, a path as its bytes."""
        with self._guard():
            return self._handle.command(*words, decoder=_decoded)

    def command_later(self, done: Callable[[bool], None], *words: str | bytes | float) -> None:
        """Queue a command; ``done(success)`` is called among the events, in their order."""

        def answered(error: object, _result: object) -> None:
            done(error is None)

        with self._guard():
            self._handle.command_async(*words, callback=answered)

    def observe(self, name: str, listen: Callable[[ev.CoreEvent], None]) -> None:
        """Tell ``listen`` the property's value now and whenever it changes."""

        def changed(name: str, value: object) -> None:
            listen(ev.PropertyChanged(name, value, time.monotonic()))

        with self._guard():
            self._handle.observe_property(name, changed)

    def render_context(self) -> Any:
        """A software render context; whoever asked must free it before `end`."""
        with self._guard():
            return self._mpv.MpvRenderContext(self._handle, "sw")

    @property
    def library(self) -> Any:
        """The python-mpv module, for the render parameters that it does not know."""
        return self._mpv

    def end(self) -> None:
        """End the core and wait for it, which can take for ever."""
        with contextlib.suppress(*_MPV_ERRORS):
            self._handle.terminate()

    @contextlib.contextmanager
    def _guard(self) -> Generator[None]:
        if not self.alive:
            raise CoreGone("mpv has ended")
        try:
            yield
        except self._mpv.ShutdownError as error:
            raise CoreGone("mpv has ended") from error
        except _MPV_ERRORS as error:
            raise CoreError(_words_of(error)) from error


def _load_library() -> Any:
    # With gamepad support, SDL inside mpv would take SIGINT and SIGTERM from us.
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
    try:
        return importlib.import_module("mpv")
    except OSError as error:
        raise PlayerUnavailable("libmpv is not installed", _install_hint()) from error
    except (AttributeError, ImportError, RuntimeError) as error:
        raise PlayerUnavailable(f"this libmpv cannot be used ({error})", _install_hint()) from error


def _install_hint() -> str:
    if sys.platform == "darwin":
        return "install it with `brew install mpv`"
    if sys.platform == "win32":
        return "put libmpv-2.dll of mpv's Windows builds into a folder of PATH"
    return "install it with `apt install libmpv2`, `dnf install mpv-libs` or `pacman -S mpv`"


def _check_chosen(mpv: Any, name: str, value: str) -> None:
    refusal = _refusal(mpv, name, value)
    if refusal == _OPTION_NOT_FOUND:
        raise SettingsError(f"mpv {name}", "this mpv has no such option")
    if refusal:
        raise SettingsError(f"mpv {name}", f"mpv does not accept the value {value!r}")


def _refusal(mpv: Any, name: str, value: str) -> int:
    """mpv's error code for an option, tried on a core that is never started; 0 for none.

    A core that is started with half of its options opens a window of its own.
    """
    _set_c_numbers()
    handle = mpv._mpv_create()
    try:
        mpv._mpv_set_option_string(handle, name.encode(), value.encode())
    except _MPV_ERRORS as error:
        match error.args:
            case (_, int(code), *_):
                return code
            case _:
                return _OPTION_REFUSED
    finally:
        mpv._mpv_terminate_destroy(handle)
    return 0


def _set_c_numbers() -> None:
    # mpv reads numbers with the C library, and a face may have set a locale since.
    locale.setlocale(locale.LC_NUMERIC, "C")


def _words_of(error: BaseException) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def _decoded(raw: bytes) -> str:
    """Text of mpv's: tags and names are whatever bytes are in the file."""
    return raw.decode("utf-8", "replace")


def _text_of(text: str | bytes) -> str:
    return text if isinstance(text, str) else _decoded(text)


def _pass_on(mpv: Any, event: Any, listen: Callable[[ev.CoreEvent], None]) -> None:
    """Copy what is needed of an event; its memory is mpv's and gone when this returns."""
    instant = time.monotonic()
    kinds, data = mpv.MpvEventID, event.data
    match event.event_id.value:
        case kinds.START_FILE:
            listen(ev.FileStarted(data.playlist_entry_id))
        case kinds.END_FILE:
            listen(ev.FileEnded(data.playlist_entry_id, data.reason, data.error))
        case kinds.SEEK:
            listen(ev.SeekBegun())
        case kinds.PLAYBACK_RESTART:
            listen(ev.PlaybackRestarted(instant))
        case kinds.CLIENT_MESSAGE:
            listen(ev.MessageCame(tuple(map(_decoded, data.args))))
        case kinds.SHUTDOWN:
            listen(ev.ShutDown())
        case _:
            pass  # properties and answers have callbacks of their own; the rest says nothing new
