"""Acts: what a host's command does to the timeline or to the party."""

from __future__ import annotations

from protocol.wire.messages.fields import (
    Code,
    Position,
    Rate,
    ShortText,
    Tolerance,
)
from protocol.wire.messages.values import (
    Media,
    Struct,
)


class PlayAct(Struct, frozen=True, tag="play", tag_field="do"):
    """Start where the timeline stands; in a start that waits, go on without who is late."""


class PauseAct(Struct, frozen=True, tag="pause", tag_field="do"):
    """Stop at ``position``, where the host's own player stopped."""

    position: Position
    reason: ShortText = ""
    """Why, where nobody pressed a key."""
    reason_code: Code = ""
    """The same as a ``protocol.wire.reasons.ReasonCode``."""


class SeekAct(Struct, frozen=True, tag="seek", tag_field="do"):
    """Go on at ``position``, playing or paused as before."""

    position: Position


class RateAct(Struct, frozen=True, tag="rate", tag_field="do"):
    """Play at ``rate``."""

    rate: Rate


class LoadAct(Struct, frozen=True, tag="media", tag_field="do"):
    """Watch ``media`` from its beginning; with the current ``media_id``, describe it better."""

    media: Media
    playing: bool = False
    """Start together as soon as everybody has it open."""


class SettingsAct(Struct, frozen=True, tag="settings", tag_field="do"):
    """Keep together in another way; None leaves a setting as it is."""

    wait: bool | None = None
    sync_enabled: bool | None = None
    sync_tolerance_ms: Tolerance | None = None


Act = PlayAct | PauseAct | SeekAct | RateAct | LoadAct | SettingsAct
