"""What the wire relies on in seats of version 1, which nobody can change any more."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.timeline import Timeline
from protocol.wire.codec import encode
from protocol.wire.messages import Event
from protocol.wire.versions import VersionFilter

if TYPE_CHECKING:
    from pathlib import Path as Folder

ROOT = Path(__file__).resolve().parents[2]
VERSION_1 = "063fa1d"
"""The last commit of version 1."""
VERSIONS = "protocol/wire/versions.py"

_ASK_AN_OLD_FACE = """
import sys
from player.happenings import event_view
from protocol.codec import decode_server
from protocol.stream import StreamState
from tui.wording import sentence_of

for line in sys.stdin:
    event = decode_server(line)
    view = event_view(event, StreamState("ab" * 16, event.cursor, event.timeline), "11" * 16)
    print(event.event_type, event.seq, event.timeline.position, sentence_of(view), sep="|")
"""


@pytest.fixture(scope="module")
def old_tree(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The packages of version 1, out of the history."""
    taken = subprocess.run(
        ["git", "archive", VERSION_1, "player", "protocol", "tui"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if taken.returncode:
        pytest.skip(f"{VERSION_1} is not in the history here")
    folder = tmp_path_factory.mktemp("version-1")
    with tarfile.open(fileobj=BytesIO(taken.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def told(old_tree: Folder, event: Event) -> list[str]:
    """What a seat and a face of version 1 make of it: type, place, position, and words."""
    asked = subprocess.run(
        [sys.executable, "-c", _ASK_AN_OLD_FACE],
        cwd=old_tree,
        input=encode(event) + "\n",
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(old_tree)},
    )
    assert asked.returncode == 0, f"{VERSIONS}: version 1 cannot read it: {asked.stderr}"
    return asked.stdout.strip().split("|")


def test_of_what_stands_in_for_a_newer_event_version_1_says_nothing(
    old_tree: Folder,
) -> None:
    newer = Event(
        1, 7, "event-0007", "pause", "22" * 16, "Ana", 5, Timeline(12.5, 3.0), reason="why"
    )
    harmless = VersionFilter().harmless(newer)
    assert isinstance(harmless, Event)
    assert told(old_tree, harmless) == ["play", "7", "12.5", "None"], f"see {VERSIONS}"
    # What this test would say of one that is not harmless.
    assert told(old_tree, newer)[-1] != "None"
