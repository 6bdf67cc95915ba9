"""Configuration: what a face tells its seat before anything else: the first line of standard
input.
"""

from __future__ import annotations

import msgspec

from player.api.logins import Logins
from player.api.own_tracks import OwnTracks
from player.backend.base import KeyBinding, Video
from player.sync.messages import CorrectionMode
from protocol.wire.messages import Role, StreamSettings


class SeatConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a seat needs to know; tokens travel here and never in an argument."""

    role: Role
    name: str
    instance_id: str
    """Who the seat is; the same again when it is restarted."""
    server: str
    """``http(s)://host[:port]``."""
    public: str = ""
    """What an invite names instead of ``server``, when others reach it elsewhere."""
    stream_id: str = ""
    """"" creates a stream."""
    token: str = ""
    """Viewer: the invite's. Host: the host key, when it comes back to its stream."""
    media: tuple[str, ...] = ()
    """Host: what to watch, in order. Viewer: his own copy of a local film, at most one."""
    titles: tuple[str, ...] = ()
    """Better names for ``media``, where there are any."""
    play: bool = False
    """Start at once."""
    take_over: bool = False
    """Host even if another seat does."""
    yields: bool = False
    """With the host key: a viewer as long as another member hosts."""
    returning: bool = False
    """This seat was in the stream before: it waits for its server however long it takes."""
    mpv: tuple[tuple[str, str], ...] = ()
    """libmpv options the user asked for."""
    video: Video = "window"
    correction: CorrectionMode = "full"
    max_height: int = 1080
    """Rows of picture that are worth loading, of pages that offer several."""
    stream_settings: StreamSettings = StreamSettings()
    """Host: of a new stream."""
    trim_ms: float = 0.0
    insecure_lan: bool = False
    """Send the token over plain http to another machine; the user trusts that network."""
    status_interval: float = 1.0
    stage_file: str = ""
    """Where pictures go with ``video="terminal"``: see ``player.video.frame_buffer``."""
    log_file: str = ""
    host_key_file: str = ""
    """Where a new stream's host key is kept (0600); read again after a restart."""
    allow_lan_media: bool = False
    """Addresses of the LAN and this machine may be watched (the user named one)."""
    trusted: tuple[str, ...] = ()
    """Sites whose films are opened without a question, whoever names them."""
    trust_file: str = ""
    """Where a person's "always" is kept, one site a line."""
    audio_languages: str = ""
    """Languages of the sound, best first: ``de,en``; "" leaves it to the film."""
    subtitle_languages: str = ""
    """The same for the subtitles."""
    subtitle_files: tuple[str, ...] = ()
    """Named for the film that is on first."""
    logins: Logins = Logins()
    own_tracks: OwnTracks = OwnTracks()
    """What was chosen before a restart."""
    keys: tuple[KeyBinding, ...] = ()
    """Keys of the player's window."""
