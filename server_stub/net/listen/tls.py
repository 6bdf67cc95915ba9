"""Reloadable TLS: the server's own certificate: read, checked against its key, taken up again
when renewed.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from protocol.exceptions import SettingsError
from protocol.log_line import log_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger("matinee.server")

_MAX_FLIGHTS: Final = 10
"""Rounds of a handshake in memory; two are enough for TLS 1.3."""


_Found = TypeVar("_Found")


class Certificate(NamedTuple):
    """What a certificate says of itself."""

    names: tuple[str, ...]
    """Host names and addresses that it is for."""
    expires_at: float
    """Unix seconds."""


class _Encrypted(Exception):
    """The key asks for a password."""


class ReloadableTls:
    """A certificate and its key on the disk, and the context that connections are opened with.

    Args:
        cert_file: PEM: the certificate, then those between it and its authority.
        key_file: PEM, not encrypted.

    Raises:
        SettingsError: they cannot be used; names the option.
    """

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        self._cert_file = cert_file
        self._key_file = key_file
        self._stamp = self._look()
        self.certificate = _checked(cert_file, key_file)
        self.context = _context(cert_file, key_file)

    def renew(self) -> bool:
        """Use the files as they are now for new connections; False when nothing was changed.

        What cannot be used is logged, and the certificate of before stays.
        """
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return False
            # Into a context of its own first: a pair that fails half-way spoils the one in use.
            self.certificate = _checked(self._cert_file, self._key_file)
            self.context.load_cert_chain(self._cert_file, self._key_file, _no_password)
        except (SettingsError, OSError) as error:
            option = error.field if isinstance(error, SettingsError) else "tls-cert"
            logger.error(log_line("certificate_not_renewed", option=option))
            return False
        self._stamp = stamp
        expires_at = round(self.certificate.expires_at)
        logger.info(log_line("certificate_renewed", expires_at=expires_at))
        return True

    def _look(self) -> tuple[tuple[int, int], ...]:
        return tuple(
            _told(option, file, lambda file=file: _stamp(file))
            for option, file in (("tls-cert", self._cert_file), ("tls-key", self._key_file))
        )


def tls_of(cert_file: Path | None, key_file: Path | None) -> ReloadableTls | None:
    """The TLS that these options ask for; None where neither is given.

    Raises:
        SettingsError: only one is given, or they cannot be used.
    """
    if cert_file is None and key_file is None:
        return None
    if cert_file is None:
        raise SettingsError("tls-cert", "is missing", "--tls-key needs --tls-cert FILE beside it")
    if key_file is None:
        raise SettingsError("tls-key", "is missing", "--tls-cert needs --tls-key FILE beside it")
    return ReloadableTls(cert_file, key_file)


def _checked(cert_file: Path, key_file: Path) -> Certificate:
    """What the certificate says, once a client has accepted it in a handshake.

    Raises:
        SettingsError: no client would, or it cannot be read.
    """
    for option, file, mark, what in (
        ("tls-cert", cert_file, b"-----BEGIN CERTIFICATE-----", "certificate"),
        ("tls-key", key_file, b"PRIVATE KEY-----", "private key"),
    ):
        text = _told(option, file, file.read_bytes)
        if mark not in text:
            raise SettingsError(option, f"{file} holds no {what} in PEM", "name another file")
    context = _context(cert_file, key_file)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    # The certificate itself is the anchor: who signed it is for the clients to judge.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        client.load_verify_locations(cert_file)
        told = _shake_hands(context, client)
    except ssl.SSLCertVerificationError as error:
        raise SettingsError(
            "tls-cert",
            f"no seat would accept {cert_file} ({error.verify_message})",
            "have it renewed",
        ) from None
    except ssl.SSLError as error:
        raise _unusable(cert_file, error) from None
    names = [str(value) for kind, value in told.get("subjectAltName", ()) if kind in _NAME_KINDS]
    return Certificate(tuple(names), ssl.cert_time_to_seconds(told["notAfter"]))


_NAME_KINDS: Final = ("DNS", "IP Address")


def _context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert_file, key_file, _no_password)
    except _Encrypted:
        raise SettingsError(
            "tls-key",
            f"{key_file} is encrypted",
            "write one without a password that only the server's user may read:"
            " openssl pkey -in KEY -out PLAIN",
        ) from None
    except ssl.SSLError as error:
        if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            raise SettingsError(
                "tls-key",
                f"{key_file} is not the key of {cert_file}",
                "name the key that the certificate was made with",
            ) from None
        raise _unusable(cert_file, error) from None
    return context


def _no_password() -> str:
    raise _Encrypted


def _unusable(cert_file: Path, error: ssl.SSLError) -> SettingsError:
    reason = (error.reason or "unreadable").lower().replace("_", " ")
    return SettingsError(
        "tls-cert",
        f"{cert_file} and its key cannot be used ({reason})",
        "check both with openssl x509 and openssl pkey",
    )


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    """A handshake between the two in memory; returns what the client saw."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(back, there, server_side=False),
        server.wrap_bio(there, back, server_side=True),
    )
    for _ in range(_MAX_FLIGHTS):
        waiting = 0
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting += 1
        if not waiting:
            break
    return cast("dict[str, Any]", ends[0].getpeercert() or {})


def _stamp(file: Path) -> tuple[int, int]:
    seen = file.stat()
    return seen.st_mtime_ns, seen.st_ino


def _told(option: str, file: Path, look: Callable[[], _Found]) -> _Found:
    try:
        return look()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise SettingsError(
            option, f"{file} cannot be read ({reason})", "name a file that this user may read"
        ) from None
