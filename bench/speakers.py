"""Two sound devices in memory whose sound is recorded on one clock, with PulseAudio.

Both devices are halves of one null sink with four channels, so that one recording holds both,
sample by sample. The sink does not rewind: on a busy machine that makes any program's sound skip,
mpv's alone too.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from array import array
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

INSTALL: Final = (
    "The sound is listened to with PulseAudio; on Debian, as root:"
    " apt-get install --no-install-recommends pulseaudio pulseaudio-utils"
)
SPEAKERS: Final = ("one", "two")
ALL: Final = "all"
_SIDES: Final = ("front-left,front-right", "rear-left,rear-right")
_CHANNELS: Final = ",".join(_SIDES)


def has_speakers() -> bool:
    """Whether there is what it takes."""
    return all(map(shutil.which, ("pulseaudio", "parec", "pacat", "pactl")))


def outputs(index: int) -> tuple[tuple[str, str], ...]:
    """mpv options that play into one of the two."""
    return (("vo", "null"), ("ao", "pulse"), ("audio-device", f"pulse/{SPEAKERS[index]}"))


@asynccontextmanager
async def speakers(folder: Path, rate: int) -> AsyncGenerator[None]:
    """A sound server of our own, named by ``PULSE_SERVER`` until left."""
    home = folder / "pulse"
    home.mkdir()
    socket = home / "native"
    modules = [
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        f"module-null-sink sink_name={ALL} format=s16le rate={rate} channels=4 norewinds=1"
        f" channel_map={_CHANNELS}",
        *(
            f"module-remap-sink sink_name={name} master={ALL} channels=2 remix=no"
            f" channel_map={_SIDES[0]} master_channel_map={side}"
            for name, side in zip(SPEAKERS, _SIDES, strict=True)
        ),
    ]
    own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    server = await asyncio.create_subprocess_exec(
        *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
        *(word for module in modules for word in ("-L", module)),
        env={**os.environ, **own},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    before = os.environ.get("PULSE_SERVER")
    try:
        os.environ["PULSE_SERVER"] = f"unix:{socket}"
        async with asyncio.timeout(10):
            # Nobody tells.
            while not await _knows(SPEAKERS[-1]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield
    finally:
        os.environ.pop("PULSE_SERVER", None)
        if before is not None:
            os.environ["PULSE_SERVER"] = before
        if server.returncode is None:
            server.terminate()
        await server.wait()


async def _knows(sink: str) -> bool:
    asking = await asyncio.create_subprocess_exec(
        *("pactl", "list", "short", "sinks"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await asking.communicate()
    return sink in said.decode().split()


@asynccontextmanager
async def recorded(file: Path, rate: int) -> AsyncGenerator[None]:
    """Record the left channel of each into ``file`` until left."""
    with file.open("wb") as sink:
        recorder = await asyncio.create_subprocess_exec(
            *("parec", "--device", f"{ALL}.monitor", "--raw", "--format=s16le", f"--rate={rate}"),
            *("--channels=2", "--channel-map=front-left,rear-left", "--no-remix"),
            *("--latency-msec=100",),
            stdout=sink,
        )
        try:
            yield
        finally:
            recorder.terminate()
            await recorder.wait()


async def play_both(file: Path, rate: int) -> None:
    """Play raw samples, one channel for each device, both from one stream."""
    player = await asyncio.create_subprocess_exec(
        *("pacat", "--playback", "--device", ALL, "--raw", "--format=s16le", f"--rate={rate}"),
        *("--channels=2", "--channel-map=front-left,rear-left", "--no-remix", str(file)),
    )
    await player.wait()


def channels(file: Path) -> tuple[array[int], array[int]]:
    """The two channels of a recording."""
    samples = array("h", file.read_bytes()[: file.stat().st_size // 4 * 4])
    return samples[0::2], samples[1::2]
