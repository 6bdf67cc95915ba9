"""Action registry: everything a person can do with a key: bindings, footer, palette, help and
mpv's keys.

An action either sends an intent to the seat or, without one, is done by the face itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from player.api.intents import (
    Audio,
    Cancel,
    ChapterBy,
    HostIntent,
    Intent,
    LoadNext,
    Mute,
    Quit,
    RateBy,
    Renew,
    Reopen,
    Resync,
    Revoke,
    SeekBy,
    SetRate,
    SubtitleDelay,
    Subtitles,
    SubtitleSize,
    Sync,
    Take,
    Toggle,
    Trim,
    Volume,
    Wait,
)
from player.backend.base import KeyBinding
from tui.keyboard_layouts import letters_for

Group = Literal["film", "sync", "sound and text", "people", "program"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do."""

    action_id: str
    label: str
    """A word or two, for the footer and the palette."""
    help: str
    """One clause, for the help and the palette."""
    group: Group
    keys: tuple[str, ...] = ()
    """As Textual names them."""
    shown: str = ""
    """The keys as people know them."""
    mpv_keys: tuple[str, ...] = ()
    """The same keys as mpv names them."""
    intent: Intent | None = None
    """What is sent to the seat; None when the face does it itself."""
    face_host_only: bool = False
    """Host only although it sends nothing by itself."""
    aka: str = ""
    """Other words by which it is looked for."""
    footer: int = 0
    """Place in the footer, 1 is kept longest when it gets narrow; 0 is left out."""
    footer_label: str = ""
    """A shorter one for the footer, "" for ``label``."""

    @property
    def host_only(self) -> bool:
        """A viewer may not do this."""
        return self.face_host_only or isinstance(self.intent, HostIntent)


ACTIONS: Final[tuple[Action, ...]] = (
    Action(
        "toggle", "play/pause", "Play, or pause for everybody", "film",
        ("space",), "space", ("SPACE",), Toggle(), footer=1, footer_label="play",
        aka="start stop resume",
    ),
    Action(
        "forward", "forward 5 s", "Forward 5 seconds", "film",
        ("right",), "→", ("RIGHT",), SeekBy(5.0),
        aka="seek skip",
    ),
    Action(
        "back", "back 5 s", "Back 5 seconds", "film",
        ("left",), "←", ("LEFT",), SeekBy(-5.0),
        aka="seek rewind",
    ),
    Action(
        "forward_little", "forward 1 s", "Forward 1 second", "film",
        ("shift+right",), "shift+→", ("Shift+RIGHT",), SeekBy(1.0),
        aka="seek skip",
    ),
    Action(
        "back_little", "back 1 s", "Back 1 second", "film",
        ("shift+left",), "shift+←", ("Shift+LEFT",), SeekBy(-1.0),
        aka="seek rewind",
    ),
    Action(
        "forward_much", "forward 60 s", "Forward 1 minute", "film",
        ("up",), "↑", ("UP",), SeekBy(60.0),
        aka="seek skip minute",
    ),
    Action(
        "back_much", "back 60 s", "Back 1 minute", "film",
        ("down",), "↓", ("DOWN",), SeekBy(-60.0),
        aka="seek rewind minute",
    ),
    Action(
        "next_chapter", "next chapter", "To the next chapter", "film",
        ("pageup",), "PgUp", ("PGUP",), ChapterBy(1),
    ),
    Action(
        "previous_chapter", "previous chapter", "To the chapter before", "film",
        ("pagedown",), "PgDn", ("PGDWN",), ChapterBy(-1),
    ),
    Action(
        "go_to", "go to", "Go to a time: 1:02:03, 4:30, 270, +30, -10, 50%", "film",
        ("g",), "g", face_host_only=True, footer=5,
        aka="seek jump position time",
    ),
    Action(
        "slower", "slower", "Play slower: the next lower of the usual rates", "film",
        ("left_square_bracket",), "[", ("[",), RateBy(round(1 / 1.1, 6)),
        aka="speed rate",
    ),
    Action(
        "faster", "faster", "Play faster: the next higher of the usual rates", "film",
        ("right_square_bracket",), "]", ("]",), RateBy(1.1),
        aka="speed rate",
    ),
    Action(
        "normal_rate", "normal speed", "Play at 1.00× again", "film", intent=SetRate(1.0),
        aka="rate",
    ),
    Action(
        "next_film", "next film", "Go on to the next film of those named at the start", "film",
        ("n",), "n", ("n",), LoadNext(),
        aka="media playlist",
    ),
    Action(
        "load", "another film", "Watch something else: a file or an address", "film",
        ("l",), "l", face_host_only=True,
        aka="open media file url change",
    ),
    Action(
        "wait_on", "wait for stalls", "Stop the film for whoever stalls", "sync",
        intent=Wait(True),
        aka="pause buffering",
    ),
    Action(
        "wait_off", "do not wait", "Let the film go on when somebody stalls", "sync",
        intent=Wait(False),
        aka="buffering",
    ),
    Action(
        "sync_on", "correct drift", "Keep every seat on the same frame", "sync",
        intent=Sync(True),
        aka="sync",
    ),
    Action(
        "sync_off", "leave drift alone", "Follow play, pause and seek only", "sync",
        intent=Sync(False),
        aka="sync",
    ),
    Action(
        "resync", "resync", "Measure again and jump back into step now", "sync",
        ("r",), "r", ("r",), Resync(), footer=4,
        aka="sync",
    ),
    Action(
        "reopen", "open player", "Open the player again after its window was closed", "sync",
        ("o",), "o", intent=Reopen(),
        aka="mpv window",
    ),
    Action(
        "own_copy", "your copy", "Name your copy of the film, when it is a file", "film",
        ("f",), "f",
        aka="file",
    ),
    Action(
        "stop_search", "stop search", "Stop looking for a film; the one that is on stays", "film",
        intent=Cancel(),
        aka="cancel",
    ),
    Action(
        "quieter", "quieter", "Your own volume down", "sound and text",
        ("9",), "9", ("9",), Volume(-2.0),
        aka="volume sound",
    ),
    Action(
        "louder", "louder", "Your own volume up", "sound and text",
        ("0",), "0", ("0",), Volume(2.0),
        aka="volume sound",
    ),
    Action(
        "mute", "mute", "Your own sound off or on", "sound and text",
        ("m",), "m", ("m",), Mute(),
        aka="volume silence",
    ),
    Action(
        "subtitles", "subtitles", "Your own next subtitles, or none", "sound and text",
        ("j",), "j", ("j",), Subtitles(),
        aka="captions language",
    ),
    Action(
        "subtitle_file", "subtitle file", "Subtitles from a file of your own, for this film",
        "sound and text", ("s",), "s",
        aka="captions srt open load external",
    ),
    Action(
        "subtitles_later", "subtitles later", "Your own subtitles 100 ms later", "sound and text",
        ("x",), "x", ("x",), SubtitleDelay(100.0),
        aka="captions delay sync",
    ),
    Action(
        "subtitles_earlier", "subtitles earlier", "Your own subtitles 100 ms earlier",
        "sound and text", ("z",), "z", ("z",), SubtitleDelay(-100.0),
        aka="captions delay sync",
    ),
    Action(
        "subtitles_larger", "larger subtitles", "The text of your own subtitles larger",
        "sound and text", ("G",), "G", ("G",), SubtitleSize(10.0),
        aka="captions size font scale",
    ),
    Action(
        "subtitles_smaller", "smaller subtitles", "The text of your own subtitles smaller",
        "sound and text", ("F",), "F", ("F",), SubtitleSize(-10.0),
        aka="captions size font scale",
    ),
    Action(
        "audio", "audio track", "Your own next audio track", "sound and text",
        ("number_sign",), "#", ("SHARP",), Audio(),
        aka="language",
    ),
    Action(
        "trim_later", "sound later", "Your own sound 10 ms later", "sound and text",
        ("ctrl+right",), "ctrl+→", ("Ctrl+RIGHT",), Trim(10.0),
        aka="delay trim",
    ),
    Action(
        "trim_earlier", "sound earlier", "Your own sound 10 ms earlier", "sound and text",
        ("ctrl+left",), "ctrl+←", ("Ctrl+LEFT",), Trim(-10.0),
        aka="delay trim",
    ),
    Action(
        "chat", "chat", "Say something to everybody", "people", ("c",), "c", footer=6,
        aka="send message talk write",
    ),
    Action(
        "invite", "invite", "Show the invite, and copy it", "people", ("i",), "i", footer=8,
        face_host_only=True,
        aka="link share join",
    ),
    Action(
        "new_invite", "new invite", "A new invite: older ones open nothing, who is here stays",
        "people", intent=Renew(),
        aka="renew link",
    ),
    Action(
        "revoke", "take invite back", "A new invite, and whoever came by an older one is out",
        "people", intent=Revoke(),
        aka="link lock",
    ),
    Action(
        "kick", "remove", "Send somebody away", "people", ("k",), "k", face_host_only=True,
        aka="kick out ban",
    ),
    Action(
        "give", "hand over", "Give the remote to somebody, who hosts from then on", "people",
        ("h",), "h", face_host_only=True,
        aka="remote",
    ),
    Action(
        "take", "take back", "Take the remote of your own party back", "people", intent=Take(),
        aka="remote",
    ),
    Action(
        "help", "help", "Show what the keys do", "program", ("question_mark",), "?", footer=7,
        aka="keys",
    ),
    Action(
        "palette", "palette", "Find anything by its name", "program", ("ctrl+p",), "^p", footer=3,
        footer_label="find",
    ),
    Action(
        "quit", "leave", "Leave", "program", ("q",), "q", ("q",), Quit(), footer=2,
        aka="quit exit close",
    ),
)  # fmt: skip

BY_ID: Final[dict[str, Action]] = {action.action_id: action for action in ACTIONS}


def words(intent: Intent) -> str:
    """An intent as a line that a person types: ``seek_by -5``."""
    values = [value for value in msgspec.structs.astuple(intent) if value not in (None, "")]
    return " ".join([intent.word, *map(_word, values)])


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def mpv_keys(language: str = "") -> tuple[KeyBinding, ...]:
    """Every key that works in mpv's window, and every letter that lies on one.

    Args:
        language: of the person, by which one layout is preferred to another; "" for any.
    """
    own = {key: action for action in ACTIONS if action.intent for key in action.mpv_keys}
    letters = {letter: own[key] for letter, key in letters_for(language).items() if key in own}
    return tuple(
        KeyBinding(key, words(action.intent), action.intent.repeats)
        for key, action in {**letters, **own}.items()
        if action.intent is not None
    )


def keys_page() -> str:
    """``docs/keys.md``: every action by group."""
    lines = [
        "# Keys",
        "",
        "The same keys work in the terminal and, where marked, in mpv's window. What is for the",
        "host moves the film for everybody; a viewer who presses such a key is told who hosts.",
        "Everything is in the palette (ctrl+p), too. Letters of other keyboard layouts act as the",
        "key they lie on: `й` is `q`, except while somebody types.",
    ]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        lines += ["", f"## {group.capitalize()}", "", "| key | what it does | who | mpv's window |"]
        lines.append("|---|---|---|---|")
        lines += [
            f"| {_cell(action.shown)} | {_cell(action.help)} | "
            f"{'host' if action.host_only else 'everybody'} | {'yes' if action.mpv_keys else ''} |"
            for action in ACTIONS
            if action.group == group
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if text else "palette"
