"""Searches for inputs that break a promise: ``python -m tests.fuzz [--minutes N] [TARGET...]``."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.fuzz.corpus import MAX_BYTES, read_corpus, text_of, write_corpus
from tests.fuzz.targets import TARGETS

MISSING: Final = """\
fuzz: atheris is not installed; it is no part of the usual set-up.
Install it with: .venv/bin/python -m pip install -e '.[fuzz]' (Linux; Python 3.11 to 3.13)
"""
RSS_LIMIT_MB: Final = 512
KEPT_BYTES: Final = 400
KEPT_AT_ONCE: Final = 40
"""Inputs of one search that are added; each took a branch that none before it had."""
EXIT_MISSING: Final = 3
_ODD: Final = (
    *("NaN", "-Infinity", "1e400", "-1", "-0.0", "9007199254740993", "1" + "0" * 30),
    *("true", "null", "[]", "{}", r'"\ud800"', r'"\u0000"', r'"\u001b[2J"', '"12"'),
)
_TOKEN: Final = re.compile(r'"[^"\\]{1,40}"')
_STATS: Final = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)
_COVERAGE: Final = re.compile(r"cov: (\d+)")


def main() -> int:
    """Search, for the same time in each target; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=main.__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all of them")
    parser.add_argument("--minutes", type=float, default=3.0, help="of all targets together")
    parser.add_argument("--keep", action="store_true", help="add what took a new branch")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(MISSING)
        return EXIT_MISSING
    targets: list[str] = options.targets or list(TARGETS)
    seconds = max(1, round(options.minutes * 60 / len(targets)))
    broken = [name for name in targets if not _search(name, seconds, keep=options.keep)]
    print(f"fuzz: broken promises in {', '.join(broken)}" if broken else "fuzz: nothing broke")
    return 1 if broken else 0


def _search(target: str, seconds: int, *, keep: bool) -> bool:
    """Whether nothing broke."""
    with tempfile.TemporaryDirectory(prefix="matinee-fuzz-") as name:
        folder, found = Path(name) / "inputs", Path(name) / "broken"
        folder.mkdir()
        found.mkdir()
        kept = read_corpus(target)
        words = Path(name) / "words"
        words.write_text(_words(kept), encoding="utf-8")
        for number, text in enumerate(kept):
            (folder / f"kept-{number:04}").write_text(text, encoding="utf-8")
        log = _run(
            target,
            *(str(folder), f"-max_total_time={seconds}", f"-artifact_prefix={found}/"),
            *(f"-rss_limit_mb={RSS_LIMIT_MB}", f"-max_len={MAX_BYTES}", "-print_final_stats=1"),
            *("-timeout=5", f"-dict={words}"),
        )
        print(f"{target}: {_summary(log)}")
        if keep:
            new = [f.read_bytes() for f in folder.iterdir() if not f.name.startswith("kept-")]
            new = sorted((data for data in new if len(data) <= KEPT_BYTES), key=len)
            inputs = [*kept, *map(text_of, new[:KEPT_AT_ONCE])]
            print(f"{target}: {write_corpus(target, inputs)} inputs kept")
        broken = sorted(found.iterdir())
        for file in broken:
            print(f"{target}: broken by {text_of(file.read_bytes())!r}")
        if broken or "Traceback" in log or not _STATS.search(log):
            print(log[-4000:])
            return False
        return True


def _words(inputs: list[str]) -> str:
    """libFuzzer's dictionary: what stands in messages, and what never should."""
    words = {word for text in inputs for word in _TOKEN.findall(text)} | set(_ODD)
    quoted = (
        "".join(
            rf"\x{byte:02x}" if byte in b'"\\' or not 31 < byte < 127 else chr(byte)
            for byte in word
        )
        for word in sorted(word.encode() for word in words)
    )
    return "".join(f'"{word}"\n' for word in quoted)


def _run(target: str, *options: str) -> str:
    command = (sys.executable, "-m", "tests.fuzz.search", target, *options)
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False
    )
    return done.stdout


def _summary(log: str) -> str:
    stats = dict(_STATS.findall(log))
    coverage = _COVERAGE.findall(log)
    return (
        f"{stats.get('number_of_executed_units', '?')} inputs,"
        f" {coverage[-1] if coverage else '?'} branches,"
        f" {stats.get('peak_rss_mb', '?')} MB at most,"
        f" {stats.get('slowest_unit_time_sec', '?')} s the slowest"
    )


if __name__ == "__main__":
    sys.exit(main())
