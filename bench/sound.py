"""What is heard: two seats play into recorded sound devices, and their sounds are compared.

Nothing that mpv or matinee say about positions counts here. The first row plays the same
noise to both devices, the second device's 7 ms later: what the bench itself is wrong by.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from array import array
from typing import TYPE_CHECKING, Final

from bench import trials
from bench.evening import SETTLE
from bench.films import noise_film
from bench.lags import Lag, lags
from bench.parties import MatineeParty, Place
from bench.speakers import INSTALL, channels, has_speakers, outputs, play_both, recorded, speakers
from bench.table import percentile
from bench.trials import Column, Found, Setting

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from pathlib import Path

RATE: Final = 48000
LISTENED: Final = 12000
"""Samples a second that are compared: 0.08 ms, and finer by interpolation."""
KNOWN_LAG: Final = 0.007
CALIBRATION: Final = 6
WINDOW: Final = 1.0
START_WINDOW: Final = 0.25
SETTLED: Final = 3.0
"""Seconds after the key from which it counts as steady play."""
START: Final = 2.0


class Sound:
    """The trial."""

    title = "sound: ms by which one is heard before the other"
    columns = (
        Column("windows", ".0f"),
        Column("not alike", ".0f"),
        Column("median", ".2f"),
        Column("p95", ".2f"),
        Column("max", ".2f"),
        Column("alike", ".3f"),
    )

    def film(self, folder: Path, seconds: float) -> Path:
        """Make the film: noise."""
        return noise_film(folder, seconds + 30)

    async def hold(self, setting: Setting) -> Found:
        """Play and listen."""
        async with speakers(setting.folder, RATE):
            calibrated = await _calibrated(setting.folder)
            file = setting.folder / "party.raw"
            place = Place(
                setting.folder, setting.film, setting.way, (outputs(0), outputs(1)), interval=0.1
            )
            async with MatineeParty(place) as party:
                await party.ready()
                await asyncio.sleep(SETTLE)
                async with recorded(file, LISTENED):
                    await asyncio.sleep(1.0)
                    began = time.monotonic()
                    party.play()
                    await asyncio.sleep(setting.seconds + SETTLED + 1.0)
                lines = [process.lines for process in party.processes]
        first, second = channels(file)
        since = await asyncio.to_thread(_first_sound, first, second)
        start = await asyncio.to_thread(
            lags, first[: _end(since)], second[: _end(since)], LISTENED, START_WINDOW, since
        )
        steady = await asyncio.to_thread(lags, first, second, LISTENED, WINDOW, since + SETTLED)
        setting.keep({"start": start, "steady": steady, "lines": lines, "key": began})
        file.unlink()
        return {
            "calibration": _figures(calibrated, KNOWN_LAG),
            f"start, {START:.0f} s": _figures(start),
            "steady": _figures(steady),
        }


async def _calibrated(folder: Path) -> list[Lag]:
    """The lags of a sound that is known to lag."""
    samples, file = folder / "noise.raw", folder / "calibration.raw"
    known = random.Random(3)
    noise = [round(known.gauss(0, 3000)) for _ in range(RATE * CALIBRATION)]
    late = [0] * round(KNOWN_LAG * RATE) + noise
    pairs = (value for pair in zip(noise, late, strict=False) for value in pair)
    samples.write_bytes(array("h", pairs).tobytes())
    async with recorded(file, LISTENED):
        await asyncio.sleep(0.5)
        await play_both(samples, RATE)
        await asyncio.sleep(0.5)
    first, second = channels(file)
    since = _first_sound(first, second) + 0.2
    end = round((since + CALIBRATION - 0.5) * LISTENED)
    return await asyncio.to_thread(lags, first[:end], second[:end], LISTENED, WINDOW, since)


def _first_sound(*sounds: array[int]) -> float:
    """When both are heard, in seconds; the end when one never is."""
    starts = [next((i for i, v in enumerate(s) if abs(v) > 100), len(s)) for s in sounds]
    return max(starts) / LISTENED


def _end(since: float) -> int:
    # Where a window ends is looked at a little beyond.
    return round((since + START + 0.4) * LISTENED)


def _figures(found: Sequence[Lag], known: float = 0.0) -> tuple[float, ...]:
    ordered = sorted(abs(lag.lag - known) * 1000 for lag in found if lag.lag is not None)
    if not ordered:
        raise AssertionError("the two sounds are not alike anywhere")
    return (
        len(found),
        len(found) - len(ordered),
        statistics.median(ordered),
        percentile(ordered, 95),
        ordered[-1],
        statistics.median(lag.likeness for lag in found if lag.lag is not None),
    )


def arguments(parser: ArgumentParser) -> None:
    """Add this bench's options."""
    links = ("lan", "wan", "bad")
    trials.arguments(parser, seconds=60, of="of steady play", quick=15, links=links)


def run(options: Namespace) -> None:
    """Measure and print one table."""
    if not has_speakers():
        print(INSTALL)
        return
    trials.run(Sound(), options)
