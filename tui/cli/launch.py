"""Launch commands: read what a plan is made of, have it made, and run it."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from player.api.local_path import path_text
from protocol.exceptions import MediaRefused
from tui.cli.environment import (
    host_folders,
    media_argument,
    new_instance_id,
    read_environment,
    subtitle_argument,
)
from tui.cli.launch_plan import (
    chosen_face,
    demo_plan,
    demo_video,
    host_plan,
    join_plan,
    launch_context,
    return_plan,
)
from tui.launch.runner import run
from tui.settings import load_settings
from tui.storage.hosted_parties import find_party, forget_old

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tui.cli.options import HostOptions, JoinOptions, SeatOptions


def host(options: HostOptions) -> int:
    """Host a party, a new one or one of before; returns the exit status.

    Raises:
        MatineeError: something that was typed cannot be, or the party ended with an error.
    """
    settings = load_settings(options.flags)
    files = tuple(map(subtitle_argument, options.seat.subtitles))
    context = launch_context(options.seat, settings, read_environment(), files)
    media = tuple(map(media_argument, options.media))
    folders = host_folders()
    if options.returns:
        kept = find_party(folders.keys, options.stream)
        return run(return_plan(options, context, folders, kept, media))
    plan = host_plan(options, context, folders, media, new_instance_id())
    forget_old(folders.keys)
    return run(plan)


def join(options: JoinOptions) -> int:
    """Join a party; returns the exit status.

    Raises:
        MatineeError: something that was typed cannot be, or the party ended with an error.
    """
    settings = load_settings(options.seat.flags)
    files = tuple(map(subtitle_argument, options.seat.subtitles))
    context = launch_context(options.seat, settings, read_environment(), files)
    media = (media_argument(options.media),) if options.media else ()
    return run(join_plan(options, context, media, new_instance_id()))


def demo(options: SeatOptions) -> int:
    """Run the demo, with a database that is gone afterwards; returns the exit status.

    Raises:
        MatineeError: something that was typed cannot be, or the demo ended with an error.
    """
    environment = read_environment()
    face = chosen_face(options, environment)
    options = replace(options, video=options.video or demo_video(face, environment))
    files = tuple(map(subtitle_argument, options.subtitles))
    context = launch_context(options, load_settings(options.flags), environment, files)
    with contextlib.ExitStack() as stack:
        film = stack.enter_context(resources.as_file(_film()))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="matinee-demo-"))
        instance_ids = new_instance_id(), new_instance_id()
        return run(demo_plan(context, path_text(film), Path(folder), instance_ids))


def _film() -> Traversable:
    for file in (resources.files("tui") / "demo").iterdir():
        if file.name.startswith("film."):
            return file
    raise MediaRefused("the built-in film is missing", "install matinee again")
