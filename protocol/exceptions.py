"""Error tree: every error that matinee raises on purpose.

```
MatineeError
├── ProtocolError            a message or a peer broke the rules
│   ├── DecodeError          text that is not a message; names the field
│   └── Refused              the other side said no; carries its code
├── InviteError              an invite that cannot be read
├── MediaError
│   ├── MediaRefused         the allow-list says no
│   ├── ResolveError         yt-dlp or the disk could not find tracks for it
│   └── MediaFailed          the player could not open or play it
├── PlayerUnavailable        no usable libmpv
├── SettingsError            a setting that makes no sense; names the field
├── ListenError              the server cannot listen there
└── StoreError
    ├── StoreUnusable        not a database, or not ours
    ├── StoreLocked          another server has it
    ├── SchemaTooNew         written by a newer matinee
    └── StorageFull          no room to write
```
"""

from __future__ import annotations

from typing import Literal

RemedyCode = Literal[
    "ask_again",
    "try_again",
    "try_again_or_load",
    "reopen",
    "name_copy",
    "name_login",
    "next_film",
    "take_over",
    "check_machine",
    "allow_plain_http",
    "draw_in_terminal",
    "log_in",
    "log_in_again",
    "slow_line",
]
"""What a person can do with a key, a command or an option, whose names only a face knows."""


class MatineeError(Exception):
    """Something a person can understand and do something about.

    Attributes:
        message: the cause, one clause without a full stop.
        remedy: what to do about it, one clause, or "" when there is nothing to say.
        remedy_code: the same where it has a code, which a face puts in words.
        is_transient: the same may succeed another time.
    """

    def __init__(
        self, message: str, remedy: str = "", *, remedy_code: RemedyCode | None = None
    ) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy
        self.remedy_code: RemedyCode | None = remedy_code
        self.is_transient = False

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


class ProtocolError(MatineeError):
    """A message or a peer broke the rules."""


class DecodeError(ProtocolError):
    """Text that is not a message.

    Attributes:
        code: ``bad_message`` or ``invalid_field``.
        field: dotted path of the offending field, "" for the message as a whole.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class Refused(ProtocolError):
    """The other side said no.

    Attributes:
        code: one of ``protocol.wire.messages.RefusalCode``.
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.code = code


class InviteError(MatineeError):
    """An invite that cannot be read."""


class MediaError(MatineeError):
    """Something that cannot be watched."""


class MediaRefused(MediaError):
    """The allow-list says no."""


class ResolveError(MediaError):
    """No tracks could be found for it."""

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        remedy_code: RemedyCode | None = None,
        is_transient: bool = False,
    ) -> None:
        super().__init__(message, remedy, remedy_code=remedy_code)
        self.is_transient = is_transient


class MediaFailed(MediaError):
    """The player could not open or play it."""


class PlayerUnavailable(MatineeError):
    """There is no usable libmpv."""


class SettingsError(MatineeError):
    """A setting that makes no sense.

    Attributes:
        field: the setting's name.
    """

    def __init__(
        self,
        field: str,
        message: str,
        remedy: str = "",
        *,
        remedy_code: RemedyCode | None = None,
    ) -> None:
        super().__init__(f"{field}: {message}", remedy, remedy_code=remedy_code)
        self.field = field


class ListenError(MatineeError):
    """The server cannot listen there."""


class StoreError(MatineeError):
    """The store cannot do what was asked."""


class StoreUnusable(StoreError):
    """Not a database, or not one of ours."""


class StoreLocked(StoreError):
    """Another server has it."""


class SchemaTooNew(StoreError):
    """Written by a newer matinee."""


class StorageFull(StoreError):
    """No room to write."""
