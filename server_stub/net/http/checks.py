"""Request checks: what is refused whatever is asked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from server_stub.net.http import paths, responses

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.http11 import Request, Response

    from server_stub.net.listen.addresses import HostPolicy

_ONCE: Final = ("Authorization", "If-None-Match")
"""Headers that say nothing when there are two of them."""


def refused(request: Request, names: HostPolicy) -> Response | None:
    """Why a request is not looked at, if it is not: what the first check says."""
    for check in CHECKS:
        response = check(request, names)
        if response is not None:
            return response
    return None


def _check_host(request: Request, names: HostPolicy) -> Response | None:
    hosts = request.headers.get_all("Host")
    if len(hosts) == 1 and names.accepts(hosts[0]):
        return None
    return responses.error_page(HTTPStatus.MISDIRECTED_REQUEST, "this server goes by another name")


def _check_repeated_headers(request: Request, _: HostPolicy) -> Response | None:
    for name in _ONCE:
        if len(request.headers.get_all(name)) > 1:
            return responses.error_page(HTTPStatus.BAD_REQUEST, f"{name} may be given once")
    return None


def _check_method(request: Request, _: HostPolicy) -> Response | None:
    if request.method == "GET":
        return None
    return responses.error_page(
        HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered", {"Allow": "GET"}
    )


def _check_origin(request: Request, _: HostPolicy) -> Response | None:
    if "Origin" not in request.headers or paths.PAGE.fullmatch(request.path):
        return None
    return responses.error_page(HTTPStatus.FORBIDDEN, "not from a page in a browser")


CHECKS: Final[tuple[Callable[[Request, HostPolicy], Response | None], ...]] = (
    _check_host,
    _check_repeated_headers,
    _check_method,
    _check_origin,
)
