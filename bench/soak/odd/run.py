"""Films, servers and names as people have them: a host, a guest, and mpv alone beside them."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.soak.odd.alone import Alone, watch_alone
from bench.soak.odd.cases import CASES, KINDS, LOGIN_URL, Case
from bench.soak.odd.encoding import BROADCASTS, broadcast
from bench.soak.odd.films import LENGTH, LONG, make, source
from bench.soak.odd.party import OddParty, clean_environment
from bench.soak.odd.reader import LISTENER
from bench.soak.odd.row import HEAD, Row
from bench.soak.odd.scripts import (
    SEEKS,
    FilmScript,
    GrowingScript,
    LiveScript,
    OutageScript,
    QueueScript,
)
from bench.table import table
from tests.doubles.odd_web.server import odd_web_server

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tests.doubles.odd_web.handler import OddWebServer

LONGEST: Final = 150.0
"""Seconds that one case may take."""
GUEST_LATER: Final = 6.0
"""Seconds after which the guest of a broadcast comes."""
RECORDED: Final = 0.45
"""Share of a growing film that is there at first."""


def arguments(parser: ArgumentParser) -> None:
    """Add this soak's options."""
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="rows or kinds")
    parser.add_argument("--list", action="store_true", help="name the rows, and do nothing")
    parser.add_argument("--jobs", type=int, default=2, help="cases at the same time (2)")
    parser.add_argument("--again", type=int, default=1, help="times a bad row is tried again (1)")
    parser.add_argument("--keep", type=Path, help="a folder for everything that was said")


def run(options: Namespace) -> list[str]:
    """Try all, print a table; returns what is wrong."""
    chosen = _chosen(options.only)
    if options.list:
        for case in chosen:
            print(f"{case.kind:8} {case.name}")
        return []
    if not shutil.which("mpv"):
        sys.exit("mpv is not installed: it is what a party is compared with")
    clean_environment()
    rows = asyncio.run(_all(chosen, options))
    print(table("odd: ms apart in each phase", HEAD, [row.cells() for row in rows]))
    for row in rows:
        for told in row.told:
            print(f"{row.case.name}: {told}")
    return [f"{row.case.name}: {wrong}" for row in rows for wrong in row.wrong]


def _chosen(only: list[str]) -> list[Case]:
    cases = sorted(CASES, key=lambda case: KINDS.index(case.kind))
    unknown = set(only) - {case.name for case in cases} - set(KINDS)
    if unknown:
        sys.exit(f"there is no row {', '.join(sorted(unknown))}; --list names them")
    return [case for case in cases if not only or case.name in only or case.kind in only]


async def _all(cases: list[Case], options: Namespace) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="mo-") as name:
        for seconds in (LENGTH, LONG):
            await asyncio.to_thread(source, Path(name) / "sources", seconds)
        rooms = asyncio.Semaphore(options.jobs)
        begun = time.monotonic()

        async def once(number: int, case: Case, turn: int) -> Row:
            async with rooms:
                place = Path(name) / f"{number}-{turn}"
                kept = options.keep and options.keep / f"{case.kind}-{number}-{turn}"
                row = await _tried(case, place, Path(name) / "sources", kept)
                bad = f"BAD {'; '.join(row.wrong)}" if row.wrong else "good"
                print(f"{time.monotonic() - begun:5.0f} s  {case.name}: {bad}", file=sys.stderr)
                return row

        rows = await asyncio.gather(*(once(i, case, 0) for i, case in enumerate(cases)))
        for turn in range(1, options.again + 1):
            # Alone on the machine: a busy one makes players late, too.
            for number, row in enumerate(rows):
                if row.wrong:
                    rows[number] = await once(number, row.case, turn)
        return rows


async def _tried(case: Case, folder: Path, sources: Path, kept: Path | None) -> Row:
    row = Row(case)
    try:
        async with asyncio.timeout(LONGEST), AsyncExitStack() as stack:
            await _hold(case, folder, sources, kept, row, stack)
    except TimeoutError:
        row.wrong.append(f"not over in {LONGEST:.0f} s")
    except (AssertionError, OSError, ConnectionError) as error:
        row.wrong.append(f"{type(error).__name__}: {str(error)[:160]}")
    return row


async def _hold(
    case: Case, folder: Path, sources: Path, kept: Path | None, row: Row, stack: AsyncExitStack
) -> None:
    films = folder / "films"
    if how := BROADCASTS.get(case.film):
        film = films / case.film
        running = broadcast(source(sources, LONG), film, how)
        await asyncio.to_thread(stack.enter_context, running)
    else:
        film = await asyncio.to_thread(make, case.film, films, sources)
    film = await asyncio.to_thread(_prepared, case, film)
    rest = await asyncio.to_thread(_shortened, film) if case.script == "growing" else b""
    odd = stack.enter_context(odd_web_server(films))
    media = _media(case, film, odd)
    options = tuple((name, value.format(folder=films)) for name, value in case.options)
    listener = (LISTENER,) if case.listens else ()
    alone = watch_alone(
        folder,
        media,
        (*options, *listener),
        SEEKS if case.script == "film" else (),
        listens=case.listens,
        to_the_end=case.script == "film",
    )
    # A server is asked by one after the other, since each is to be a first visit.
    beside = asyncio.create_task(alone)
    stack.push_async_callback(_ended, beside)
    if case.path or case.script == "growing":
        row.alone = await beside
    odd.started, odd.times, odd.first_asked = time.monotonic(), type(odd.times)(), {}
    party = OddParty(folder, listens=case.listens)
    stack.push_async_callback(party.close)
    try:
        second = [media] if case.script == "queue" else []
        env = dict(case.env)
        await party.open_host(media, *second, options=(*options, *listener), env=env)
        if case.script == "live":
            await asyncio.sleep(GUEST_LATER)
        own = () if case.path and not case.login else (str(film),)
        await party.open_guest(*own, options=(*options, *listener))
        await party.opened()
        row.alone = await beside if case.as_alone else row.alone
        await _played(case, party, row, odd, film, rest)
    except AssertionError as error:
        row.wrong.append(str(error).partition("; the last")[0])
    finally:
        row.alone = await beside
        _look_back(case, party, row)
        if kept is not None:
            party.keep(kept)


async def _ended(task: asyncio.Task[Alone]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _prepared(case: Case, film: Path) -> Path:
    """The film under the name that it has in this case, with what lies beside it."""
    if case.file:
        film = film.rename(film.with_name(case.file))
    if "subtitle" in case.tracks:
        text = "1\n00:00:00,500 --> 00:00:15,000\nhello\n"
        for name in (film.with_suffix(".srt"), film.with_name("other.srt")):
            name.write_text(text, encoding="utf-8")
    return film


def _shortened(film: Path) -> bytes:
    """Take the last part of the film away; returns it."""
    whole = film.read_bytes()
    here = round(len(whole) * RECORDED) // 188 * 188
    film.write_bytes(whole[:here])
    return whole[here:]


def _media(case: Case, film: Path, odd: OddWebServer) -> str:
    if not case.path:
        return str(film)
    path, mark, query = case.path.format(film.relative_to(odd.folder)).partition("?")
    url = odd.url(path) + mark + query
    return url.replace("://", f"://{LOGIN_URL}") if case.login else url


async def _played(
    case: Case, party: OddParty, row: Row, odd: OddWebServer, film: Path, rest: bytes
) -> None:
    match case.script:
        case "film":
            await FilmScript(case, party, row).run()
        case "live":
            await LiveScript(case, party, row).run()
        case "outage":
            await OutageScript(case, party, row, odd).run()
        case "growing":
            await GrowingScript(party, row, film, rest).run()
        case "queue":
            await QueueScript(party, row).run()


def _look_back(case: Case, party: OddParty, row: Row) -> None:
    """What the seats have said that they should not have, or have not said."""
    ought = row.alone.plays or case.plays
    for seat in party.seats:
        errors = [str(line.get("message"))[:140] for line in seat.said("error")]
        row.told += [f"{seat.name}: {message}" for message in dict.fromkeys(errors)]
        notices = [str(line.get("message"))[:140] for line in seat.said("notice")]
        row.told += [f"{seat.name} notes: {message}" for message in dict.fromkeys(notices)]
        failed = any(line["state"] == "failed" for line in seat.said("status"))
        # The guest of two films has a copy of the first alone.
        excused = case.breaks or case.script == "queue" or not ought
        if errors and not excused and case.script != "outage":
            row.wrong.append(f"{seat.name}: false error: {errors[0]}")
        if failed and not excused:
            row.wrong.append(f"{seat.name}: failed")
        if case.login and any("password" in str(line) for line in seat.lines):
            row.wrong.append(f"{seat.name}: the password is told")
    if not ought and row.told:
        row.end = "refused in words"
        row.wrong.clear()
    row.wrong += [wrong for seat in party.seats for wrong in seat.wrong()]
    for kind in case.tracks:
        media = party.host.said("media")
        if not any(track.get("kind") == kind for track in (media or [{}])[-1].get("tracks", ())):
            row.wrong.append(f"no {kind} track")
