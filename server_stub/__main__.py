"""``python -m server_stub``: the sync server alone, or what is done to its database."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

import msgspec

from protocol.exceptions import MatineeError, SettingsError
from protocol.server.limits.config import Limits
from server_stub.app import Listening, ServeOptions, default_database, serve
from server_stub.cli import admin
from server_stub.cli.output import complain, put, say
from server_stub.net.listen.addresses import DEFAULT_LISTEN
from server_stub.observability import logging

MAX_PER_ADDRESS: Final = 100_000


def parser() -> argparse.ArgumentParser:
    """The options of ``serve``."""
    options = argparse.ArgumentParser(
        prog="matinee serve", description="Run the sync server that seats meet at."
    )
    options.add_argument(
        "--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help="port 0 takes any free one"
    )
    options.add_argument(
        "--database",
        default=str(default_database()),
        metavar="URL",
        help="path of the log, or postgresql://HOST/NAME",
    )
    options.add_argument(
        "--public-url", default="", metavar="URL", help="address of the TLS proxy in front"
    )
    options.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="certificate and its chain: https and wss"
    )
    options.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key")
    options.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="believe its X-Forwarded-For; an address or a network, may be repeated",
    )
    options.add_argument(
        "--metrics-token-file",
        type=Path,
        metavar="FILE",
        help="what opens /metrics; without it, only this machine reads them",
    )
    options.add_argument(
        "--insecure-lan",
        action="store_true",
        help="listen beyond this machine although keys travel unencrypted",
    )
    options.add_argument(
        "--allow-http-media",
        action="store_true",
        help="let plain http addresses and those of the local network be watched",
    )
    options.add_argument("--parent-pipe", action="store_true", help="end when standard input ends")
    options.add_argument(
        "--max-per-address",
        type=_count,
        default=Limits().open_at_once,
        metavar="N",
        help="connections from one address, 50 if left out: more for a school behind one",
    )
    options.add_argument("--log-file", type=Path, metavar="PATH", help="instead of standard error")
    options.add_argument("--json", action="store_true", help="failures as a JSON line too")
    return options


def main(argv: list[str]) -> int:
    """Serve, or run the command that comes first; returns the exit status."""
    if argv and argv[0] in admin.COMMANDS:
        return admin.run(argv[0], argv[1:])
    try:
        given = parser().parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    options = ServeOptions(
        listen=given.listen,
        database=given.database,
        public_url=given.public_url,
        insecure_lan=given.insecure_lan,
        allow_http_media=given.allow_http_media,
        parent_pipe=given.parent_pipe,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        trusted_proxies=tuple(given.trusted_proxy),
        max_per_address=given.max_per_address,
        metrics_token_file=given.metrics_token_file,
    )
    try:
        _set_up_log(given.log_file)
        if given.insecure_lan and given.tls_cert is None:
            say("warning: without TLS, whoever listens on this network can read the keys")
        asyncio.run(serve(options, _told))
    except MatineeError as error:
        complain("serve", error, as_json=given.json)
        return 1
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_PER_ADDRESS or len(text) > 9:
        raise argparse.ArgumentTypeError(f"give a number from 1 to {MAX_PER_ADDRESS}")
    return int(text)


def _set_up_log(log_file: Path | None) -> None:
    try:
        logging.set_up(log_file)
    except OSError as error:
        raise SettingsError(
            "log-file", f"{log_file} cannot be written ({error.strerror})", "name another file"
        ) from None


def _told(listening: Listening) -> None:
    put(msgspec.to_builtins(listening))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
