"""Command ``serve``: its options, and the server that they describe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import click
import msgspec

from protocol.exceptions import SettingsError
from protocol.server.limits.config import Limits
from protocol.wire.addresses import DEFAULT_LISTEN
from server_stub.app import Listening, ServeOptions, default_database
from server_stub.app import serve as run_server
from server_stub.cli.output import HELP, put, say
from server_stub.observability import logging

MAX_PER_ADDRESS: Final = 100_000
_FILE: Final = click.Path(path_type=Path)


@click.command(context_settings=HELP)
@click.option(
    "--listen",
    default=DEFAULT_LISTEN,
    metavar="HOST:PORT",
    show_default=True,
    help="Where to listen; port 0 takes any free one.",
)
@click.option(
    "--database",
    default=lambda: str(default_database()),
    metavar="URL",
    help="Path of the log, or postgresql://HOST/NAME.",
)
@click.option("--public-url", default="", metavar="URL", help="Address of the TLS proxy in front.")
@click.option(
    "--tls-cert",
    type=_FILE,
    metavar="FILE",
    help="Certificate and its chain: https and wss.",
)
@click.option("--tls-key", type=_FILE, metavar="FILE", help="Its private key.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Believe its X-Forwarded-For; an address or a network, may be repeated.",
)
@click.option(
    "--metrics-token-file",
    type=_FILE,
    metavar="FILE",
    help="What opens /metrics; without it, only this machine reads them.",
)
@click.option(
    "--insecure-lan",
    is_flag=True,
    help="Listen beyond this machine although keys travel unencrypted.",
)
@click.option(
    "--allow-http-media",
    is_flag=True,
    help="Let plain http addresses and those of the local network be watched.",
)
@click.option("--parent-pipe", is_flag=True, help="End when standard input ends.")
@click.option(
    "--max-per-address",
    type=click.IntRange(1, MAX_PER_ADDRESS),
    default=Limits().open_at_once,
    show_default=True,
    metavar="N",
    help="Connections from one address: more for a school behind one.",
)
@click.option("--log-file", type=_FILE, metavar="PATH", help="Instead of standard error.")
@click.option("--json", "as_json", is_flag=True, help="Failures as a JSON line too.")
def serve(
    *,
    listen: str,
    database: str,
    public_url: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    trusted_proxies: tuple[str, ...],
    metrics_token_file: Path | None,
    insecure_lan: bool,
    allow_http_media: bool,
    parent_pipe: bool,
    max_per_address: int,
    log_file: Path | None,
    as_json: bool,
) -> None:
    """Run the sync server that seats meet at."""
    # How failures are told is for who calls this; the server has no part in it.
    del as_json
    options = ServeOptions(
        listen=listen,
        database=database,
        public_url=public_url,
        insecure_lan=insecure_lan,
        allow_http_media=allow_http_media,
        parent_pipe=parent_pipe,
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxies=trusted_proxies,
        max_per_address=max_per_address,
        metrics_token_file=metrics_token_file,
    )
    _set_up_log(log_file)
    if insecure_lan and tls_cert is None:
        say("warning: without TLS, whoever listens on this network can read the keys")
    asyncio.run(run_server(options, _told))


def _set_up_log(log_file: Path | None) -> None:
    try:
        logging.set_up(log_file)
    except OSError as error:
        raise SettingsError(
            "log-file", f"{log_file} cannot be written ({error.strerror})", "name another file"
        ) from None


def _told(listening: Listening) -> None:
    put(msgspec.to_builtins(listening))
