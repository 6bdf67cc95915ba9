"""Settings: what can be set: defaults < settings.toml < MATINEE_* variables < flags."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import msgspec
import platformdirs
from msgspec import Meta
from msgspec.inspect import (
    BoolType,
    DictType,
    FloatType,
    IntType,
    LiteralType,
    StrType,
    VarTupleType,
)

from player.api.config import CorrectionMode, Video
from player.api.logins import Login, Logins
from protocol.exceptions import SettingsError
from protocol.text import clean_text, readable
from protocol.wire.addresses import DEFAULT_LISTEN
from protocol.wire.messages import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msgspec.inspect import StructType

_PREFIX: Final = "MATINEE_"
_OPTION: Final = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9-]+)?", re.IGNORECASE)
_FLAGS: Final = {"trim_ms": "trim", "tolerance_ms": "tolerance", "trusted_domains": "trust-domain"}
"""Flags that are not called as their field is."""

_LARGEST: Final = 1024 * 1024
"""Bytes of a settings file."""
_LONGEST_SHOWN: Final = 80

Domain = Annotated[str, Meta(pattern=r"^[^\s/:@]+\Z", max_length=253)]


Browser = Annotated[
    str,
    Meta(
        pattern=r"(?i)^((brave|chrome|chromium|edge|firefox|opera|safari|vivaldi|whale)"
        r"(\+[a-z0-9]+)?(:.+)?)?\Z",
        max_length=500,
    ),
]
Languages = Annotated[
    str, Meta(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*([ ,]+|\Z))*\Z", max_length=200)
]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a person can set, with its default."""

    name: Annotated[str, Meta(max_length=32)] = ""
    """What the others see; "" takes the name of the system's user."""
    server: str = ""
    """Address of a sync server; "" lets `host` start one of its own."""
    listen: str = DEFAULT_LISTEN
    """HOST:PORT of that own server."""
    video: Video = "window"
    """Where the film is shown."""
    correction: CorrectionMode = "full"
    """What may be done about drift: nothing, glides only, or jumps as well."""
    trim_ms: Annotated[float, Meta(ge=-5000, le=5000)] = 0.0
    """Shift of the own sound in milliseconds, for devices that are late."""
    tolerance_ms: Annotated[int, Meta(ge=20, le=10_000)] = 500
    """Host: drift in milliseconds that may be mended without a jump."""
    alang: Languages = ""
    """Languages of the sound, best first, such as ``de,en``; "" leaves it to the film."""
    slang: Languages = ""
    """The same for the subtitles."""
    max_height: Annotated[int, Meta(ge=144, le=4320)] = 1080
    """Rows of picture that are worth loading, of pages that offer several."""
    wait: bool = False
    """Host: the film stops for whoever stalls, for a while."""
    cookies_from: Browser = ""
    """The browser whose cookies are shown to pages that want a login, for yt-dlp to read."""
    cookies: Annotated[str, Meta(max_length=4096)] = ""
    """A file of cookies for the same, in Netscape's format."""
    site_cookies: dict[Domain, str] = {}
    """Site, and the browser or the file for it alone and all names below it."""
    lan_media: bool = False
    """Films on this machine's own network may be opened, too."""
    trusted_domains: Annotated[tuple[Domain, ...], Meta(max_length=1000)] = ()
    """Sites whose films are opened without a question, and all names below them."""
    theme: Literal["matinee-dark", "matinee-light", "matinee-contrast", ""] = ""
    """Colours; "" chooses by the terminal."""
    mpv: dict[str, str] = {}
    """libmpv options."""

    @property
    def logins(self) -> Logins:
        """Where this person is logged in."""
        everywhere = Login(self.cookies_from, self.cookies)
        return Logins(everywhere, tuple(self.site_cookies.items()))

    @property
    def stream_settings(self) -> StreamSettings:
        """What a party of this person's begins with."""
        return StreamSettings(wait=self.wait, sync_tolerance_ms=self.tolerance_ms)


_TYPES: Final = cast("StructType", msgspec.inspect.type_info(Settings))


def settings_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a person keeps settings; MATINEE_SETTINGS names another place."""
    named = environment.get("MATINEE_SETTINGS")
    return Path(named) if named else platformdirs.user_config_path("matinee") / "settings.toml"


def load_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Settings:
    """What holds after all four layers; a flag that is None was not given.

    Raises:
        SettingsError: names the field and where it was set.
    """
    file = file or settings_file(environment)
    layers = (
        _checked(_from_file(file), f"in {file.name}", _of_file),
        _checked(_from_environment(environment), "from the environment", _of_environment),
        _checked({k: _typed(v) for k, v in flags.items() if v is not None}, "", _of_command_line),
    )
    merged: dict[str, Any] = {}
    for layer in layers:
        options = {**merged.get("mpv", {}), **layer.get("mpv", {})}
        merged |= layer
        merged["mpv"] = options
    settings = msgspec.convert(merged, Settings)
    return settings if settings.name else msgspec.structs.replace(settings, name=system_name())


def system_name() -> str:
    """Name of the system's user, fit to be shown to others."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return clean_text(readable(name), 32).capitalize() or "Somebody"


def parse_mpv(pairs: tuple[str, ...] | list[str]) -> dict[str, str]:
    """``KEY=VALUE`` options for libmpv.

    Raises:
        SettingsError: not of that form.
    """
    options: dict[str, str] = {}
    for pair in pairs:
        key, mark, value = pair.removeprefix("--").partition("=")
        if not mark or not _OPTION.fullmatch(key):
            raise SettingsError("mpv", f"{pair!r} is not KEY=VALUE", "write it as --mpv vo=null")
        options[key] = value
    return options


def parse_site_cookies(pairs: tuple[str, ...] | list[str]) -> dict[str, str]:
    """``SITE=BROWSER`` or ``SITE=FILE``.

    Raises:
        SettingsError: not of that form.
    """
    places: dict[str, str] = {}
    for pair in pairs:
        site, mark, place = pair.partition("=")
        if not (mark and site and place):
            raise SettingsError(
                "site_cookies", f"{pair!r} is not SITE=BROWSER or SITE=FILE", "name both"
            )
        places[site] = place
    return places


def _from_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise SettingsError(file.name, "is larger than a settings file can be", f"mend {file}")
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError:
        raise SettingsError(file.name, "is not UTF-8 text", f"save {file} as that") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(file.name, f"not valid TOML ({error})", f"mend {file}") from None
    except OSError as error:
        if isinstance(error, PermissionError) and not os.access(file.parent, os.X_OK):
            return {}  # whoever may not enter his own folder has no settings there
        why = error.strerror or type(error).__name__
        raise SettingsError(file.name, f"cannot be read ({why})", f"mend {file}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in Settings.__struct_fields__:
        text = readable(environment.get(_of_environment(field), ""))
        if text:
            found[field] = _of_variable(field, text)
    return found


def _words(field: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        wrong = f"{_short(text)} cannot be read ({error})"
        raise SettingsError(_of_environment(field), wrong, "close every quote") from None


def _of_variable(field: str, text: str) -> object:
    match field:
        case "mpv":
            return parse_mpv(_words(field, text))
        case "site_cookies":
            return parse_site_cookies(_words(field, text))
        case "trusted_domains":
            return tuple(text.replace(",", " ").split())
        case _:
            return text


def _checked(
    layer: Mapping[str, object], where: str, named: Callable[[str], str]
) -> dict[str, Any]:
    """The layer with its values in their types, each field by itself so that it can be named."""
    checked: dict[str, Any] = {}
    for field, value in layer.items():
        if field not in Settings.__struct_fields__:
            known = ", ".join(Settings.__struct_fields__)
            raise SettingsError(field, f"there is no such setting ({where})", f"there are {known}")
        if field == "mpv" and isinstance(value, dict):
            options = cast("dict[str, object]", value)
            value = parse_mpv([f"{k}={_mpv_value(v)}" for k, v in options.items()])
        try:
            one = msgspec.convert({field: value}, Settings, strict=False)
        except msgspec.ValidationError:
            wrong = f"{_shown(value)} does not fit" + (f" ({where})" if where else "")
            raise SettingsError(named(field), wrong, _fitting(field)) from None
        checked[field] = getattr(one, field)
    return checked


def _shown(value: object) -> str:
    many = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return ", ".join(map(_short, many))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _typed(value: object) -> object:
    """What was typed, as text that every line can carry."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, tuple):
        return tuple(map(_typed, cast("tuple[object, ...]", value)))
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in cast("dict[str, object]", value).items()}
    return value


def _of_file(field: str) -> str:
    return field


def _of_environment(field: str) -> str:
    return _PREFIX + field.upper()


def _of_command_line(field: str) -> str:
    return "--" + _FLAGS.get(field, field.replace("_", "-"))


def _fitting(field: str) -> str:
    """What to write instead, read off the field's type."""
    kind = next(f.type for f in _TYPES.fields if f.name == field)
    match kind:
        case LiteralType(values=values):
            choices = [str(value) for value in values if value]
            return f"write {', '.join(choices[:-1])} or {choices[-1]}"
        case FloatType(ge=least, le=most) | IntType(ge=least, le=most):
            number = "a whole number" if isinstance(kind, IntType) else "a number"
            return f"write {number} from {least:g} to {most:g}"
        case BoolType():
            return "write true or false"
        case StrType(pattern=str(), max_length=500):
            return "write a browser, such as firefox or chrome"
        case StrType(pattern=str(), max_length=200):
            return "write languages by their codes, the best first, such as de,en"
        case StrType(max_length=int(most)):
            return f"write a text of {most} characters at most"
        case VarTupleType():
            return "write names of sites and nothing else, such as example.org"
        case DictType() if field == "site_cookies":
            return "write a table of sites, each with a browser or a file of cookies"
        case DictType():
            return "write a table of names and values"
        case _:
            return "write a text"


def _mpv_value(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
